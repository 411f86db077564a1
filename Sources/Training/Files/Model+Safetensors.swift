import Corpus
import Foundation
import RecurrentNetwork

/// The native format: a safetensors file with PyTorch's names and orientation, so that `torch` loads it as it is.
///
/// `lstm.weight_ih_l0` is the kernel transposed, and so on; PyTorch's gate order i, f, g, o is Keras's i, f, c, o. Its
/// second bias is written as zeros, and added to the first on reading. The metadata hold everything else, as JSON.
extension Model {
  /// Writes a safetensors file, whole or not at all. The optimizer has no place in it.
  ///
  /// - Throws: `TrainingError`.
  public func write(toSafetensors path: String) throws {
    let layout = parameters.layout
    var file = Safetensors()
    file.metadata = try ModelMetadata(self).texts
    for tensor in Self.tensors(layout) {
      let values = Array(parameters[tensor.source])
      file.tensors[tensor.name] = .init(
        shape: tensor.shape, values: tensor.isTransposed ? transposed(values, tensor.source.shape) : values)
    }
    file.tensors[Self.secondBias] = .init(
      shape: layout.bias.shape, values: .init(repeating: 0, count: layout.bias.count))
    try file.write(to: path)
  }

  /// Reads a safetensors file: one of ours, or one with PyTorch's names alone, whose shapes then tell the sizes.
  ///
  /// Tensors of float16, bfloat16 and float64 are converted.
  ///
  /// - Throws: `TrainingError` where a tensor is missing, left over, of another shape or not finite, or the metadata
  ///   can't be read, or don't fit the tensors.
  public init(safetensors path: String) throws {
    let file = try Safetensors(contentsOf: path, convertingFloats: true)
    let metadata = try ModelMetadata(file.metadata, path: path)
    let parameters = try Self.parameters(metadata.configuration?.architecture, of: file, path)
    try self.init(parameters, metadata, path: path)
  }

  /// The weights of a given network, or of the one that the shapes tell; nothing of its size is allocated before the
  /// file is known to hold as much.
  private static func parameters(
    _ architecture: Architecture?, of file: Safetensors, _ path: String
  ) throws -> Parameters {
    var table = TensorTable(
      file.tensors, path: path,
      advice: "give the weights of Embedding → LSTM → Linear(1), called embedding, lstm and fc as README says")
    for name in file.tensors.keys.sorted() where name.contains(/(weight|bias)_[ih][hr]_l/) {
      if name.contains("_hr_") {
        throw table.fail("\(CorpusError.escaped(name)) belongs to an LSTM with projections, expected none")
      }
      if name.hasSuffix("_reverse") {
        throw table.fail("\(CorpusError.escaped(name)) belongs to an LSTM of two directions, expected one")
      }
      if !name.hasSuffix("_l0") {
        throw table.fail("\(CorpusError.escaped(name)) belongs to another layer of the LSTM, expected one layer, l0")
      }
    }
    let layout: ParameterLayout
    if let architecture {
      layout = ParameterLayout(architecture)
    } else {
      let (embedding, recurrent) = (try table.matrix("embedding.weight"), try table.matrix("lstm.weight_hh_l0"))
      layout = ParameterLayout(
        try table.architecture(vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: recurrent[1]))
    }
    table.advice = "the weights must be those of \(layout.architecture), named as README says"
    let tensors = Self.tensors(layout)
    let taken = try tensors.map { try table.take($0.name, $0.shape) }
    let bias = try table.take(secondBias, layout.bias.shape)
    try table.finish()
    var parameters = Parameters(zeros: layout)
    for (tensor, values) in zip(tensors, taken) {
      parameters[tensor.source] = (tensor.isTransposed ? transposed(values, tensor.shape) : values)[...]
    }
    // Added to -0, a zero would change its sign.
    for (index, value) in zip(layout.bias.range, bias) where value != 0 { parameters.values[index] += value }
    if let index = parameters[layout.bias].firstIndex(where: { !$0.isFinite }) {
      throw table.fail("element \(index - layout.bias.offset) of the two biases' sum is \(parameters.values[index])")
    }
    return parameters
  }

  private static let secondBias = "lstm.bias_hh_l0"

  private static func tensors(
    _ layout: ParameterLayout
  ) -> [(name: String, source: ParameterLayout.Tensor, shape: [Int], isTransposed: Bool)] {
    func tensor(_ name: String, _ source: ParameterLayout.Tensor, isTransposed: Bool = false) -> (
      String, ParameterLayout.Tensor, [Int], Bool
    ) {
      (name, source, isTransposed ? source.shape.reversed() : source.shape, isTransposed)
    }
    return [
      tensor("embedding.weight", layout.embedding),
      tensor("lstm.weight_ih_l0", layout.kernel, isTransposed: true),
      tensor("lstm.weight_hh_l0", layout.recurrentKernel, isTransposed: true),
      tensor("lstm.bias_ih_l0", layout.bias),
      tensor("fc.weight", layout.denseKernel, isTransposed: true),
      tensor("fc.bias", layout.denseBias),
    ]
  }
}

/// The transpose of a row-major matrix of the given shape.
package func transposed(_ values: [Float], _ shape: [Int]) -> [Float] {
  let (rows, columns) = (shape[0], shape[1])
  return (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
}
