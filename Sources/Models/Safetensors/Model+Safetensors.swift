import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// The native format: a safetensors file with PyTorch's names and orientation, which `torch` can load unchanged.
///
/// `lstm.weight_ih_l0` is the transposed kernel of the first layer, `lstm.weight_ih_l1_reverse` that of the second layer's
/// backward direction, and so on; PyTorch's gate order i, f, g, o is the same as Keras's i, f, c, o. PyTorch's second bias
/// is written as zeros, and added to the first when it is read. Without an embedding there is no `embedding.weight`.
/// Dense layers below the last, `fc`, are `dense.0`, `dense.1` and so on, as in an `nn.ModuleList`.
/// Everything else is in the metadata, as JSON.
extension Model {
  /// Writes a safetensors file atomically. It does not include the optimizer.
  ///
  /// - Throws: `FileError` if the file can't be written.
  public func write(toSafetensors path: String) throws { try safetensors().write(to: path) }

  /// What ``write(toSafetensors:)`` writes.
  package func safetensors() throws -> Safetensors {
    var file = Safetensors()
    file.metadata = try ModelMetadata(self).texts
    for tensor in Self.tensors(parameters.layout) {
      let values = Array(parameters[tensor.source])
      file.tensors[tensor.name] = .init(
        shape: tensor.shape, values: tensor.isTransposed ? transposed(values, tensor.source.shape) : values)
    }
    for (name, bias) in Self.secondBiases(parameters.layout) {
      file.tensors[name] = .init(shape: bias.shape, values: .init(repeating: 0, count: bias.count))
    }
    if let wide { try WideTensors.write(wide, to: &file) }
    return file
  }

  /// Reads a safetensors file that this library wrote, or one of PyTorch's weights. In the latter case layers,
  /// directions, sizes and the number of labels follow from the tensors' names and shapes.
  ///
  /// Tensors of float16, bfloat16 and float64 are converted. In PyTorch's files modules may have other names, see
  /// `StateDictNames`, and the last layer two outputs for two labels, of which the difference is taken.
  ///
  /// - Parameters:
  ///   - path: the file's.
  ///   - renaming: modules' names in a file of PyTorch's, with ours: embedding, lstm and fc.
  ///   - remark: called with each assumption, and with `assumptionWithoutMetadata` if the file has no metadata.
  /// - Throws: `FileError` if the file can't be read; `ModelError` if a tensor is missing, unexpected, of the wrong shape
  ///   or not finite, or if the metadata can't be read or don't fit the tensors.
  public init(
    safetensors path: String, renaming: [String: String] = [:], remark: (String) -> Void = { _ in }
  ) throws {
    let file = try SafetensorsFile(path, convertingFloats: true)
    let metadata = try ModelMetadata(file.metadata, path: path)
    // Names and shapes first: a file of any size that lacks a tensor is refused at once.
    let (layout, table) = try Self.checkedTensors(
      metadata.configuration?.architecture, of: file, renaming: renaming, path, remark)
    try file.checkMemory(for: file.entries.keys)
    let wide = try WideTensors.read(from: file, path: path)
    let parameters = try Self.parameters(layout, of: table)
    try self.init(parameters, metadata, path: path)
    do { try setWide(wide) } catch let error as ModelError {
      throw ModelError(error.kind, path: path, problem: error.problem, advice: error.advice)
    }
    if metadata.configuration == nil {
      remark(Self.assumptionWithoutMetadata)
      if !architecture.denseLayers.isEmpty { remark(Self.assumptionOfActivation) }
    }
  }

  /// What is assumed about a file of PyTorch's, which has no metadata.
  package static let assumptionWithoutMetadata =
    "the file doesn't mention pooling or masking; assuming that the last states (PyTorch's h_n) go to the dense layer, "
    + "and that padding is read like any other token"

  /// What is assumed about the dense layers of such a file.
  package static let assumptionOfActivation =
    "the file doesn't mention the activation of the dense layers below the last; assuming ReLU"

  /// The tensors of a given network, or of the one implied by the file's names and shapes, with the right names and shapes.
  private static func checkedTensors(
    _ architecture: Architecture?, of file: SafetensorsFile, renaming: [String: String], _ path: String,
    _ remark: (String) -> Void
  ) throws -> (ParameterLayout, TensorTable) {
    var shapes = file.entries.mapValues(\.shape).filter { !WideTensors.names.contains($0.key) }
    var values = file.values
    if architecture == nil {
      let names = try StateDictNames(shapes, renaming: renaming, path: path)
      for text in names.remarks { remark(text) }
      shapes = names.shapes
      values = { try file.values(names.originals[$0]!) }
      takeDifference(&shapes, &values, remark)
    } else if !renaming.isEmpty {
      throw ModelError(
        .unsupported, path: path, problem: "has this library's own names, which can't be changed",
        advice: "rename modules of other programs' files alone")
    }
    var table = TensorTable(
      shapes, path: path,
      advice: "give the weights of Embedding → LSTM → Linear, named embedding, lstm and fc as in the article “Coming "
        + "from PyTorch”",
      values: values)
    if let name = shapes.keys.sorted().first(where: { $0.contains(/weight_hr_l/) }) {
      throw table.fail("\(CorpusError.escaped(name)) belongs to an LSTM with projections, expected none")
    }
    let layout = ParameterLayout(try architecture ?? Self.architecture(table))
    table.advice = "the weights must be those of \(layout.architecture), named as in the article “Coming from PyTorch”"
    try table.check(
      tensors(layout).map { ($0.name, $0.shape) } + secondBiases(layout).map { ($0.name, $0.source.shape) })
    return (layout, table)
  }

  /// Makes one output of a linear layer that has two: a softmax depends on their difference alone.
  private static func takeDifference(
    _ shapes: inout [String: [Int]], _ values: inout (String) throws -> [Float], _ remark: (String) -> Void
  ) {
    guard let shape = shapes["fc.weight"], shape.count == 2, shape[0] == 2, shapes["fc.bias"] == [2] else { return }
    (shapes["fc.weight"], shapes["fc.bias"]) = ([1, shape[1]], [1])
    let both = values
    values = { name in
      let values = try both(name)
      guard name == "fc.weight" || name == "fc.bias" else { return values }
      return zip(values.suffix(values.count / 2), values).map { $0 - $1 }
    }
    remark("fc has two outputs; the second minus the first is the logit of label 1")
  }

  private static func parameters(_ layout: ParameterLayout, of table: TensorTable) throws -> Parameters {
    var table = table
    var parameters = Parameters(zeros: layout)
    for tensor in tensors(layout) {
      // Put where it belongs before the next one is read: a large model would be in memory several times over.
      let values = try table.take(tensor.name, tensor.shape)
      if tensor.isTransposed {
        parameters.values.withUnsafeMutableBufferPointer {
          transpose(values, tensor.shape, into: UnsafeMutableBufferPointer(rebasing: $0[tensor.source.range]))
        }
      } else {
        parameters[tensor.source] = values[...]
      }
    }
    for (name, target) in secondBiases(layout) {
      let bias = try table.take(name, target.shape)
      // Adding a zero would turn -0 into 0.
      for (index, value) in zip(target.range, bias) where value != 0 { parameters.values[index] += value }
      if let index = parameters[target].firstIndex(where: { !$0.isFinite }) {
        throw table.fail(
          "element \(index - target.offset) of the two biases' sum\(target == layout.bias ? "" : " of \(target.name)") "
            + "is \(parameters.values[index])")
      }
    }
    return parameters
  }

  /// The network implied by PyTorch's names and shapes.
  private static func architecture(_ table: TensorTable) throws -> Architecture {
    let name = "embedding.weight"
    // If neither is there, it is the embedding that should be reported as missing.
    let hasEmbedding = table.contains(name) || !table.contains("lstm.weight_ih_l0")
    let input = try table.matrix(hasEmbedding ? name : "lstm.weight_ih_l0")
    var architecture = Architecture(
      vocabularySize: hasEmbedding ? input[0] : input[1], embeddingSize: hasEmbedding ? input[1] : 0,
      hiddenSize: try table.matrix("lstm.weight_hh_l0")[1])
    while table.contains("lstm.weight_ih_l\(architecture.layerCount)") { architecture.layerCount += 1 }
    architecture.isBidirectional = table.contains("lstm.weight_ih_l0_reverse")
    while case let name = "dense.\(architecture.denseLayers.count).weight", table.contains(name) {
      architecture.denseLayers.append(.init(try table.matrix(name)[0], .relu))
    }
    let outputs = try table.matrix("fc.weight")[0]
    architecture.labelCount = max(2, outputs)
    return try table.checked(architecture)
  }

  private static func recurrences(
    _ layout: ParameterLayout
  ) -> [(suffix: String, recurrence: ParameterLayout.Recurrence)] {
    layout.recurrences.enumerated().flatMap { layer, directions in
      zip(["l\(layer)", "l\(layer)_reverse"], directions).map { ($0, $1) }
    }
  }

  private static func secondBiases(
    _ layout: ParameterLayout
  ) -> [(name: String, source: ParameterLayout.Tensor)] {
    recurrences(layout).map { ("lstm.bias_hh_\($0.suffix)", $0.recurrence.bias) }
  }

  private static func tensors(
    _ layout: ParameterLayout
  ) -> [(name: String, source: ParameterLayout.Tensor, shape: [Int], isTransposed: Bool)] {
    func tensor(_ name: String, _ source: ParameterLayout.Tensor, isTransposed: Bool = false) -> (
      String, ParameterLayout.Tensor, [Int], Bool
    ) {
      (name, source, isTransposed ? source.shape.reversed() : source.shape, isTransposed)
    }
    return (layout.architecture.embeddingSize > 0 ? [tensor("embedding.weight", layout.embedding)] : [])
      + recurrences(layout).flatMap { suffix, recurrence in
        [
          tensor("lstm.weight_ih_\(suffix)", recurrence.kernel, isTransposed: true),
          tensor("lstm.weight_hh_\(suffix)", recurrence.recurrentKernel, isTransposed: true),
          tensor("lstm.bias_ih_\(suffix)", recurrence.bias),
        ]
      }
      + layout.dense.enumerated().flatMap { layer, dense in
        let name = layer == layout.dense.count - 1 ? "fc" : "dense.\(layer)"
        return [tensor(name + ".weight", dense.kernel, isTransposed: true), tensor(name + ".bias", dense.bias)]
      }
  }
}

/// The transpose of a row-major matrix with a given shape, [rows, columns].
package func transposed(_ values: [Float], _ shape: [Int]) -> [Float] {
  [Float](filling: values.count) { target, count in
    count = values.count
    transpose(values, shape, into: target)
  }
}

/// Writes the transpose of a row-major matrix with a given shape, [rows, columns].
private func transpose(_ values: [Float], _ shape: [Int], into target: UnsafeMutableBufferPointer<Float>) {
  let (rows, columns) = (shape[0], shape[1])
  precondition(values.count == rows * columns && target.count >= values.count)
  // In squares, whose rows and columns both stay in the nearest cache.
  let size = 32
  for firstRow in stride(from: 0, to: rows, by: size) {
    for firstColumn in stride(from: 0, to: columns, by: size) {
      for column in firstColumn..<min(firstColumn + size, columns) {
        for row in firstRow..<min(firstRow + size, rows) {
          target[column * rows + row] = values[row * columns + column]
        }
      }
    }
  }
}
