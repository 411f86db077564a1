import Corpus
import Foundation
import Hyperparameters
import Models
import NGrams
import RecurrentNetwork
import Training

/// The output of `lstm inspect` for a model, in lines of at most 100 columns.
struct ModelSummary {
  let path: String
  let content: FileContent
  let model: Model

  var text: String {
    get throws {
      let size =
        try FileManager.default.attributesOfItem(atPath: path)[.size].flatMap { $0 as? Int } ?? 0
      let format = try content.facts(ofFile: path) + (content == .run ? "" : ", \(grouped(size)) bytes")
      let network = model.configuration.hasNetwork ? [layers, parameters] : ["No network: n-grams alone"]
      return (["\(path)\n\(format)"] + network + [facts]).joined(separator: "\n\n")
    }
  }

  /// The layers, in the form of Keras's `summary()`.
  private var layers: String {
    let layout = model.parameters.layout
    let architecture = layout.architecture
    func count(_ tensors: [ParameterLayout.Tensor]) -> String { grouped(tensors.reduce(0) { $0 + $1.count }) }
    var rows = [["Layer (type)", "Output shape", "Params"]]
    if architecture.embeddingSize > 0 {
      rows.append(
        ["embedding (Embedding)", "(None, None, \(architecture.embeddingSize))", count([layout.embedding])])
    } else {
      rows.append(["one_hot (OneHot)", "(None, None, \(architecture.vocabularySize))", "0"])
    }
    let type = architecture.isBidirectional ? "Bidirectional" : "LSTM"
    for (layer, directions) in layout.recurrences.enumerated() {
      let isLast = layer == architecture.layerCount - 1 && architecture.pooling == .last
      rows.append([
        "\(type.lowercased())\(layer == 0 ? "" : "_\(layer)") (\(type))",
        "(None, \(isLast ? "" : "None, ")\(architecture.outputSize))",
        count(directions.flatMap { [$0.kernel, $0.recurrentKernel, $0.bias] }),
      ])
    }
    if let layer = architecture.pooling.kerasLayer {
      rows.append(["\(layer.name) (\(layer.className))", "(None, \(architecture.outputSize))", "0"])
    }
    for (layer, (tensors, activation)) in zip(layout.dense, architecture.denseActivations).enumerated() {
      rows.append([
        "\(ParameterLayout.denseName(layer)) (Dense, \(activation))", "(None, \(tensors.bias.count))",
        count([tensors.kernel, tensors.bias]),
      ])
    }
    let width = max(26, rows.map { $0[0].count + 2 }.max()!)
    return rows.map { row in
      row[0].padding(toLength: width, withPad: " ", startingAt: 0)
        + row[1].padding(toLength: 22, withPad: " ", startingAt: 0)
        + String(repeating: " ", count: max(0, 14 - row[2].count)) + row[2]
    }.joined(separator: "\n")
  }

  /// The numbers of parameters, as Keras's `summary()` counts them: Adam has two moments per parameter, its step and its
  /// learning rate.
  private var parameters: String {
    let count = model.parameters.values.count
    let optimizerCount = model.optimizer == nil ? 0 : 2 * count + 2
    // All of them have 4 bytes, except for the step, which has 8.
    let optimizerBytes = optimizerCount == 0 ? 0 : 4 * optimizerCount + 4
    func line(_ name: String, _ count: Int, _ bytes: Int) -> String {
      "\(name): \(grouped(count)) (\(readable(bytes)))"
    }
    var lines = [
      line("Total params", count + optimizerCount, 4 * count + optimizerBytes),
      line("Trainable params", count, 4 * count), line("Non-trainable params", 0, 0),
    ]
    if let adam = model.optimizer {
      lines.append(
        line("Optimizer params", optimizerCount, optimizerBytes)
          + ": Adam after \(grouped(adam.step)) steps, learning rate \(adam.learningRate)")
    }
    return lines.joined(separator: "\n")
  }

  private var facts: String {
    var defaults = TrainingConfiguration()
    defaults.architecture = model.configuration.architecture
    defaults.maxLength = model.configuration.maxLength
    defaults.dropout = model.configuration.dropout
    let changes = model.configuration.changes(from: defaults).map { "\($0.name) \($0.own) (default \($0.other))" }
    let dropout = model.configuration.dropout
    let network = [
      (
        "Network",
        [model.configuration.masksPadding ? "padding is left out" : "padding is read like any token"]
          + (dropout == Dropout() ? [] : ["dropout in training: \(dropout)"])
      )
    ]
    let configuration = (
      "Configuration",
      ["maxLength \(model.configuration.maxLength)"] + (changes.isEmpty ? ["all else as by default"] : changes)
    )
    let texts = [
      ("Words", [words]),
      (
        "Coding",
        (model.coding.tokens == .keras ? [] : ["tokens are \(model.coding.tokens.rawValue)"]) + [
          model.coding.lowercasing == .ascii ? "A to Z become lower case" : "letters become lower case",
          model.coding.stripsHTML ? "tags are taken out" : "tags are words",
        ] + (model.coding.hasStartToken ? [] : ["no start token"])
          + (model.coding.skipsUnknownWords ? ["unknown words are left out"] : [])
          + (model.coding.removesPunctuation ? ["punctuation is removed from words"] : [])
          + (model.coding.padding == .pre ? [] : ["padding stands behind texts"])
          + (model.coding.truncation == .pre ? [] : ["long texts lose their end"])
      ),
      (
        "Labels",
        model.labels.enumerated().map { "\($0) \(CorpusError.escaped($1))" }
          + (model.threshold == 0.5 ? [] : ["1 above a probability of \(model.threshold)"])
      ),
    ]
    let rows =
      (model.configuration.hasNetwork ? network : []) + [configuration]
      + (model.wide.map { [("N-grams", nGrams($0))] } ?? []) + texts
    return rows.map { name, pieces in
      wrapped(pieces, separator: "; ", indent: String(repeating: " ", count: 15), width: 100)
        .replacingCharacters(in: ..<name.endIndex, with: name)
    }.joined(separator: "\n")
  }

  private func nGrams(_ wide: NGramClassifier) -> [String] {
    let settings = wide.settings
    let (shortest, longest) = (settings.shortestCharacters, settings.longestCharacters)
    return ["\(grouped(wide.index.count)), of up to \(settings.order) words"]
      + (longest == 0 ? [] : ["of \(shortest) to \(longest) characters within a word"])
      + ["each in \(settings.minimumCount) texts or more"]
  }

  private var words: String {
    guard let vocabulary = model.vocabulary else { return "none in the file: `lstm import --word-index` adds them" }
    let first = vocabulary.prefix(40).map { CorpusError.escaped($0, limit: 20) }
    var line = "\(grouped(vocabulary.count)) tokens:"
    for word in first where line.count + word.count < 80 { line += " " + word }
    return line + (vocabulary.count > 1 ? " …" : "")
  }

  /// A size in the form of Keras's `summary()`.
  private func readable(_ bytes: Int) -> String {
    var (size, unit) = (Double(bytes), 0)
    let units = ["B", "KB", "MB", "GB", "TB"]
    while size >= 1024, unit + 1 < units.count {
      size /= 1024
      unit += 1
    }
    return "\(fixed(size, 2)) \(units[unit])"
  }
}
