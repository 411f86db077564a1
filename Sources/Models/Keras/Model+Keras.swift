import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// Keras's own files: `.keras`, which is a zip archive of `metadata.json`, `config.json` and `model.weights.h5`, and the
/// last of these alone (keras/src/saving/saving_lib.py). Parameters already have Keras's shapes, orientation and gate
/// order.
///
/// What Keras can't store (configuration, vocabulary, coding, labels) is in `metadata.json`, which Keras writes but
/// doesn't read.
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
    /// The optimizer's exact learning rate, which Keras rounds to a Float; nil if the model has no optimizer. (The file
    /// then has a new one, since Keras warns about a compiled model without one.)
    var learningRate: Double?
  }

  /// Keras's paths of the weights, in parameter order.
  private static func weightPaths(_ layout: ParameterLayout) -> [String] {
    ["layers/embedding/vars/0"]
      + cells(layout.architecture).joined().flatMap { cell in (0..<3).map { "\(cell)/cell/vars/\($0)" } }
      + layout.dense.indices.flatMap { layer in
        (0..<2).map { "layers/\(ParameterLayout.denseName(layer))/vars/\($0)" }
      }
  }

  /// The paths of the LSTM layers, [layers][directions].
  private static func cells(_ architecture: Architecture) -> [[String]] {
    (0..<architecture.layerCount).map { layer in
      let suffix = layer == 0 ? "" : "_\(layer)"
      return architecture.isBidirectional
        ? ["forward", "backward"].map { "layers/bidirectional\(suffix)/\($0)_layer" } : ["layers/lstm\(suffix)"]
    }
  }

  private static func path(ofOptimizerVariable index: Int) -> String { "optimizer/vars/\(index)" }

  // MARK: Writing

  /// Writes a `.keras` file atomically: `keras.models.load_model` returns a model that is ready for `predict` and, with
  /// Adam's state, for `fit`. Equal models give equal bytes.
  ///
  /// The file has no dropout layers, so `fit` continues without dropout.
  ///
  /// - Throws: `ModelError` if Keras has no layers for the network; `FileError` if the file can't be written;
  ///   `CorpusError` if there is too little memory.
  public func write(toKeras path: String) throws {
    if let problem = KerasConfiguration.problem(of: parameters.architecture) {
      throw ModelError(
        .unsupported, path: path, problem: "\(parameters.architecture) can't be written for Keras: \(problem)",
        advice: "write safetensors, npz or ONNX instead")
    }
    let encoder = JSONEncoder.reproducible
    var adam =
      optimizer ?? Adam(parameterCount: parameters.layout.count, learningRate: configuration.learningRate)
    if optimizer == nil { (adam.epsilon, adam.weightDecay) = (configuration.epsilon, configuration.weightDecay) }
    let metadata = Metadata(
      // The version whose files these imitate.
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
    // Every Keras layer has such a group, with or without weights.
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

  /// Reads a `.keras` file that this library or Keras 3 wrote.
  ///
  /// From Keras it can be a Sequential model of Embedding, LSTM, Dense layers with ReLU or tanh, and Dense(1,
  /// sigmoid), or a Functional one in which these form a chain, with weights of any float type. Its Adam or AdamW
  /// becomes `optimizer`; any other optimizer is ignored.
  ///
  /// - Parameter remark: called with each feature that is ignored because it only matters for training.
  /// - Throws: `ModelError` or `CorpusError` if the file is damaged or holds an unsupported network; `ModelError` also if
  ///   this build lacks libhdf5.
  public init(keras path: String, remark: (String) -> Void = { _ in }) throws {
    func fail(_ problem: String) -> ModelError {
      ModelError(path: path, problem: problem, advice: Self.advice)
    }
    // Keras compresses nothing, and weights hardly compress: an archive that expands to more is meant to exhaust memory.
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    let archive = try ZipArchive(path: path, sizeLimit: max(1 << 20, size.multipliedReportingOverflow(by: 100).0))
    func json<Value: Decodable>(_ entry: String) throws -> Value {
      let data = try archive.contents(of: entry)
      do { return try JSONDecoder().decode(Value.self, from: data) } catch {
        throw fail("\(entry): it isn't JSON as Keras writes it")
      }
    }
    let metadata: Metadata? = archive.entryNames.contains(Entry.metadata) ? try json(Entry.metadata) : nil
    if let version = metadata?.kerasVersion, !version.hasPrefix("3.") {
      throw ModelError(
        .unsupported, path: path, problem: "\(Entry.metadata): keras_version is \(quoted(version)), expected 3",
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
        "\(Entry.metadata) describes \(configuration.architecture), \(Entry.configuration) \(read.architecture)")
    }

    var file = try HDF5File(archive.contents(of: Entry.weights), path: "\(path): \(Entry.weights)")
    let parameters = try Self.parameters(ParameterLayout(read.architecture), of: &file, path, by: Entry.configuration)
    let own = metadata?.own
    var state: Adam?
    if let (adam, _) = read.optimizer, own == nil || own?.learningRate != nil {
      do {
        state = try Self.state(of: adam, parameters.layout, in: file, path, exactRate: own?.learningRate)
      } catch let problem as KerasModelConfiguration.Problem {
        remark("the optimizer's state is ignored: \(problem.text)")
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

  /// Reads a `.weights.h5` file of Keras 3. The sizes follow from the shapes; activations and masking, which the file
  /// doesn't mention, are assumed to be those of Embedding → LSTM → Dense(1, sigmoid) with Keras's defaults.
  ///
  /// - Parameter remark: called with each assumption, and with what is ignored because it only matters for training.
  /// - Throws: `ModelError` if the file is damaged or holds other weights, or if this build lacks libhdf5.
  public init(kerasWeights path: String, remark: (String) -> Void = { _ in }) throws {
    let contents = try RegularFile(path, advice: Self.advice).contents(limit: 1 << 32)
    // libhdf5's copy, and the numbers.
    try checkMemory(3 * contents.count, for: path)
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
    remark("the file doesn't mention activations and masking; assuming Keras's defaults and a sigmoid")
    if file.dataSets.keys.contains(where: { $0.hasPrefix("optimizer/") }) {
      remark("the optimizer's state is ignored: only a .keras file has its settings")
    }
  }

  private static func missing(_ name: String, _ file: HDF5File, _ path: String) -> ModelError {
    // Keras 2 names weights kernel:0 and so on; in its files of whole models they are in model_weights.
    if let old = file.dataSets.keys.sorted().first(where: { $0.hasPrefix("model_weights/") || $0.hasSuffix(":0") }) {
      return ModelError(
        .unsupported, path: path, problem: "it is a Keras 2 file, with \(quoted(old))",
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
    // Seed generators make no difference here, and the optimizer's state is read elsewhere.
    if let name = file.dataSets.keys.sorted().first(where: {
      !$0.hasPrefix("optimizer/") && !$0.contains("/seed_generator/")
    }) {
      throw ModelError(path: path, problem: "there is an unexpected data set \(quoted(name))", advice: advice)
    }
    var parameters = Parameters(zeros: layout)
    for (tensor, values) in zip(layout.tensors, taken) { parameters[tensor] = values[...] }
    return parameters
  }

  /// Removes a data set of finite floats and a given shape from a file, and returns its elements.
  private static func take(
    _ name: String, _ shape: [Int], of file: inout HDF5File, _ path: String, by authority: String
  ) throws -> [Float] {
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
    guard let dataSet = file.dataSets.removeValue(forKey: name) else { throw fail("there is no data set \(name)") }
    guard dataSet.shape == shape else {
      throw fail("\(name) has shape \(dataSet.shape), expected \(shape) according to \(authority)")
    }
    guard case .float(let values) = dataSet.elements else { throw fail("\(name) has integers, expected floats") }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw fail("element \(index) of \(name) is \(values[index])")
    }
    return values
  }

  /// Adam with the state in the file: iterations, learning rate, and both moments of each weight in turn.
  ///
  /// - Throws: `KerasModelConfiguration.Problem` if another optimizer wrote it, `ModelError` if it is damaged.
  private static func state(
    of adam: Adam, _ layout: ParameterLayout, in file: HDF5File, _ path: String, exactRate: Double?
  ) throws -> Adam {
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }
    var file = file
    let count = file.dataSets.keys.filter { $0.hasPrefix("optimizer/") }.count
    // A model that has never been trained has no moments.
    guard count == 2 || count == 2 + 2 * layout.tensors.count else {
      throw KerasModelConfiguration.Problem(
        text: "it has \(count) variables, expected \(2 + 2 * layout.tensors.count) for Adam")
    }
    let name = Self.path(ofOptimizerVariable: 0)
    guard let iterations = file.dataSets.removeValue(forKey: name), iterations.shape == [],
      case .integer(let steps) = iterations.elements, 0...1 << 53 ~= steps[0]
    else { throw fail("\(name) is not a number of iterations") }
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
              + "squares, is negative: \(second.values[element])")
        }
      }
    }
    var result = Adam(
      // Keras stores a Float of the rate it was given: this recovers, for instance, 0.001.
      learningRate: exactRate.flatMap { Float($0) == rate ? $0 : nil } ?? Double("\(rate)") ?? Double(rate),
      step: steps[0], firstMoment: first.values, secondMoment: second.values)
    (result.beta1, result.beta2, result.epsilon) = (adam.beta1, adam.beta2, adam.epsilon)
    result.weightDecay = adam.weightDecay
    return result
  }
}

extension ZipArchive {
  /// Reads all bytes of an entry.
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
