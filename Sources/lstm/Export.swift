import ArgumentParser
import Corpus
import Files
import Foundation
import Models
import RecurrentNetwork
import Training

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model in another framework's format.",
    discussion: """
      MODEL is a file in any format that `lstm inspect` shows, or the folder of a run. An ONNX file comes with a README \
      for its users: what the token ids mean, how to pad, and an example in Python.

      Several models that differ only in their weights are exported as one network, an ensemble, whose logits are the \
      mean of theirs.
      """)

  @Argument(help: .init("The model: a file or the folder of a run; several for their ensemble.", valueName: "model"))
  var models: [String]

  @Option(
    help: .init("The file to write; its ending determines the format: \(ModelFormat.endings).", valueName: "file"))
  var to: String

  @Option(help: .init("The format, regardless of the ending.", valueName: "format"))
  var format: ModelFormat?

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  func run() throws {
    guard let format = format ?? ModelFormat(path: to) else {
      throw ValidationError("The ending of \(to) names no format; give one of \(ModelFormat.endings), or --format.")
    }
    let readMe = format == .onnx ? (to as NSString).deletingPathExtension + ".README.md" : nil
    for path in [to] + [readMe].compactMap({ $0 }) { try checkTarget(path, overwrite: overwrite) }
    var members = try models.map { try lstm.model(at: $0) }
    let model = members.count == 1 ? members.removeLast() : try Model(ensembleOf: members, paths: models)
    try model.write(to: to, as: format)
    if let readMe {
      try AtomicFile.write([Data(model.readMe(forONNX: (to as NSString).lastPathComponent).utf8)], to: readMe)
    }
    printError(written(model, to: to, format) + (readMe.map { "; instructions: \($0)" } ?? ""))
  }
}

extension ModelFormat: ExpressibleByArgument {}

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts another framework's model into the native format, and adds its words.",
    discussion: """
      FILE is in any format that `lstm inspect` shows: PyTorch's models as safetensors, with the names in the article \
      “Coming from PyTorch”, and Keras's as its own files. Options add what the file doesn't say.
      """)

  @Argument(help: .init("The model.", valueName: "file"))
  var file: String

  @Option(help: .init("The safetensors file to write.", valueName: "model"))
  var output: String

  @Option(
    help: .init("The word index: Keras's imdb_word_index.json, or a Tokenizer's word_index as JSON.", valueName: "file")
  )
  var wordIndex: String?

  @Option(
    help: .init(
      "What was added to the word index's numbers to make tokens: 0 with Keras's Tokenizer, 3 in imdb.load_data. Only "
        + "IMDB's own index says it by itself.", valueName: "number"))
  var indexFrom: Int?

  @Option(
    help: .init(
      "The token in front of each text: none, or 1 (default: 1, except with --index-from 0).", valueName: "token"))
  var startToken: StartToken?

  enum StartToken: String, ExpressibleByArgument, CaseIterable {
    case none
    case one = "1"
  }

  @Option(
    help: .init(
      "Where shorter texts were padded: pre or post, as pad_sequences calls it (default: \(TextCoding.Padding.pre)).",
      valueName: "name"))
  var padding: TextCoding.Padding?

  @Option(help: .init("Tokens read of each text: the last ones; shorter texts are padded.", valueName: "count"))
  var maxLength: Int?

  @Option(help: .init("Names of the labels, from label 0 on, such as ham,spam.", valueName: "a,b"))
  var labels: String?

  @Option(
    name: [.long, .customLong("readout")],
    help: .init(
      "What the dense layer reads, if the file doesn't say: the last states; the outputs of the last step, PyTorch's "
        + "output[:, -1]; or all outputs' maximum or mean.", valueName: "pooling"))
  var pooling: Architecture.Pooling?

  @Option(
    help: .init(
      "Names of a PyTorch file's modules with those that they have here: embedding, lstm, fc, and below it dense.0, dense.1 "
        + "…; with nothing after = the name is left out. (Usual names are found without it.)",
      valueName: "rnn=lstm,out=fc"))
  var map: String?

  /// The names in `map` with those that they are given; nil where it isn't a list of such pairs.
  private var renaming: [String: String]? {
    var result: [String: String] = [:]
    for pair in map?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, !parts[0].isEmpty, result.updateValue(parts[1], forKey: parts[0]) == nil else {
        return nil
      }
    }
    return result
  }

  @Option(help: "The activation of dense layers below the last, if the file doesn't say (default: relu).")
  var denseActivation: Architecture.DenseLayer.Activation?

  @Flag(help: "The model was trained with padding skipped, if the file doesn't say.")
  var maskPadding = false

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  private var labelNames: [String]? {
    labels?.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  func validate() throws {
    guard (1...1_000_000).contains(maxLength ?? 1) else {
      throw ValidationError("--max-length must be from 1 to 1,000,000.")
    }
    if let indexFrom {
      guard wordIndex != nil else { throw ValidationError("--index-from goes with --word-index.") }
      guard 0...3 ~= indexFrom else { throw ValidationError("--index-from must be from 0 to 3, not \(indexFrom).") }
      guard startToken != .one || indexFrom > 0 else {
        throw ValidationError("With --index-from 0, token 1 is a word: leave out --start-token 1.")
      }
    } else if startToken != nil {
      throw ValidationError("--start-token goes with --index-from.")
    }
    if let map, renaming == nil {
      throw ValidationError("--map must be pairs of different names, such as rnn=lstm,classifier=fc, not \(map).")
    }
    if let labels, let names = labelNames,
      names.count < 2 || Set(names).count < names.count || names.contains("")
    {
      throw ValidationError("--labels must be two or more different names, such as ham,spam, not \(labels).")
    }
    if let format = ModelFormat(path: output), format != .safetensors {
      throw ValidationError("--output must be a safetensors file; use `lstm export` for .\(format.rawValue).")
    }
  }

  func run() throws {
    try checkTarget(output, overwrite: overwrite)
    var model = try lstm.model(at: file, renaming: renaming ?? [:])
    if let wordIndex {
      let convention = indexFrom.map { number in
        Model.TokenConvention(
          indexFrom: number, hasStartToken: startToken.map { $0 == .one } ?? (number > 0))
      }
      try model.setWords(ofIndexAt: wordIndex, convention: convention)
    }
    if let maxLength { model.configuration.maxLength = maxLength }
    if let labelNames {
      guard labelNames.count == model.configuration.labelCount else {
        throw CommandError(
          path: file,
          "has \(model.configuration.labelCount) labels, but --labels names \(labelNames.count)",
          advice: "give a name for each label")
      }
      model.labels = labelNames
    }
    var architecture = model.configuration.architecture
    if let pooling { architecture.pooling = pooling }
    // With one direction the last step's outputs are the last states, which other formats can express.
    if architecture.pooling == .lastStep, !architecture.isBidirectional { architecture.pooling = .last }
    if maskPadding { architecture.masksPadding = true }
    if let denseActivation {
      guard !architecture.denseLayers.isEmpty else {
        throw CommandError(
          path: file, "has no dense layer below its last", advice: "leave out --dense-activation")
      }
      for index in architecture.denseLayers.indices { architecture.denseLayers[index].activation = denseActivation }
    }
    // Padding that is masked can stand anywhere.
    if let padding { model.coding.padding = architecture.masksPadding ? .pre : padding }
    guard model.coding.padding == .pre || model.configuration.maxLength <= Model.maxLengthOfPaddingBehind else {
      throw CommandError(
        path: file,
        "reads \(grouped(model.configuration.maxLength)) tokens of each text, too many to pad texts behind their end",
        advice: "give the length that texts were padded to, with --max-length")
    }
    // None of these changes the number of weights.
    let parameters = Parameters(model.parameters.values, layout: ParameterLayout(architecture))!
    (model.parameters, model.configuration.architecture) = (parameters, architecture)
    try model.write(to: output, as: .safetensors)
    printError(
      written(model, to: output, .safetensors)
        + (model.vocabulary == nil ? "; it has no words, which --word-index adds" : ""))
  }
}

/// Checks that a file may be written, before anything is read.
func checkTarget(_ path: String, overwrite: Bool) throws {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
  if isFolder.boolValue { throw CommandError(path: path, "is a folder", advice: "give the name of a file") }
  guard overwrite else {
    throw CommandError(path: path, "already exists", advice: "give another name, or --overwrite")
  }
}

/// A message about what was written, and what was left out.
private func written(_ model: Model, to path: String, _ format: ModelFormat) -> String {
  let parameters = "\(path): \(model.parameters.architecture), \(grouped(model.parameters.values.count)) parameters"
  guard let optimizer = model.optimizer else { return parameters }
  return parameters
    + (format.holdsOptimizer
      ? ", and Adam's state after \(grouped(optimizer.step)) steps"
      : "; this format can't hold Adam's state, which is left out")
}
