import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// Keras's own files: `.keras`, a zip of `metadata.json`, `config.json` and `model.weights.h5`, and the latter alone
/// (keras/src/saving/saving_lib.py). The parameters have Keras's shapes, orientation and gate order already.
///
/// What Keras has no place for (configuration, vocabulary, coding, labels) stands in `metadata.json`, which Keras writes
/// and doesn't read.
extension Model {
  private enum Entry {
    static let metadata = "metadata.json"
    static let configuration = "config.json"
    static let weights = "model.weights.h5"
  }

  private struct Metadata: Codable {
    var kerasVersion: String?
    var own: Description?

    enum CodingKeys: String, CodingKey {
      case kerasVersion = "keras_version"
      case own = "swift_lstm"
    }
  }

  private struct Description: Codable {
    var configuration: TrainingConfiguration
    var vocabulary: [String]?
    var coding: TextCoding
    var labels: [String]
    /// Of the optimizer, of which Keras keeps a Float; nil where the model has no optimizer. (Keras gets a new one then,
    /// as without one it would complain.)
    var learningRate: Double?
  }

  /// Keras's paths of the weights, in the order of the parameters.
  private static func weightPaths(_ layout: ParameterLayout) -> [String] {
    ["layers/embedding/vars/0"]
      + cells(layout.architecture).joined().flatMap { cell in (0..<3).map { "\(cell)/cell/vars/\($0)" } }
      + (0..<2).map { "layers/dense/vars/\($0)" }
  }

  /// The paths of the LSTMs, [layers][directions].
  private static func cells(_ architecture: Architecture) -> [[String]] {
    (0..<architecture.layerCount).map { layer in
      let suffix = layer == 0 ? "" : "_\(layer)"
      return architecture.isBidirectional
        ? ["forward", "backward"].map { "layers/bidirectional\(suffix)/\($0)_layer" } : ["layers/lstm\(suffix)"]
    }
  }

  private static func path(ofOptimizerVariable index: Int) -> String { "optimizer/vars/\(index)" }

  // MARK: Writing

  /// Writes a `.keras` file, whole or not at all: `keras.models.load_model` gives a model that is ready for `predict`
  /// and, with Adam's state, for `fit`. The same model gives the same bytes.
  ///
  /// Dropout is none of the layers: `fit` goes on without it.
  ///
  /// - Throws: `ModelError`, also where Keras has no layers for the network, and `CorpusError` where memory is short.
  public func write(toKeras path: String) throws {
    if let problem = KerasConfiguration.problem(of: parameters.architecture) {
      throw ModelError(
        path: path, problem: "\(parameters.architecture) can't be written for Keras: \(problem)",
        advice: "write safetensors, npz or ONNX instead")
    }
    let encoder = JSONEncoder.reproducible
    var adam =
      optimizer ?? Adam(parameterCount: parameters.layout.count, learningRate: configuration.learningRate)
    if optimizer == nil { (adam.epsilon, adam.weightDecay) = (configuration.epsilon, configuration.weightDecay) }
    let metadata = Metadata(
      // The version whose files these are like.
      kerasVersion: "3.15.1",
      own: Description(
        configuration: configuration, vocabulary: vocabulary, coding: coding, labels: labels,
        learningRate: optimizer?.learningRate))
    let archive = try ZipWriter.archive([
      (Entry.metadata, try encoder.encode(metadata)),
      (Entry.configuration, try encoder.encode(KerasConfiguration.json(of: self, optimizer: adam))),
      (Entry.weights, kerasWeights(adam)),
    ])
    try AtomicFile.write([archive], to: path)
  }

  private func kerasWeights(_ adam: Adam) -> Data {
    let writer = HDF5Writer()
    let tensors = parameters.layout.tensors
    for (path, tensor) in zip(Self.weightPaths(parameters.layout), tensors) {
      writer.add(path, shape: tensor.shape, .float32(Array(parameters[tensor])))
    }
    // Keras's layers have such a group each, weights or not.
    let architecture = parameters.architecture
    for (layer, cells) in Self.cells(architecture).enumerated() {
      for cell in cells { writer.addGroup(cell + "/vars") }
      if architecture.isBidirectional { writer.addGroup("layers/bidirectional\(layer == 0 ? "" : "_\(layer)")/vars") }
    }
    if let pooling = architecture.pooling.kerasLayer { writer.addGroup("layers/\(pooling.name)/vars") }
    writer.addGroup("vars")
    var next = 0
    func add(_ shape: [Int], _ elements: HDF5Writer.Elements) {
      writer.add(Self.path(ofOptimizerVariable: next), shape: shape, elements)
      next += 1
    }
    add([], .int64([Int64(adam.step)]))
    add([], .float32([Float(adam.learningRate)]))
    for tensor in tensors {
      add(tensor.shape, .float32(Array(adam.firstMoment[tensor.range])))
      add(tensor.shape, .float32(Array(adam.secondMoment[tensor.range])))
    }
    return writer.file()
  }

  // MARK: Reading

  private static let advice = "give a model of Embedding → LSTM → Dense(1, sigmoid) that Keras 3 saved"

  /// Reads a `.keras` file, of ours or as Keras 3 writes it.
  ///
  /// As Keras writes it: a Sequential model of Embedding, LSTM and Dense(1, sigmoid), or a Functional one in which each
  /// follows the other, with weights of any float type. Its Adam or AdamW becomes `optimizer`; another optimizer is left
  /// out.
  ///
  /// - Parameter remark: told of what is left out and matters for training, though not for predictions.
  /// - Throws: `ModelError` or `CorpusError` where the file is damaged or holds another network; also where this
  ///   build has no libhdf5.
  public init(keras path: String, remark: (String) -> Void = { _ in }) throws {
    func fail(_ problem: String) -> ModelError {
      ModelError(path: path, problem: problem, advice: Self.advice)
    }
    // Keras compresses nothing, and weights can hardly be compressed: more is meant to fill the memory.
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    let archive = try ZipArchive(path: path, sizeLimit: max(1 << 20, size.multipliedReportingOverflow(by: 100).0))
    func json<Value: Decodable>(_ entry: String) throws -> Value {
      let data = try archive.contents(of: entry)
      do { return try JSONDecoder().decode(Value.self, from: data) } catch {
        throw fail("\(entry): it is no JSON as Keras writes it")
      }
    }
    let metadata: Metadata? = archive.entryNames.contains(Entry.metadata) ? try json(Entry.metadata) : nil
    if let version = metadata?.kerasVersion, !version.hasPrefix("3.") {
      throw ModelError(
        path: path, problem: "\(Entry.metadata): keras_version is \(quoted(version)), expected 3",
        advice: "load it in Keras 3 and save it again")
    }
    var configuration = metadata?.own?.configuration ?? TrainingConfiguration()
    if let setting = configuration.invalidSetting { throw fail("\(setting.name) \(setting.rule)") }
    let read: KerasModelConfiguration
    do {
      read = try KerasModelConfiguration(
        json(Entry.configuration), own: configuration.architecture.isPlain ? nil : configuration.architecture)
    } catch let problem as KerasModelConfiguration.Problem {
      throw fail("\(Entry.configuration): \(problem.text)")
    }
    if metadata?.own == nil {
      configuration.architecture = read.architecture
      if let length = read.inputLength { configuration.maxLength = length }
      if let (adam, clipping) = read.optimizer {
        configuration.epsilon = adam.epsilon
        (configuration.weightDecay, configuration.clipping) = (adam.weightDecay, clipping)
      }
    }
    if let setting = configuration.invalidSetting { throw fail("\(setting.name) \(setting.rule)") }
    guard configuration.architecture == read.architecture else {
      throw fail(
        "\(Entry.metadata) is of \(configuration.architecture), \(Entry.configuration) of \(read.architecture)")
    }

    var file = try HDF5File(archive.contents(of: Entry.weights), path: "\(path): \(Entry.weights)")
    let parameters = try Self.parameters(ParameterLayout(read.architecture), of: &file, path, by: Entry.configuration)
    let own = metadata?.own
    var state: Adam?
    if let (adam, _) = read.optimizer, own == nil || own?.learningRate != nil {
      do {
        state = try Self.state(of: adam, parameters.layout, in: file, path, exactRate: own?.learningRate)
      } catch let problem as KerasModelConfiguration.Problem {
        remark("the optimizer's state is left out: \(problem.text)")
      }
    }
    if own == nil, let state { configuration.learningRate = state.learningRate }
    do {
      try self.init(
        parameters, configuration: configuration, vocabulary: own?.vocabulary, coding: own?.coding ?? TextCoding(),
        labels: own?.labels)
    } catch let error as ModelError {
      throw fail("\(Entry.metadata): \(error.problem)")
    }
    optimizer = state
    read.remarks.forEach(remark)
  }

  /// Reads a `.weights.h5` file of Keras 3, whose shapes tell the sizes. It names no activations and no masking: they
  /// are taken for those of Embedding → LSTM → Dense(1, sigmoid) with Keras's defaults.
  ///
  /// - Parameter remark: told of what is left out and matters for training.
  /// - Throws: as `init(keras:)`.
  public init(kerasWeights path: String, remark: (String) -> Void = { _ in }) throws {
    let contents: Data
    do { contents = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
      throw ModelError(path: path, problem: "can't be read", advice: "check the path and the rights")
    }
    var file = try HDF5File(contents, path: path)
    let names = Self.weightPaths(ParameterLayout(Architecture()))
    func shape(_ name: String) throws -> [Int] {
      guard let shape = file.dataSets[name]?.shape else { throw Self.missing(name, file, path) }
      guard shape.count == 2, !shape.contains(0) else {
        throw ModelError(path: path, problem: "\(name) has shape \(shape), expected a matrix", advice: Self.advice)
      }
      return shape
    }
    let (embedding, recurrent) = (try shape(names[0]), try shape(names[2]))
    let architecture = Architecture(
      vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: recurrent[0])
    if let setting = architecture.invalidSetting {
      throw ModelError(path: path, problem: "\(setting.name) \(setting.rule)", advice: Self.advice)
    }
    let layout = ParameterLayout(architecture)
    self.init(try Self.parameters(layout, of: &file, path, by: "its other weights"))
    remark("the file says nothing of activations and masking, which are taken for Keras's defaults and a sigmoid")
    if file.dataSets.keys.contains(where: { $0.hasPrefix("optimizer/") }) {
      remark("the optimizer's state is left out: its settings stand in a .keras file alone")
    }
  }

  private static func missing(_ name: String, _ file: HDF5File, _ path: String) -> ModelError {
    // Keras 2 calls weights kernel:0 and the like; its whole models have them in model_weights.
    if let old = file.dataSets.keys.sorted().first(where: { $0.hasPrefix("model_weights/") || $0.hasSuffix(":0") }) {
      return ModelError(
        path: path, problem: "it is a file of Keras 2, with \(quoted(old))",
        advice: "load it in Keras and save it again as .keras")
    }
    return ModelError(path: path, problem: "there is no data set \(name)", advice: advice)
  }

  private static func parameters(
    _ layout: ParameterLayout, of file: inout HDF5File, _ path: String, by authority: String
  ) throws -> Parameters {
    var taken: [[Float]] = []
    for (name, tensor) in zip(weightPaths(layout), layout.tensors) {
      guard file.dataSets[name] != nil else { throw missing(name, file, path) }
      taken.append(try take(name, tensor.shape, of: &file, path, by: authority))
    }
    // State of random generators makes no difference here, and the optimizer's is for another.
    if let name = file.dataSets.keys.sorted().first(where: {
      !$0.hasPrefix("optimizer/") && !$0.contains("/seed_generator/")
    }) {
      throw ModelError(path: path, problem: "there is an unexpected data set \(quoted(name))", advice: advice)
    }
    var parameters = Parameters(zeros: layout)
    for (tensor, values) in zip(layout.tensors, taken) { parameters[tensor] = values[...] }
    return parameters
  }

  /// Takes finite floats of a shape out of a file.
  private static func take(
    _ name: String, _ shape: [Int], of file: inout HDF5File, _ path: String, by authority: String
  ) throws -> [Float] {
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
    guard let dataSet = file.dataSets.removeValue(forKey: name) else { throw fail("there is no data set \(name)") }
    guard dataSet.shape == shape else {
      throw fail("\(name) has shape \(dataSet.shape), expected \(shape) by \(authority)")
    }
    guard case .float(let values) = dataSet.elements else { throw fail("\(name) has integers, expected floats") }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw fail("element \(index) of \(name) is \(values[index])")
    }
    return values
  }

  /// Adam with what the file remembers: iterations, rate, and both moments of each weight in turn.
  ///
  /// - Throws: `Problem` where another optimizer has written it, `ModelError` where it is damaged.
  private static func state(
    of adam: Adam, _ layout: ParameterLayout, in file: HDF5File, _ path: String, exactRate: Double?
  ) throws -> Adam {
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
    var file = file
    let count = file.dataSets.keys.filter { $0.hasPrefix("optimizer/") }.count
    // A model that was never trained has no moments yet.
    guard count == 2 || count == 2 + 2 * layout.tensors.count else {
      throw KerasModelConfiguration.Problem(
        text: "it has \(count) variables, expected \(2 + 2 * layout.tensors.count) of Adam for all weights")
    }
    let name = Self.path(ofOptimizerVariable: 0)
    guard let iterations = file.dataSets.removeValue(forKey: name), iterations.shape == [],
      case .integer(let steps) = iterations.elements, 0...1 << 53 ~= steps[0]
    else { throw fail("\(name) is no number of iterations") }
    func take(_ variable: Int, _ shape: [Int]) throws -> [Float] {
      try Self.take(Self.path(ofOptimizerVariable: variable), shape, of: &file, path, by: "the weights")
    }
    let rate = try take(1, [])[0]
    guard rate > 0 else { throw fail("\(Self.path(ofOptimizerVariable: 1)), the learning rate, is \(rate)") }
    var (first, second) = (Parameters(zeros: layout), Parameters(zeros: layout))
    if count > 2 {
      for (index, tensor) in layout.tensors.enumerated() {
        first[tensor] = try take(2 + 2 * index, tensor.shape)[...]
        second[tensor] = try take(3 + 2 * index, tensor.shape)[...]
        if let element = second[tensor].firstIndex(where: { $0 < 0 }) {
          throw fail(
            "element \(element - tensor.offset) of \(Self.path(ofOptimizerVariable: 3 + 2 * index)), a mean of "
              + "squares, is \(second.values[element])")
        }
      }
    }
    var result = Adam(
      // Keras keeps a Float of what it was told: 0.001 it was.
      learningRate: exactRate.flatMap { Float($0) == rate ? $0 : nil } ?? Double("\(rate)") ?? Double(rate),
      step: steps[0], firstMoment: first.values, secondMoment: second.values)
    (result.beta1, result.beta2, result.epsilon) = (adam.beta1, adam.beta2, adam.epsilon)
    result.weightDecay = adam.weightDecay
    return result
  }
}

extension ZipArchive {
  /// All bytes of an entry.
  fileprivate func contents(of entry: String) throws -> Data {
    try read(entry) { reader in
      var data = Data()
      while reader.remaining > 0 {
        _ = try reader.peek()
        reader.takeBuffered { bytes in
          data.append(bytes)
          return bytes.count
        }
      }
      return data
    }
  }
}
