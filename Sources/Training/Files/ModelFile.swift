import Foundation
import RecurrentNetwork

/// A model as a safetensors file with PyTorch's names and orientation, so that `torch` loads it as it is.
///
/// `lstm.weight_ih_l0` is the kernel transposed, and so on; PyTorch's gate order i, f, g, o is Keras's i, f, c, o. Its
/// second bias is written as zeros, and added to the first on reading.
public enum ModelFile {
  /// Writes weights, configuration and vocabulary.
  ///
  /// - Parameter vocabulary: the word of each token, or nil where they aren't known.
  /// - Throws: `TrainingError`.
  public static func write(
    _ parameters: Parameters, configuration: TrainingConfiguration, vocabulary: [String]?, to path: String
  ) throws {
    let layout = parameters.layout
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    var file = Safetensors()
    file.metadata = ["format_version": "1", "configuration": try json(configuration)]
    if let vocabulary { file.metadata["vocabulary"] = try json(vocabulary) }
    for tensor in tensors(layout) {
      let values = Array(parameters[tensor.source])
      file.tensors[tensor.name] = .init(
        shape: tensor.shape, values: tensor.isTransposed ? transposed(values, tensor.source.shape) : values)
    }
    file.tensors[secondBias] = .init(shape: layout.bias.shape, values: .init(repeating: 0, count: layout.bias.count))
    try file.write(to: path)
  }

  /// Reads the weights of a given network; other metadata than ours, or none, is no hindrance.
  ///
  /// - Throws: `TrainingError` where a tensor is missing, left over, of another shape or not finite.
  public static func readParameters(_ layout: ParameterLayout, from path: String) throws -> Parameters {
    try parameters(layout, of: Safetensors(contentsOf: path), path)
  }

  /// Reads the weights with the configuration and the vocabulary that were written beside them.
  ///
  /// - Returns: the vocabulary is nil where the file has none.
  /// - Throws: `TrainingError` where the configuration is missing or can't be, or the tensors or the vocabulary don't
  ///   fit it.
  public static func read(
    from path: String
  ) throws -> (parameters: Parameters, configuration: TrainingConfiguration, vocabulary: [String]?) {
    func fail(_ problem: String) -> TrainingError {
      TrainingError(path: path, problem: problem, advice: "give a model that `lstm train` wrote")
    }
    let file = try Safetensors(contentsOf: path)
    guard let json = file.metadata["configuration"] else { throw fail("the metadata have no configuration") }
    guard let configuration = try? JSONDecoder().decode(TrainingConfiguration.self, from: Data(json.utf8)) else {
      throw fail("the metadata's configuration can't be read")
    }
    if let problem = configuration.problem { throw fail("the metadata's \(problem.setting) \(problem.rule)") }
    var vocabulary: [String]?
    if let json = file.metadata["vocabulary"] {
      vocabulary = try? JSONDecoder().decode([String].self, from: Data(json.utf8))
      guard vocabulary?.count == configuration.vocabularySize else {
        throw fail("the metadata's vocabulary is not a list of \(configuration.vocabularySize) words")
      }
    }
    let layout = ParameterLayout(configuration.architecture)
    return (try parameters(layout, of: file, path), configuration, vocabulary)
  }

  /// The weights of a given network; nothing of its size is allocated before the file is known to hold as much.
  private static func parameters(
    _ layout: ParameterLayout, of file: Safetensors, _ path: String
  ) throws -> Parameters {
    var file = file
    func fail(_ problem: String) -> TrainingError {
      let (v, e, h) = (
        layout.architecture.vocabularySize, layout.architecture.embeddingSize, layout.architecture.hiddenSize
      )
      return TrainingError(
        path: path, problem: problem,
        advice: "the weights must be those of Embedding(\(v), \(e)) → LSTM(\(h)) → Dense(1); see --vocabulary-size, "
          + "--embedding-size and --hidden-size")
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

  /// The transpose of a row-major matrix of the given shape.
  private static func transposed(_ values: [Float], _ shape: [Int]) -> [Float] {
    let (rows, columns) = (shape[0], shape[1])
    return (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
  }
}
