import Classification
import Corpus
import Foundation
import Hyperparameters
import RecurrentNetwork

/// Settings that were tried, and what came of them.
public struct Trial: Codable, Sendable, Equatable {
  /// Counts from 1; trial 1 has the defaults.
  public let number: Int
  /// The settings.
  public let configuration: TrainingConfiguration
  /// What had a token.
  public let tokens: TextCoding.Tokens
  /// What each part of the texts that was held out says, in the order of the parts.
  public internal(set) var folds: [Fold] = []
  /// Why the settings are out of the question; nil where they aren't.
  public internal(set) var problem: String?
  /// The bytes of the model's file, estimated from the first fold; nil before that.
  public internal(set) var modelSize: Int?
  /// Texts that the model classified in a second; nil unless there is a limit.
  public internal(set) var textsPerSecond: Double?

  /// What a model made of the texts that were held out.
  public struct Fold: Codable, Sendable, Equatable {
    /// How often each label was predicted for each true label: [true label][predicted label].
    public let confusion: [[Int]]
    /// The places among the texts of those that were given a wrong label, in ascending order.
    public let mistakes: [Int]
    /// The sum of the cross-entropies.
    public let lossSum: Double
    /// The area under the ROC curve; nil unless there are two labels, and both occur.
    public let rocArea: Double?
    /// Seconds that training and validation took.
    public let seconds: Double
    /// The most bytes of memory that the process had meanwhile.
    public let peakMemory: Int
  }

  init(number: Int, _ candidate: TuningCandidate) {
    self.number = number
    (configuration, tokens) = (candidate.configuration, candidate.tokens)
  }

  var candidate: TuningCandidate { TuningCandidate(configuration: configuration, tokens: tokens) }
  /// Whether anything has come of it.
  var isMeasured: Bool { !folds.isEmpty || problem != nil }
}

extension Trial.Fold {
  /// - Parameters:
  ///   - outcomes: what the model made of each text that was held out.
  ///   - predicted: the labels that it predicted.
  ///   - labels: the true ones.
  init(
    _ outcomes: [Outcome], predicted: [UInt8], labels: [UInt8], labelCount: Int, seconds: Double, peakMemory: Int
  ) {
    self.init(
      confusion: MulticlassEvaluation(predicted: predicted, labels: labels, labelCount: labelCount).confusion,
      mistakes: labels.indices.filter { predicted[$0] != labels[$0] },
      lossSum: outcomes.reduce(0) { $0 + $1.loss },
      rocArea: labelCount == 2
        ? BinaryEvaluation(probabilities: outcomes.map(\.probability), labels: labels).rocArea : nil,
      seconds: seconds, peakMemory: peakMemory)
  }

  /// The number of texts that were held out.
  public var textCount: Int { confusion.joined().reduce(0, +) }
  /// The share of right predictions; nil without texts.
  public var accuracy: Double? { MulticlassEvaluation(confusion: confusion).accuracy }
  /// The mean of the labels' F1; nil without texts.
  public var macroF1: Double? { MulticlassEvaluation(confusion: confusion).macroF1 }
}

extension Collection<Trial.Fold> {
  /// The predictions of all folds together; nil without folds.
  var evaluation: MulticlassEvaluation? {
    guard let first else { return nil }
    return MulticlassEvaluation(
      confusion: dropFirst().reduce(first.confusion) { zip($0, $1.confusion).map { zip($0, $1).map(+) } })
  }
}

extension Trial {
  private func evaluation(ofFirst count: Int) -> MulticlassEvaluation? {
    folds.prefix(count).evaluation
  }

  private var evaluation: MulticlassEvaluation? { evaluation(ofFirst: folds.count) }
  /// The share of right predictions; nil before the first fold, as are the others.
  public var accuracy: Double? { evaluation?.accuracy }
  /// The accuracy's 95 % interval.
  public var accuracyInterval: ClosedRange<Double>? { evaluation?.accuracyInterval }
  /// The mean of the labels' F1.
  public var macroF1: Double? { evaluation?.macroF1 }
  /// The macro-F1's 95 % interval.
  public var macroF1Interval: ClosedRange<Double>? { evaluation?.macroF1Interval }
  /// The mean cross-entropy.
  public var loss: Double? { loss(ofFirst: folds.count) }
  /// The mean over the folds of the area under the ROC curve; nil unless there are two labels.
  public var rocArea: Double? { rocArea(ofFirst: folds.count) }
  /// Seconds that all folds took.
  public var seconds: Double { folds.reduce(0) { $0 + $1.seconds } }
  /// The most bytes of memory that the process had during a fold; nil before the first.
  public var peakMemory: Int? { folds.map(\.peakMemory).max() }

  private func loss(ofFirst count: Int) -> Double? {
    evaluation(ofFirst: count).map { folds.prefix(count).reduce(0) { $0 + $1.lossSum } / Double($0.count) }
  }

  private func rocArea(ofFirst count: Int) -> Double? {
    let areas = folds.prefix(count).compactMap(\.rocArea)
    return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
  }

  /// Whether its first folds are better than another's, of which it has as many. Of equal trials the one with the smaller
  /// loss is better, and then the earlier one.
  func isBetter(than other: Trial, by metric: TuningOptions.Metric, folds count: Int) -> Bool {
    func scores(_ trial: Trial) -> [Double] {
      let evaluation = trial.evaluation(ofFirst: count)
      let loss = trial.loss(ofFirst: count).map { -$0 }
      let score =
        switch metric {
        case .accuracy: evaluation?.accuracy
        case .f1: evaluation?.macroF1
        case .auc: trial.rocArea(ofFirst: count)
        case .loss: loss
        }
      // NaN is worse than any number.
      return [score, loss].map { $0.map { $0.isNaN ? -.infinity : $0 } ?? -.infinity } + [Double(-trial.number)]
    }
    return scores(other).lexicographicallyPrecedes(scores(self))
  }

  /// Whether it gives the right label to more texts than another, on the folds that both have, by more than the standard
  /// error of the difference: the root of the number of texts of which only one of the two is right.
  func isClearlyMoreAccurate(than other: Trial) -> Bool {
    var (ahead, behind) = (0, 0)
    for (own, others) in zip(folds, other.folds) {
      let (own, others) = (Set(own.mistakes), Set(others.mistakes))
      ahead += others.subtracting(own).count
      behind += own.subtracting(others).count
    }
    return Double(ahead - behind) > Double(ahead + behind).squareRoot()
  }

  /// What it changes in the settings of another trial, each as "name value".
  public func changes(from other: Trial) -> [String] {
    var base = other.configuration
    var result: [String] = []
    if base.hasNetwork && !configuration.hasNetwork {
      base.removeNetwork()
      result = ["n-grams alone"]
    }
    if tokens != other.tokens { result.append("tokens \(tokens.rawValue)") }
    return result + configuration.changes(from: base).map { "\($0.name) \($0.own)" }
  }
}

// MARK: The table

extension [Trial] {
  /// The trials as a table of comma-separated values: what came of each, then its settings.
  var csv: String {
    let header =
      "trial,folds,accuracy,accuracy_from,accuracy_to,macro_f1,macro_f1_from,macro_f1_to,loss,auc,seconds,"
      + "peak_memory_bytes,model_bytes,texts_per_second,tokens,hidden_size,bidirectional,pooling,vocabulary_size,"
      + "batch_size,learning_rate,dropout_words,dropout_recurrent,dropout_output,ngram_order,ngram_minimum_count,"
      + "ngram_shortest_characters,ngram_longest_characters,ngram_cost,problem\n"
    return header + map { $0.row + "\n" }.joined()
  }
}

extension Trial {
  fileprivate var row: String {
    func text(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "" }
    let (c, wide) = (configuration, configuration.wide)
    let figures = [
      accuracy, accuracyInterval?.lowerBound, accuracyInterval?.upperBound, macroF1, macroF1Interval?.lowerBound,
      macroF1Interval?.upperBound, loss, rocArea,
    ].map(text)
    let settings = [
      tokens.rawValue, text(c.hiddenSize), text(c.isBidirectional), c.pooling.rawValue, text(c.vocabularySize),
      text(c.batchSize), text(c.learningRate), text(c.dropout.words), text(c.dropout.recurrent),
      text(c.dropout.output), text(wide?.order), text(wide?.minimumCount), text(wide?.shortestCharacters),
      text(wide?.longestCharacters), text(wide?.cost),
    ]
    let quoted = problem.map { "\"\($0.replacingOccurrences(of: "\"", with: "\"\""))\"" }
    return
      ([text(number), text(folds.count)] + figures + [text(seconds), text(peakMemory), text(modelSize)]
      + [text(textsPerSecond)] + settings + [text(quoted)]).joined(separator: ",")
  }
}
