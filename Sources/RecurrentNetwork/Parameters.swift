/// All weights of a network in one flat array; gradients and Adam's moments have the same form.
public struct Parameters: Sendable, Equatable {
  /// Names, shapes and places of the tensors.
  public let layout: ParameterLayout
  /// The elements, `layout.count` of them.
  public var values: [Float]

  /// All zeros.
  public init(zeros layout: ParameterLayout) {
    self.layout = layout
    values = [Float](repeating: 0, count: layout.count)
  }

  /// The elements of one tensor, row-major.
  public subscript(tensor: ParameterLayout.Tensor) -> ArraySlice<Float> {
    get { values[tensor.range] }
    set {
      precondition(newValue.count == tensor.count, "\(tensor.name) has \(tensor.count) elements")
      values.replaceSubrange(tensor.range, with: newValue)
    }
  }

  /// The network these parameters belong to.
  public var architecture: Architecture { layout.architecture }
}
