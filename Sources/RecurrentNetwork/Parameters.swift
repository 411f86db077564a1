/// All weights of a network, in one flat array. Gradients and Adam's moments have the same form.
public struct Parameters: Sendable, Equatable {
  /// The names, shapes and offsets of the tensors.
  public let layout: ParameterLayout
  /// The elements of all tensors, in the layout's order: `[layout.count]`.
  public package(set) var values: [Float]

  /// Parameters that are all 0.
  public init(zeros layout: ParameterLayout) {
    self.layout = layout
    values = [Float](repeating: 0, count: layout.count)
  }

  /// Parameters with the given elements, in the layout's order; nil unless there are `layout.count` of them.
  public init?(_ values: [Float], layout: ParameterLayout) {
    guard values.count == layout.count else { return nil }
    self.layout = layout
    self.values = values
  }

  /// The elements of a tensor, row-major.
  ///
  /// - Precondition: the tensor is one of `layout`'s.
  public package(set) subscript(tensor: ParameterLayout.Tensor) -> ArraySlice<Float> {
    get { values[tensor.range] }
    set {
      precondition(newValue.count == tensor.count, "\(tensor.name) has \(tensor.count) elements")
      values.replaceSubrange(tensor.range, with: newValue)
    }
  }

  /// The same without what predicts words.
  package var withoutWords: Parameters {
    if layout.words.isEmpty { return self }
    let own = ParameterLayout(layout.architecture)
    return Parameters(Array(values[..<own.count]), layout: own)!
  }

  /// The network that the parameters belong to.
  public var architecture: Architecture { layout.architecture }
}
