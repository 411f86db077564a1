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
      MODEL is a file of any format that `lstm inspect` shows, or the folder of a run. Beside an ONNX file goes a README \
      for whoever receives it: what the ids are, how to pad, an example in Python.

      Several models that differ in nothing but their weights become one network, an ensemble: its logits are the mean \
      of theirs.
      """)

  @Argument(help: .init("The model: a file, or the folder of a run; of several their ensemble.", valueName: "model"))
  var models: [String]

  @Option(help: .init("Where it goes; the ending says the format: \(ModelFormat.endings).", valueName: "file"))
  var to: String

  @Option(help: .init("The format, whatever the ending.", valueName: "format"))
  var format: ModelFormat?

  @Flag(help: "Replace a file that is there.")
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
    printError(written(model, to: to, format) + (readMe.map { "; how it is used: \($0)" } ?? ""))
  }
}

extension ModelFormat: ExpressibleByArgument {}

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Takes a model of another framework over into the native format, with its words.",
    discussion: """
      FILE is one of any format that `lstm inspect` shows: of PyTorch a safetensors file with the names in README, of \
      Keras its weights. What the file doesn't say, the options can.
      """)

  @Argument(help: .init("The model.", valueName: "file"))
  var file: String

  @Option(help: .init("Where the model goes, as safetensors.", valueName: "model"))
  var output: String

  @Option(help: .init("The words: Keras's imdb_word_index.json, or one like it.", valueName: "file"))
  var wordIndex: String?

  @Option(help: .init("Tokens read of a text, the last ones; shorter texts are padded in front.", valueName: "count"))
  var maxLength: Int?

  @Option(help: .init("What the labels are called, from label 0 on, as ham,spam.", valueName: "a,b"))
  var labels: String?

  @Option(help: "What the last layer's outputs become, where the file doesn't say: last state, maximum or mean.")
  var pooling: Architecture.Pooling?

  @Flag(help: "Padding was left out when the model was trained, where the file doesn't say.")
  var maskPadding = false

  @Flag(help: "Replace a file that is there.")
  var overwrite = false

  private var labelNames: [String]? {
    labels?.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  func validate() throws {
    guard (1...1_000_000).contains(maxLength ?? 1) else {
      throw ValidationError("--max-length must be from 1 to 1,000,000.")
    }
    if let labels, let names = labelNames,
      names.count < 2 || Set(names).count < names.count || names.contains("")
    {
      throw ValidationError("--labels must be two names or more, as ham,spam, not \(labels).")
    }
    if let format = ModelFormat(path: output), format != .safetensors {
      throw ValidationError("--output is a safetensors file; for .\(format.rawValue) there is `lstm export`.")
    }
  }

  func run() throws {
    try checkTarget(output, overwrite: overwrite)
    var model = try lstm.model(at: file)
    if let wordIndex {
      model.vocabulary = try WordIndex(contentsOf: wordIndex).vocabulary(size: model.configuration.vocabularySize)
    }
    if let maxLength { model.configuration.maxLength = maxLength }
    if let labelNames {
      guard labelNames.count == model.configuration.labelCount else {
        throw CommandError(
          path: file,
          "has \(model.configuration.labelCount) labels, of which --labels names \(labelNames.count)",
          advice: "name each of them")
      }
      model.labels = labelNames
    }
    var architecture = model.configuration.architecture
    if let pooling { architecture.pooling = pooling }
    if maskPadding { architecture.masksPadding = true }
    // Neither changes the weights.
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    parameters.values = model.parameters.values
    (model.parameters, model.configuration.architecture) = (parameters, architecture)
    try model.write(to: output, as: .safetensors)
    printError(
      written(model, to: output, .safetensors)
        + (model.vocabulary == nil ? "; without words: --word-index gives them" : ""))
  }
}

/// Checks, before anything is read, that a file may be written.
private func checkTarget(_ path: String, overwrite: Bool) throws {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
  if isFolder.boolValue { throw CommandError(path: path, "is a folder", advice: "name a file") }
  guard overwrite else {
    throw CommandError(path: path, "is there already", advice: "give another name, or --overwrite")
  }
}

/// What was written, and what of the model has no place there.
private func written(_ model: Model, to path: String, _ format: ModelFormat) -> String {
  let parameters = "\(path): \(model.parameters.architecture), \(grouped(model.parameters.values.count)) parameters"
  guard let optimizer = model.optimizer else { return parameters }
  return parameters
    + (format.holdsOptimizer
      ? ", and Adam's state after \(grouped(optimizer.step)) steps"
      : "; Adam's state has no place in this format and is left out")
}
