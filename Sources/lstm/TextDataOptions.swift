import ArgumentParser
import Corpus
import Foundation
import Hyperparameters
import Models
import Training

/// How texts are read, as options; what is not given comes from the run, or is the default.
struct TextDataOptions: ParsableArguments {
  private static let defaults = TextOptions()

  @Option(
    help: .init(
      "The column of a table that holds the texts, by name or number, or several as in title,body (default: "
        + "\(TextOptions.textColumns.joined(separator: ", "))).",
      valueName: "name"))
  var textColumn: String?

  @Option(
    help: .init(
      "The column of a table that holds the labels, by name or number (default: "
        + "\(TextOptions.labelColumns.joined(separator: ", "))).",
      valueName: "name"))
  var labelColumn: String?

  @OptionGroup
  var table: TableOptions

  @Option(
    help: .init(
      "The label that becomes 1 (default: the one that says so, as positive, 1 or yes, or the second of the alphabet).",
      valueName: "label"))
  var positiveLabel: String?

  @Option(
    help: .init(
      "All labels, label 0 first, as in neg,pos; others are errors (default: those of the data, in order).",
      valueName: "names"))
  var labels: String?

  @Option(help: "The texts' encoding (default: \(defaults.encoding.rawValue)).")
  var encoding: TextOptions.Encoding?

  @Option(
    help: "Which letters become lower case (default: unicode, as Keras's Tokenizer; ascii with --word-index).")
  var lowercase: TextCoding.Lowercasing?

  @Option(
    help: .init(
      "What has a token: keras, the words between spaces and punctuation; words, Unicode's words, and punctuation, "
        + "symbols and emoji; characters (default: words, or keras with a preset or a word index).", valueName: "kind"))
  var tokens: TextCoding.Tokens?

  @Flag(help: "Take tags such as <br /> out of the texts.")
  var stripHTML = false

  @Option(
    help: .init(
      "The share of each label's texts to test on, where there is no test part (default: \(defaults.testSplit)).",
      valueName: "share"))
  var testSplit: Double?

  func validate() throws {
    if let testSplit, !(0 <= testSplit && testSplit < 1) {
      throw ValidationError("--test-split must be from 0 to below 1, not \(testSplit).")
    }
    if let names = labelNames, names.count < 2 || names.contains("") || Set(names).count < names.count {
      throw ValidationError("--labels must be two or more different names with commas between them, not \(labels!).")
    }
    guard labels == nil || positiveLabel == nil else {
      throw ValidationError("Give either --labels or --positive-label: the last of two labels is label 1.")
    }
  }

  private var labelNames: [String]? {
    labels?.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// The given options over those of a run; nil where there are none.
  func applied(to base: TextOptions?) -> TextOptions? {
    var result = base ?? Self.defaults
    result.textColumn = textColumn ?? result.textColumn
    result.labelColumn = labelColumn ?? result.labelColumn
    table.apply(to: &result)
    result.positiveLabel = positiveLabel ?? result.positiveLabel
    result.labelNames = labelNames ?? result.labelNames
    result.encoding = encoding ?? result.encoding
    result.lowercasing = lowercase ?? result.lowercasing
    result.tokens = tokens ?? result.tokens
    result.stripsHTML = stripHTML || result.stripsHTML
    result.testSplit = testSplit ?? result.testSplit
    return base == nil && result == Self.defaults ? nil : result
  }
}

/// How the rows of a table are read, as options.
struct TableOptions: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help:
      "Whether the first row of a table names its columns (default: found out; columns then have numbers, from 1 on).")
  var header: Bool?

  @Option(
    help: .init(
      "What quotes mean in a table: double, as in CSV; backslash, where \\\" is one inside a field; none, characters like "
        + "others (default: double; with tabs the one that fits).", valueName: "rule"))
  var quotes: TextOptions.Quotes?

  @Flag(help: "Leave out rows of a table that can't be read, and say which.")
  var skipBadRows = false

  /// Puts what was given over other options.
  func apply(to options: inout TextOptions) {
    options.hasHeader = header ?? options.hasHeader
    options.quotes = quotes ?? options.quotes
    options.skipsBadRows = skipBadRows ? true : options.skipsBadRows
  }
}

extension TextOptions.Quotes: ExpressibleByArgument {}
extension TextOptions.Encoding: ExpressibleByArgument {}
extension TextCoding.Lowercasing: ExpressibleByArgument {}
extension TextCoding.Tokens: ExpressibleByArgument {}
extension TextCoding.Padding: ExpressibleByArgument {}

extension DataSource {
  /// Reads the source; on a terminal a bar is shown if that takes longer than a second.
  func load(
    _ configuration: TrainingConfiguration, as model: Model? = nil, keepsOriginals: Bool = false, threads: Int,
    isQuiet: Bool
  ) throws -> Dataset {
    var progress = ReadingProgress(path: path, isQuiet: isQuiet)
    defer { progress.end() }
    return try load(configuration, as: model, keepsOriginals: keepsOriginals, threads: threads) { progress.show($0) }
  }
}

/// On a terminal, a bar for data that take longer than a second to read.
struct ReadingProgress {
  /// What is read.
  var path: String
  private let start = ContinuousClock.now
  private var bar: ProgressBar

  init(path: String, isQuiet: Bool) {
    self.path = path
    bar = ProgressBar(isQuiet: isQuiet)
  }

  mutating func show(_ share: Double) {
    guard ContinuousClock.now - start > .seconds(1) else { return }
    bar.draw("Reading \((path as NSString).lastPathComponent)", done: share, details: [])
  }

  mutating func end() { bar.clear() }
}
