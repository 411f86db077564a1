import Corpus
import Foundation
import RecurrentNetwork

/// The native format: a safetensors file with PyTorch's names and orientation, so that `torch` loads it as it is.
///
/// `lstm.weight_ih_l0` is the kernel transposed, and so on; PyTorch's gate order i, f, g, o is Keras's i, f, c, o. Its
/// second bias is written as zeros, and added to the first on reading. The metadata hold everything else, as JSON.
extension Model {
  private enum Key {
    static let version = "format_version"
    static let configuration = "configuration"
    static let vocabulary = "vocabulary"
    static let coding = "coding"
    static let labels = "labels"
  }

  /// Writes a safetensors file, whole or not at all. The optimizer has no place in it.
  ///
  /// - Throws: `TrainingError`.
  public func write(toSafetensors path: String) throws {
    let layout = parameters.layout
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    var file = Safetensors()
    file.metadata = [
      Key.version: "1", Key.configuration: try json(configuration), Key.coding: try json(coding),
      Key.labels: try json(labels),
    ]
    if let vocabulary { file.metadata[Key.vocabulary] = try json(vocabulary) }
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
  /// - Throws: `TrainingError` where a tensor is missing, left over, of another shape or not finite, or the metadata
  ///   can't be, or don't fit the tensors.
  public init(safetensors path: String) throws {
    func fail(_ problem: String) -> TrainingError {
      TrainingError(path: path, problem: problem, advice: "give a model that `lstm train` wrote")
    }
    let file = try Safetensors(contentsOf: path)
    func value<Value: Decodable>(_ key: String, _ kind: String) throws -> Value? {
      guard let json = file.metadata[key] else { return nil }
      guard let value = try? JSONDecoder().decode(Value.self, from: Data(json.utf8)) else {
        throw fail("the metadata's \(key) \(kind)")
      }
      return value
    }
    let read: TrainingConfiguration? = try value(Key.configuration, "can't be read")
    if let problem = read?.problem { throw fail("the metadata's \(problem.setting) \(problem.rule)") }
    let architecture = try read?.architecture ?? Self.architecture(of: file, path)
    parameters = try Self.parameters(ParameterLayout(architecture), of: file, path)
    configuration = read ?? Model(parameters).configuration
    let size = architecture.vocabularySize
    vocabulary = try value(Key.vocabulary, "is not a list of \(size) words")
    guard vocabulary.map({ $0.count == size }) ?? true else {
      throw fail("the metadata's vocabulary is not a list of \(size) words")
    }
    if let coding: TextCoding = try value(Key.coding, "can't be read") { self.coding = coding }
    if let labels: [String] = try value(Key.labels, "are not two names") { self.labels = labels }
    guard labels.count == 2, labels[0] != labels[1] else { throw fail("the metadata's labels are not two names") }
  }

  /// The sizes that the shapes tell; whether all shapes agree is for `parameters(_:of:_:)` to say.
  private static func architecture(of file: Safetensors, _ path: String) throws -> Architecture {
    func fail(_ problem: String) -> TrainingError {
      TrainingError(
        path: path, problem: problem,
        advice: "give the weights of Embedding → LSTM → Linear(1), called embedding, lstm and fc as README says")
    }
    func shape(_ name: String) throws -> [Int] {
      guard let tensor = file.tensors[name] else { throw fail("there is no tensor \(name)") }
      guard tensor.shape.count == 2, !tensor.shape.contains(0) else {
        throw fail("\(name) has shape \(tensor.shape), expected a matrix")
      }
      return tensor.shape
    }
    let (embedding, recurrent) = (try shape("embedding.weight"), try shape("lstm.weight_hh_l0"))
    let architecture = Architecture(
      vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: recurrent[1])
    var configuration = TrainingConfiguration()
    configuration.architecture = architecture
    if let problem = configuration.problem { throw fail("\(problem.setting) \(problem.rule)") }
    return architecture
  }

  /// The weights of a given network; nothing of its size is allocated before the file is known to hold as much.
  private static func parameters(
    _ layout: ParameterLayout, of file: Safetensors, _ path: String
  ) throws -> Parameters {
    var file = file
    func fail(_ problem: String) -> TrainingError {
      TrainingError(
        path: path, problem: problem,
        advice: "the weights must be those of \(layout.architecture), named as README says")
    }
    func take(_ name: String, _ shape: [Int]) throws -> [Float] {
      guard let tensor = file.tensors.removeValue(forKey: name) else { throw fail("there is no tensor \(name)") }
      guard tensor.shape == shape else { throw fail("\(name) has shape \(tensor.shape), expected \(shape)") }
      if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
        throw fail("element \(index) of \(name) is \(tensor.values[index])")
      }
      return tensor.values
    }
    let tensors = Self.tensors(layout)
    let taken = try tensors.map { try take($0.name, $0.shape) }
    let bias = try take(secondBias, layout.bias.shape)
    var parameters = Parameters(zeros: layout)
    for (tensor, values) in zip(tensors, taken) {
      parameters[tensor.source] = (tensor.isTransposed ? transposed(values, tensor.shape) : values)[...]
    }
    for (index, value) in zip(layout.bias.range, bias) { parameters.values[index] += value }
    if let name = file.tensors.keys.sorted().first { throw fail("there is an unexpected tensor \(name)") }
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
