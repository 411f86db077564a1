import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// Keras's own files: `.keras`, which is a zip archive of `metadata.json`, `config.json` and `model.weights.h5`, the
/// last of these alone (keras/src/saving/saving_lib.py), and legacy `.h5` files
/// (keras/src/legacy/saving/legacy_h5_format.py). Parameters already have Keras's shapes, orientation and gate order.
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
    (layout.architecture.embeddingSize > 0 ? ["layers/embedding/vars/0"] : [])
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
  /// Where this library drops out, the file has layers of dropout, which Keras draws in its own way.
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
    if architecture.embeddingSize == 0 { writer.addGroup("layers/category_encoding/vars") }
    if let pooling = architecture.pooling.kerasLayer { writer.addGroup("layers/\(pooling.name)/vars") }
    let layers = KerasConfiguration.layers(of: architecture, configuration.dropout)
    for number in 0..<layers.count(where: { $0["class_name"] == "Dropout" }) {
      writer.addGroup("layers/\(KerasConfiguration.name(ofDropout: number))/vars")
    }
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

  private static let advice =
    "give a model of Embedding → LSTM → Dense that Keras saved as .keras, .h5 or .weights.h5; the article “Coming from "
    + "Keras” lists the layers"

  /// Reads a `.keras` file that this library or Keras wrote, of version 2 or 3.
  ///
  /// From Keras it can be a Sequential model, or a Functional one whose layers form a chain, with weights of any float
  /// type. Its Adam or AdamW becomes `optimizer`, its dropout settings; any other optimizer is ignored.
  ///
  /// - Parameters:
  ///   - path: the file's.
  ///   - remark: called with each feature that is ignored because it only matters for training.
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
      do { return try JSONSyntax.decode(Value.self, from: data) } catch {
        throw fail("\(entry): it isn't JSON as Keras writes it")
      }
    }
    let metadata: Metadata? = archive.entryNames.contains(Entry.metadata) ? try json(Entry.metadata) : nil
    if let version = metadata?.kerasVersion, !version.hasPrefix("3."), !version.hasPrefix("2.") {
      throw ModelError(
        .unsupported, path: path, problem: "\(Entry.metadata): keras_version is \(quoted(version)), expected 2 or 3",
        advice: "load it in Keras 3 and save it again")
    }
    if let setting = metadata?.own?.configuration.invalidSetting { throw fail("\(setting.name) \(setting.rule)") }
    let model: JSON = try json(Entry.configuration)
    let weights = KerasWeights(
      try HDF5File(archive.contents(of: Entry.weights), path: "\(path): \(Entry.weights)"), path: path,
      advice: Self.advice)
    try self.init(
      kerasModel: model, compilation: model["compile_config"], named: Entry.configuration, weights, own: metadata?.own,
      path: path,
      vocabulary: { layer in
        let entries = ["\(layer)vocabulary.txt", "\(layer)_lookup_layer/vocabulary.txt"]
        return try entries.first(where: archive.entryNames.contains).map { try archive.contents(of: $0) }
      }, remark: remark)
  }

  /// Reads an HDF5 file of Keras: a whole model, as Keras 2 and 3 save it under a name that ends in `.h5`, or weights
  /// alone, `.weights.h5`.
  ///
  /// Weights alone tell the layers and their sizes. Activations, masking and pooling, which the file doesn't mention,
  /// are assumed to be Keras's defaults, with the last states as the first dense layer's input, and ReLU in the dense layers
  /// below the last.
  ///
  /// - Parameters:
  ///   - path: the file's.
  ///   - remark: called with each assumption, and with what is ignored because it only matters for training.
  /// - Throws: `ModelError` if the file is damaged or holds another network, or if this build lacks libhdf5.
  public init(kerasHDF5 path: String, remark: (String) -> Void = { _ in }) throws {
    let contents = try RegularFile(path, advice: Self.advice).contents(limit: 1 << 32)
    // libhdf5's copy, and the numbers.
    try checkMemory(3 * contents.count, for: path)
    let file = try HDF5File(contents, path: path)
    let weights = KerasWeights(file, path: path, advice: Self.advice)
    func json(_ name: String) throws -> JSON? {
      guard let text = file.texts(name)?.first else { return nil }
      do { return try JSONSyntax.decode(JSON.self, from: Data(text.utf8)) } catch {
        throw weights.fail("\(name): it isn't JSON as Keras writes it")
      }
    }
    if let model = try json("model_config") {
      var compilation = try json("training_config") ?? nil
      compilation["optimizer"] = compilation["optimizer_config"]
      try self.init(
        kerasModel: model, compilation: compilation, named: "model_config", weights, own: nil, path: path,
        vocabulary: { _ in nil }, remark: remark)
      return
    }
    try self.init(kerasWeights: weights)
    remark("the file doesn't mention activations, masking and pooling; assuming Keras's defaults and the last states")
    if !parameters.architecture.denseLayers.isEmpty { remark(Self.assumptionOfActivation) }
    if !weights.optimizerPaths.isEmpty {
      remark("the optimizer's state is ignored: only a file of the whole model has its settings")
    }
  }

  private init(kerasWeights weights: KerasWeights) throws {
    let layers = weights.layers
    let recurrences = layers.filter { $0.parts.count > 2 }
    let dense = layers.filter { $0.parts == KerasModelConfiguration.Layer.dense }
    guard let table = layers.first, table.parts == KerasModelConfiguration.Layer.table,
      let recurrence = recurrences.first, recurrences.allSatisfy({ $0.parts == recurrence.parts }),
      let output = dense.last
    else {
      throw weights.fail("its weights are not those of Embedding, LSTM or Bidirectional, and Dense")
    }
    func matrix(_ layer: KerasModelConfiguration.Layer, _ index: Int) throws -> [Int] {
      try weights.matrix(weights.paths(of: layer)[index]!)
    }
    let (embedding, units) = (try matrix(table, 0), try matrix(output, 0)[1])
    let architecture = Architecture(
      vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: try matrix(recurrence, 1)[0],
      layerCount: recurrences.count, isBidirectional: recurrence.parts.count > 3,
      denseLayers: try dense.dropLast().map { .init(try matrix($0, 0)[1], .relu) }, labelCount: max(2, units))
    if let setting = architecture.invalidSetting { throw weights.fail("\(setting.name) \(setting.rule)") }
    let layout = ParameterLayout(architecture)
    var weights = weights
    let values = try Self.values(
      of: layout, in: [table] + recurrences + dense, hasTwoOutputs: units == 2, &weights, by: "its other weights")
    self.init(Parameters(values, layout: layout)!)
  }

  private init(
    kerasModel json: JSON, compilation: JSON, named place: String, _ weights: KerasWeights, own: Description?,
    path: String, vocabulary: (_ folder: String) throws -> Data?, remark: (String) -> Void
  ) throws {
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: Self.advice) }
    func interpret<Result>(_ body: () throws -> Result) throws -> Result {
      do { return try body() } catch let problem as KerasModelConfiguration.Problem {
        throw fail("\(place): \(problem.text)")
      }
    }
    var read = try interpret { try KerasModelConfiguration(json, compilation: compilation) }
    if let setting = read.architecture.invalidSetting { throw fail("\(place): \(setting.name) \(setting.rule)") }
    var weights = weights
    let values = try Self.values(
      of: ParameterLayout(read.architecture), in: read.layers, hasTwoOutputs: read.hasTwoOutputs, &weights, by: place)
    try interpret { try read.settleMasking(values) }
    let layout = ParameterLayout(read.architecture)

    var configuration = own?.configuration ?? TrainingConfiguration()
    if own == nil {
      (configuration.architecture, configuration.dropout) = (read.architecture, read.dropout)
      if let length = read.inputLength { configuration.maxLength = length }
      if let (adam, clipping) = read.optimizer {
        configuration.epsilon = adam.epsilon
        (configuration.weightDecay, configuration.clipping) = (adam.weightDecay, clipping)
      }
      if let setting = configuration.invalidSetting { throw fail("\(place): \(setting.name) \(setting.rule)") }
    }
    guard configuration.architecture == read.architecture else {
      throw fail("\(Entry.metadata) describes \(configuration.architecture), \(place) \(read.architecture)")
    }
    var state: Adam?
    if let (adam, _) = read.optimizer, own == nil || own?.learningRate != nil {
      do {
        state = try Self.state(of: adam, layout, in: weights, exactRate: own?.learningRate)
      } catch let problem as KerasModelConfiguration.Problem {
        remark("the optimizer's state is ignored: \(problem.text)")
      }
    }
    if own == nil, let state { configuration.learningRate = state.learningRate }
    do {
      try self.init(
        Parameters(values, layout: layout)!, configuration: configuration, vocabulary: own?.vocabulary,
        coding: own?.coding ?? TextCoding(), labels: own?.labels)
    } catch let error as ModelError {
      throw fail("\(Entry.metadata): \(error.problem)")
    }
    optimizer = state
    if own == nil, let vectorization = read.vectorization {
      if let words = try interpret({ try vectorization.words(inFile: vocabulary(vectorization.path)) }) {
        guard words.count + 2 <= configuration.vocabularySize else {
          throw fail(
            "\(place): \(vectorization.label) has \(words.count + 2) tokens, the embedding \(configuration.vocabularySize)"
          )
        }
        guard vectorization.length ?? 1 <= Self.maxLengthOfPaddingBehind else {
          throw fail("\(place): \(vectorization.label): output_sequence_length is \(vectorization.length!)")
        }
        try setWords(ofVectorization: words, length: vectorization.length)
      } else {
        remark("\(vectorization.label) has no vocabulary in this file, as it has in a .keras file: texts can't be read")
      }
    }
    read.remarks.forEach(remark)
  }

  /// Takes the weights of a network's layers, and checks that there are no others.
  private static func values(
    of layout: ParameterLayout, in layers: [KerasModelConfiguration.Layer], hasTwoOutputs: Bool,
    _ weights: inout KerasWeights, by authority: String
  ) throws -> [Float] {
    let paths = try layers.flatMap { try weights.paths(of: $0) }
    // In parts, so that a network that is larger than its file takes no memory.
    var parts: [[Float]] = []
    for (path, tensor) in zip(paths, layout.tensors) {
      guard let path else {
        parts.append([Float](repeating: 0, count: tensor.count))
        continue
      }
      if hasTwoOutputs, tensor == layout.denseKernel || tensor == layout.denseBias {
        let both = try weights.take(path, tensor.shape.dropLast() + [2], by: authority)
        parts.append(stride(from: 0, to: both.count, by: 2).map { both[$0 + 1] - both[$0] })
      } else {
        parts.append(try weights.take(path, tensor.shape, by: authority))
      }
    }
    try weights.checkIsEmpty()
    return Array(parts.joined())
  }

  /// Adam with the state in the file: iterations, perhaps the learning rate, and both moments of each weight in turn.
  ///
  /// - Throws: `KerasModelConfiguration.Problem` if another optimizer wrote it, `ModelError` if it is damaged.
  private static func state(
    of adam: Adam, _ layout: ParameterLayout, in weights: KerasWeights, exactRate: Double?
  ) throws -> Adam {
    var weights = weights
    let paths = weights.optimizerPaths
    let momentCount = 2 * layout.tensors.count
    // A model that has never been trained has no moments, and Keras 2 doesn't always keep the rate.
    guard paths.count <= 2 || paths.count - momentCount == 1 || paths.count - momentCount == 2 else {
      throw KerasModelConfiguration.Problem(
        text: "it has \(paths.count) variables, expected \(2 + momentCount) for Adam")
    }
    var result = adam
    result.step = try paths.first.map { try weights.takeSteps($0) } ?? 0
    if paths.count % 2 == 0, paths.count > 0 {
      let rate = try weights.take(paths[1], [], by: "the weights")[0]
      guard rate > 0 else { throw weights.fail("\(paths[1]), the learning rate, is \(rate)") }
      // Keras stores a Float of the rate it was given: this recovers, for instance, 0.001.
      result.learningRate = exactRate.flatMap { Float($0) == rate ? $0 : nil } ?? Double("\(rate)") ?? Double(rate)
    } else {
      result.learningRate = Double("\(Float(adam.learningRate))") ?? adam.learningRate
    }
    var (first, second) = (Parameters(zeros: layout), Parameters(zeros: layout))
    if paths.count > 2 {
      let moments = paths.suffix(momentCount)
      for (index, tensor) in layout.tensors.enumerated() {
        let (name, other) = (moments[moments.startIndex + 2 * index], moments[moments.startIndex + 2 * index + 1])
        first[tensor] = try weights.take(name, tensor.shape, by: "the weights")[...]
        second[tensor] = try weights.take(other, tensor.shape, by: "the weights")[...]
        if let element = second[tensor].firstIndex(where: { $0 < 0 }) {
          throw weights.fail(
            "element \(element - tensor.offset) of \(other), a mean of squares, is negative: \(second.values[element])")
        }
      }
    }
    (result.firstMoment, result.secondMoment) = (first.values, second.values)
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
