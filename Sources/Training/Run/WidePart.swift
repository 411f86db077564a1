import Corpus
import Foundation
import Hyperparameters
import Models
import NGrams
import Parallel
import RecurrentNetwork

/// The wide part of a run: it is trained when the run begins or resumes, as that takes seconds and always leads to the
/// same bits, and joined with the network when the run ends.
final class WidePart {
  /// What it makes of the validation texts, [count][logits] in one array.
  let validationLogits: [Float]
  private let training: LabeledSequences
  private let validation: LabeledSequences
  private let configuration: TrainingConfiguration
  private let settings: NGramSettings
  private let threads: Int
  /// Nil once it has made room for another.
  private var kept: NGramClassifier?

  /// - Parameter progress: told about which share of the work is done, by one thread at a time.
  /// - Returns: nil where the settings ask for none.
  /// - Throws: `TrainingError.numbersInsteadOfTexts` where the data came without words.
  init?(
    _ configuration: TrainingConfiguration, training: LabeledSequences, validation: LabeledSequences, threads: Int,
    progress: (Double) -> Void = { _ in }
  ) throws {
    guard let settings = configuration.wide else { return nil }
    guard let texts = training.texts, let validationTexts = validation.texts else {
      throw TrainingError.numbersInsteadOfTexts
    }
    let classifier = Self.train(
      texts, training.labels, settings, configuration, threads: threads, progress: progress)
    validationLogits = classifier.logits(of: validationTexts, threads: threads)
    (self.training, self.validation, kept) = (training, validation, classifier)
    (self.configuration, self.settings, self.threads) = (configuration, settings, threads)
  }

  /// Trained on the training texts.
  private var classifier: NGramClassifier {
    if let kept { return kept }
    let classifier = Self.train(
      training.texts!, training.labels, settings, configuration, threads: threads
    ) { _ in }
    kept = classifier
    return classifier
  }

  private static func train(
    _ texts: WordSequences, _ labels: [UInt8], _ settings: NGramSettings, _ configuration: TrainingConfiguration,
    threads: Int, progress: (Double) -> Void
  ) -> NGramClassifier {
    NGramClassifier(
      training: texts, labels: labels, labelCount: configuration.labelCount,
      classWeights: configuration.classWeights, settings: settings, seed: configuration.seed, threads: threads,
      progress: progress)
  }

  /// The factors that suit some texts. What is most likely need not be right most often; the network must not spoil
  /// what the n-grams know.
  private static func shares(wide: [Float], network: [Float], labels: [UInt8]) -> LogitShares {
    func accuracy(_ logits: [Float]) -> Double {
      Metrics(Outcome.outcomes(logits: logits, labels: labels), labels).accuracy
    }
    var shares = LogitShares(wide: wide, network: network, labels: labels)
    if accuracy(shares.sum(wide, network)) < accuracy(wide) { shares.network = 0 }
    return shares
  }

  /// What both parts together make of the validation texts, [count][logits] in one array: of each half of them with the
  /// factors that suit the other half, as the model meets texts that had no say in its factors.
  func crossValidatedLogits(networkLogits: [Float]) -> [Float] {
    let labels = validation.labels
    let width = validationLogits.count / max(labels.count, 1)
    func half(_ logits: [Float], _ parity: Int) -> [Float] {
      logits.indices.filter { $0 / width % 2 == parity }.map { logits[$0] }
    }
    var result = validationLogits
    for parity in [0, 1] {
      let others = labels.indices.filter { $0 % 2 != parity }.map { labels[$0] }
      let shares = Self.shares(
        wide: half(validationLogits, 1 - parity), network: half(networkLogits, 1 - parity), labels: others)
      let sums = shares.sum(half(validationLogits, parity), half(networkLogits, parity))
      for (place, sum) in zip(result.indices.filter { $0 / width % 2 == parity }, sums) { result[place] = sum }
    }
    return result
  }

  /// How well the wide part alone does on the validation texts.
  var metrics: Metrics {
    Metrics(Outcome.outcomes(logits: validationLogits, labels: validation.labels), validation.labels)
  }

  /// The wide part as a model has it; the network's weights with which its logits go, nil where these count for nothing;
  /// and what both made of the validation texts before the wide part learned from them, too.
  ///
  /// - Parameters:
  ///   - parameters: the network's weights.
  ///   - networkLogits: what the network makes of the validation texts; nil where that isn't known.
  ///   - weighsParts: whether the parts' shares follow from that, rather than being equal.
  ///   - progress: told about which share of the work is done, by one thread at a time.
  func joined(
    with parameters: Parameters, networkLogits: [Float]?, weighsParts: Bool, progress: (Double) -> Void
  ) -> (wide: NGramClassifier, parameters: Parameters?, validationLogits: [Float]?) {
    var parameters = parameters
    var shares = LogitShares()
    var retrained: NGramClassifier?
    if let networkLogits, weighsParts {
      shares = Self.shares(wide: validationLogits, network: networkLogits, labels: validation.labels)
      // The validation texts have served their purpose; the wide part can learn from them as well.
      if configuration.validationSplit != nil, let both = training.texts?.appending(validation.texts!) {
        // With many labels, either of them may take a hundred megabytes.
        kept = nil
        retrained = Self.train(
          both, training.labels + validation.labels, settings, configuration, threads: threads, progress: progress)
      }
    }
    var wide = retrained.take() ?? classifier
    wide.scaleLogits(by: Float(shares.wide))
    for tensor in [parameters.layout.denseKernel, parameters.layout.denseBias] {
      for index in tensor.range { parameters.values[index] *= Float(shares.network) }
    }
    return (wide, shares.network > 0 ? parameters : nil, networkLogits.map { shares.sum(validationLogits, $0) })
  }
}

/// The factors of two classifiers' logits in their sum.
struct LogitShares: Equatable {
  var wide = 0.5
  var network = 0.5

  /// The mean of both.
  init() {}

  /// The sum of two classifiers' logits.
  func sum(_ wideLogits: [Float], _ networkLogits: [Float]) -> [Float] {
    zip(wideLogits, networkLogits).map { Float(wide) * $0 + Float(network) * $1 }
  }

  /// The factors under which labels are the most likely, near the mean of both where there are few labels.
  ///
  /// - Parameters:
  ///   - wide: one classifier's logits, [count][logits] in one array.
  ///   - network: the other's.
  ///   - labels: the true labels, [count].
  init(wide first: [Float], network second: [Float], labels: [UInt8]) {
    guard !labels.isEmpty else { return }
    let width = first.count / labels.count
    var shares = [0.5, 0.5]
    // Newton's method; the loss is convex, and the prior makes it strictly so.
    for _ in 0..<20 {
      var gradient = [2 * Self.prior * (shares[0] - 0.5), 2 * Self.prior * (shares[1] - 0.5)]
      var (h00, h01, h11) = (2 * Self.prior, 0.0, 2 * Self.prior)
      for (sample, label) in labels.enumerated() {
        let inputs = (0..<width).map { (Double(first[sample * width + $0]), Double(second[sample * width + $0])) }
        // With two labels, label 0 has the logit 0.
        let all = width == 1 ? [(0.0, 0.0)] + inputs : inputs
        let logits = all.map { shares[0] * $0.0 + shares[1] * $0.1 }
        let largest = logits.max()!
        let exponentials = logits.map { exp($0 - largest) }
        let sum = exponentials.reduce(0, +)
        var (mean0, mean1, square00, square01, square11) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for (input, exponential) in zip(all, exponentials) {
          let p = exponential / sum
          mean0 += p * input.0
          mean1 += p * input.1
          square00 += p * input.0 * input.0
          square01 += p * input.0 * input.1
          square11 += p * input.1 * input.1
        }
        gradient[0] += mean0 - all[Int(label)].0
        gradient[1] += mean1 - all[Int(label)].1
        h00 += square00 - mean0 * mean0
        h01 += square01 - mean0 * mean1
        h11 += square11 - mean1 * mean1
      }
      let determinant = h00 * h11 - h01 * h01
      let steps = [
        (h11 * gradient[0] - h01 * gradient[1]) / determinant, (h00 * gradient[1] - h01 * gradient[0]) / determinant,
      ]
      for index in 0..<2 { shares[index] = min(max(shares[index] - steps[index], 0), 10) }
      if steps.allSatisfy({ abs($0) < 1e-9 }) { break }
    }
    if shares.allSatisfy(\.isFinite), shares[0] + shares[1] > 0 { (wide, network) = (shares[0], shares[1]) }
  }

  /// Weighs the distance from the mean: with this, like a few texts.
  private static let prior = 5.0
}
