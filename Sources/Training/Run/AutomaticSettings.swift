import Corpus
import Foundation
import Hyperparameters
import NGrams
import Parallel
import RecurrentNetwork

/// Settings that follow from the texts at hand, and why.
///
/// They were chosen on validation parts of nine published tasks, from 500 to 25,000 texts of 2 to 300 words: see the
/// article on accuracy.
public struct AutomaticSettings: Sendable {
  /// The settings.
  public let configuration: TrainingConfiguration
  /// The data, with how their texts become words.
  public let source: DataSource
  private let choices: [Choice]
  /// Whether there are so many texts that few passes over them are enough, unless a network stands on a pretrained one.
  package let hasManyTexts: Bool

  /// What was chosen and why, in sentences.
  public var reasons: [String] { reasons(for: configuration) }

  /// What was chosen and why, in sentences, of the choices that settings have kept.
  public func reasons(for configuration: TrainingConfiguration) -> [String] {
    choices.filter { $0.isKept(configuration) }.map(\.reason)
  }

  /// A sentence about settings, and whether settings have kept what it says.
  private struct Choice: Sendable {
    let reason: String
    var isKept: @Sendable (TrainingConfiguration) -> Bool = { _ in true }
  }

  /// Chooses settings for some data.
  ///
  /// - Parameters:
  ///   - source: the data, which are read here.
  ///   - seed: of the run.
  ///   - hasNetwork: whether a network is trained, or n-grams alone.
  ///   - threads: how many threads share the work; the result is the same for any number.
  ///   - progress: told the share of the texts that was read.
  /// - Throws: `CorpusError` where the data can't be read; `TrainingError` where they are numbers.
  public init(
    for source: DataSource, seed: UInt64 = 0, hasNetwork: Bool = true, threads: Int,
    progress: (Double) -> Void = { _ in }
  ) throws {
    try self.init(for: source, seed: seed, hasNetwork: hasNetwork, threads: threads) {
      try $0.loadWords(threads: threads, progress: progress)
    }
  }

  /// Chooses settings for texts that are in memory; the source then has nothing but how they become words.
  package init(
    texts: [String], labels: [String], options: TextOptions, seed: UInt64, hasNetwork: Bool, threads: Int
  ) throws {
    let source = DataSource(path: "", text: options)
    try self.init(for: source, seed: seed, hasNetwork: hasNetwork, threads: threads) { source in
      try Dataset(
        texts: texts, labels: labels, options: source.text ?? options, vocabularySize: 0,
        maxLength: .max, keeping: .words, threads: threads)
    }
  }

  private init(
    for source: DataSource, seed: UInt64, hasNetwork: Bool, threads: Int, reading: (DataSource) throws -> Dataset
  ) throws {
    let (data, texts, source, tokenReason) = try Self.tokens(of: source, reading)
    let facts = TextFacts(texts, labels: data.training.labels, labelCount: data.labels.count)
    var choices = tokenReason.map { [Choice(reason: $0)] } ?? []
    var settings = Self.network(for: facts)
    hasManyTexts = facts.count >= Self.manyTexts
    settings.seed = seed
    if hasNetwork { choices += Self.choices(of: settings, for: facts) } else { settings.removeNetwork() }
    if data.validation == nil, facts.count < Self.fewTexts {
      settings.earlyStopping = nil
      choices.append(Choice(reason: "the texts are too few to hold some out for validation"))
    } else if data.validation == nil {
      let share = facts.count < 500 ? 0.2 : 0.1
      settings.validationSplit = share
      choices.append(
        Choice(
          reason: "\(Int(share * 100)) % of the training texts are held out, to "
            + (hasNetwork ? "choose the best epoch and to weigh the model's two parts" : "weigh the n-grams")
        ) { $0.validationSplit == share && ($0.earlyStopping != nil || !$0.hasNetwork) })
    }
    if facts.hasRareLabels {
      settings.balanceClassWeights(labels: data.training.labels)
      let weights = settings.classWeights
      choices.append(
        Choice(
          reason: "the rarer label counts more in training, since the other has at least ten times as many texts"
        ) { $0.classWeights == weights })
    }
    let (wide, wideChoices) = try Self.wide(for: data, facts, settings, threads: threads)
    settings.wide = wide
    choices += wideChoices + facts.warnings.map { Choice(reason: $0) }
    (configuration, self.choices, self.source) = (settings, choices, source)
  }

  // MARK: The tokens

  /// Data with how their texts become words, and why in a sentence: that of the options, or else a choice.
  ///
  /// - Throws: as ``init(for:seed:hasNetwork:threads:progress:)`` does.
  public static func tokens(
    of source: DataSource, threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> (source: DataSource, reason: String?) {
    let chosen = try tokens(of: source) { try $0.loadWords(threads: threads, progress: progress) }
    return (chosen.source, chosen.reason)
  }

  private static func tokens(
    of source: DataSource, _ reading: (DataSource) throws -> Dataset
  ) throws -> (data: Dataset, texts: WordSequences, source: DataSource, reason: String?) {
    var (source, reason) = (source, String?.none)
    var options = source.text ?? TextOptions()
    if source.wordIndex == nil, options.tokens == nil {
      options.tokens = .words
      reason = "tokens are words and punctuation marks, and the characters of scripts without spaces"
      source.text = options
    }
    func load() throws -> (Dataset, WordSequences) {
      let data = try reading(source)
      guard let texts = data.training.texts else { throw TrainingError.numbersInsteadOfTexts }
      return (data, texts)
    }
    var (data, texts) = try load()
    if reason != nil, !options.stripsHTML, texts.containsLineBreaksOfHTML {
      options.stripsHTML = true
      source.text = options
      reason! += "; HTML's tags are left out"
      (data, texts) = try load()
    }
    return (data, texts, source, reason)
  }

  // MARK: The network

  /// Settings as they might come out, for checking options before there are data.
  public static let typical: TrainingConfiguration = {
    var settings = Preset.accurate.configuration
    (settings.batchSize, settings.validationSplit) = (32, 0.1)
    var stopping = EarlyStopping()
    (stopping.monitor, stopping.patience, stopping.restoresBestWeights) = (.validationLoss, 30, true)
    settings.earlyStopping = stopping
    settings.wide = NGramSettings()
    return settings
  }()

  /// Of fewer texts none are held out: they would say nothing.
  private static let fewTexts = 10
  /// From so many texts on, steps are larger, and words alone say enough.
  private static let manyTexts = 15_000
  private static let (vocabularyLimit, lengthLimit) = (10_000, 1000)

  private static func network(for facts: TextFacts) -> TrainingConfiguration {
    var settings = typical
    settings.validationSplit = nil
    settings.labelCount = facts.labelCount
    settings.vocabularySize = min(facts.repeatedWordCount + TextCoder.firstWord, vocabularyLimit)
    settings.maxLength = min(max(facts.length(atShare: 0.98) + 1, 8), lengthLimit)
    settings.batchSize = facts.count < manyTexts ? 32 : 100
    let stepsPerEpoch = max(1, (facts.count + settings.batchSize - 1) / settings.batchSize)
    settings.epochs = facts.count < manyTexts ? min(max(4, 400 / stepsPerEpoch), 30) : 8
    settings.schedule = .cosineDecay(warmupSteps: min(50, settings.epochs * stepsPerEpoch / 4), alpha: 0.02)
    return settings
  }

  private static func choices(of settings: TrainingConfiguration, for facts: TextFacts) -> [Choice] {
    [
      Choice(
        reason:
          "the vocabulary has \(grouped(settings.vocabularySize)) tokens: the words that occur at least twice, up to "
          + "a limit of \(grouped(vocabularyLimit))"
      ) { $0.vocabularySize == settings.vocabularySize },
      Choice(
        reason:
          "the network reads the last \(grouped(settings.maxLength)) tokens of a text: enough for 98 % of the texts, "
          + "up to a limit of \(grouped(lengthLimit))"
      ) { $0.maxLength == settings.maxLength },
      Choice(
        reason: "\(settings.epochs) epochs in batches of \(settings.batchSize)"
          + (facts.count < manyTexts ? ": about 400 steps, within 4 to 30 epochs" : "")
      ) { ($0.epochs, $0.batchSize) == (settings.epochs, settings.batchSize) },
    ]
  }

  // MARK: The wide part

  /// The most long texts on which settings are tried: as many tell it as well, in less time and memory.
  private static let trialCount = 6000

  /// Settings of the wide part, and why in sentences.
  private static func wide(
    for data: Dataset, _ facts: TextFacts, _ settings: TrainingConfiguration, threads: Int
  ) throws -> (NGramSettings, [Choice]) {
    var wide = NGramSettings()
    wide.minimumCount = facts.count < 10_000 ? 2 : 4
    wide.cost = facts.count < 10_000 ? costs[0] : 24
    var choices: [Choice] = []
    let hasLongTexts = facts.length(atShare: 0.5) > 50
    // In short texts n-grams of characters always help, and in few texts it can't be told.
    if hasLongTexts, facts.count > 2000 {
      choices += try chooseCharacters(&wide, for: data, facts, settings, threads: threads)
    }
    if 500..<10_000 ~= facts.count {
      let (training, _) = try data.parts(validationSplit: settings.validationSplit)
      choices += try chooseCost(
        &wide, for: data, hasLongTexts ? training.prefix(trialCount) : training, settings, threads: threads)
    }
    return (wide, choices)
  }

  /// Takes n-grams of characters where they help on the texts that are set apart for validation.
  private static func chooseCharacters(
    _ wide: inout NGramSettings, for data: Dataset, _ facts: TextFacts, _ settings: TrainingConfiguration, threads: Int
  ) throws -> [Choice] {
    // A trial on fewer texts than are trained on would favor them.
    if facts.count >= manyTexts {
      wide.longestCharacters = 0
      return [
        Choice(reason: "n-grams of words alone: in so many long texts, those of characters add nothing") {
          $0.wide?.longestCharacters == 0
        }
      ]
    }
    let parts = try data.parts(validationSplit: settings.validationSplit)
    let (training, validation) = (parts.training.prefix(trialCount), parts.validation.prefix(trialCount))
    let losses = [0, wide.longestCharacters].map { longest in
      var trial = settings
      trial.wide = wide
      trial.wide!.longestCharacters = longest
      return try? WidePart(trial, training: training, validation: validation, threads: threads)?.metrics
    }
    guard let without = losses[0], let with = losses[1] else { return [] }
    if without.loss <= with.loss { wide.longestCharacters = 0 }
    let longest = wide.longestCharacters
    return [
      Choice(
        reason: "n-grams of \(longest > 0 ? "words and of their characters" : "words alone"): validation loss "
          + "\(rounded(without.loss)) without those of characters, \(rounded(with.loss)) with them"
      ) { $0.wide?.longestCharacters == longest }
    ]
  }

  /// What the weight of the losses beside the regularization may be.
  private static let costs = [8.0, 32]

  /// Takes the cost with the lowest loss on three parts of the texts, each of which is classified by n-grams that have
  /// learned from the other two; logits are scaled as in a model.
  private static func chooseCost(
    _ wide: inout NGramSettings, for data: Dataset, _ texts: LabeledSequences, _ settings: TrainingConfiguration,
    threads: Int
  ) throws -> [Choice] {
    var data = data
    data.training = texts
    let parts = TuningData(data, folds: 3)
    let folds = try (0..<3).map { try parts.fold($0, settings) }
    guard folds.allSatisfy({ $0.validation.count > 0 }) else { return [] }
    let labels = folds.flatMap(\.validation.labels)
    let losses = try costs.map { cost in
      var trial = settings
      trial.wide = wide
      trial.wide!.cost = cost
      let logits = try folds.flatMap { fold in
        try WidePart(trial, training: fold.training, validation: fold.validation, threads: threads)!.validationLogits
      }
      let none = [Float](repeating: 0, count: logits.count)
      let scaled = LogitShares(wide: logits, network: none, labels: labels).sum(logits, none)
      return Metrics(Outcome.outcomes(logits: scaled, labels: labels), labels).loss
    }
    let best = losses.indices.min { losses[$0] < losses[$1] }!
    let cost = costs[best]
    wide.cost = cost
    let list = zip(costs, losses).map { "\(rounded($1)) with C = \(Int($0))" }.joined(separator: " and ")
    return [
      Choice(
        reason: "the n-grams' C is \(Int(cost)): on three parts of the texts, held out in turn, the loss is \(list)"
      ) {
        $0.wide?.cost == cost
      }
    ]
  }

  /// A number with commas between thousands.
  private static func grouped(_ number: Int) -> String {
    number.formatted(.number.locale(Locale(identifier: "en_US")))
  }

  private static func rounded(_ value: Double) -> String { String(format: "%.3f", value) }
}

extension TrainingConfiguration {
  /// Lets each label weigh the same, however many texts it has: a text weighs N / (labels · the texts of its label), as
  /// scikit-learn's `class_weight="balanced"`.
  public mutating func balanceClassWeights(labels: [UInt8]) {
    let counts = labels.reduce(into: [Int](repeating: 0, count: labelCount)) { $0[Int($1)] += 1 }
    classWeights = counts.map { Double(labels.count) / Double(labelCount * max($0, 1)) }
  }
}

extension DataSource {
  /// The data with all words of their texts, and no tokens.
  fileprivate func loadWords(threads: Int, progress: (Double) -> Void) throws -> Dataset {
    try load(
      vocabularySize: 0, maxLength: .max, labelCount: nil, for: nil, keeping: .words, threads: threads,
      progress: progress)
  }
}

extension WordSequences {
  /// Whether `<br` occurs in one of a hundred texts or more.
  fileprivate var containsLineBreaksOfHTML: Bool {
    guard let bracket = words.number(of: "<"), let name = words.number(of: "br") else { return false }
    let count = (0..<count).count { text in
      let text = sequences[text]
      return zip(text, text.dropFirst()).contains { $0 == bracket && $1 == name }
    }
    return count * 100 >= self.count
  }
}

/// What settings depend on.
private struct TextFacts {
  let count: Int
  let labelCount: Int
  private let labelCounts: [Int]
  private let lengths: [Int]
  /// The number of words that occur at least twice.
  let repeatedWordCount: Int
  /// The texts that are the same as an earlier one.
  private let duplicateCount: Int

  init(_ texts: WordSequences, labels: [UInt8], labelCount: Int) {
    count = texts.count
    self.labelCount = labelCount
    labelCounts = labels.reduce(into: [Int](repeating: 0, count: labelCount)) { $0[Int($1)] += 1 }
    lengths = (0..<texts.count).map(texts.sequences.length).sorted()
    var occurrences = [Int32](repeating: 0, count: texts.words.count)
    for text in 0..<texts.count { for word in texts.sequences[text] { occurrences[Int(word)] += 1 } }
    repeatedWordCount = occurrences.count { $0 > 1 }
    duplicateCount = texts.count - Set(texts.sequences.hashes).count
  }

  /// The length that a share of the texts don't exceed.
  func length(atShare share: Double) -> Int { lengths.isEmpty ? 0 : lengths[Int(share * Double(lengths.count - 1))] }

  /// Whether one of two labels is so rare that it would be forgotten.
  var hasRareLabels: Bool { labelCount == 2 && labelCounts.max()! >= 10 * max(labelCounts.min()!, 1) }

  var warnings: [String] {
    guard duplicateCount * 20 > count else { return [] }
    return [
      "\(duplicateCount) of \(count) training texts are duplicates of earlier ones, so the validation figures are too good"
    ]
  }
}
