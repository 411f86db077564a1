/// What the network makes of a sequence.
package struct Outcome: Sendable, Equatable, BitwiseCopyable {
  /// With two labels z, whose σ is the probability of label 1; with more the predicted label's.
  package var logit: Float = 0
  /// Cross-entropy, times the sequence's weight.
  package var loss: Double = 0
  /// With two labels label 1's, with more the predicted label's; in Float, as a metric sees it.
  package var probability: Float = 0
  /// The predicted label; a probability of exactly ½ predicts 0 (keras/src/metrics/accuracy_metrics.py).
  package var label: UInt8 = 0

  package init() {}

  /// - Parameters:
  ///   - logits: one for two labels, or else one for each label.
  ///   - label: the true label.
  ///   - weight: of the loss.
  package init(logits: some RandomAccessCollection<Float>, label: UInt8, weight: Float = 1) {
    let logits = Array(logits)
    if logits.count == 1 {
      let z = Double(logits[0])
      logit = logits[0]
      loss = BinaryCrossEntropy.loss(logit: z, label: Double(label)) * Double(weight)
      probability = Float(sigmoid(z))
      self.label = probability > 0.5 ? 1 : 0
    } else {
      // Of equal ones the first, as numpy's argmax.
      let best = logits.indices.max { (logits[$0], -$0) < (logits[$1], -$1) }!
      let probabilities = softmax(logits)
      logit = logits[best]
      loss = -logSoftmax(logits, Int(label)) * Double(weight)
      probability = Float(probabilities[best])
      self.label = UInt8(best)
    }
  }

  /// The outcome of each of some sequences.
  ///
  /// - Parameters:
  ///   - logits: [count][logits] in one array.
  ///   - labels: the true labels, [count].
  package static func outcomes(logits: [Float], labels: [UInt8]) -> [Outcome] {
    if labels.isEmpty { return [] }
    let width = logits.count / labels.count
    return labels.enumerated().map { Outcome(logits: logits[$0 * width..<($0 + 1) * width], label: $1) }
  }

  /// The probability of each label.
  ///
  /// - Parameter logits: one for two labels, or else one for each label.
  package static func probabilities(logits: some RandomAccessCollection<Float>) -> [Float] {
    let logits = Array(logits)
    if logits.count > 1 { return softmax(logits).map { Float($0) } }
    let probability = Float(sigmoid(Double(logits[0])))
    return [1 - probability, probability]
  }

  /// d loss / d logit of each logit, for a weight of 1.
  package static func gradients(logits: [Float], label: UInt8) -> [Double] {
    if logits.count == 1 { return [BinaryCrossEntropy.gradient(logit: Double(logits[0]), label: Double(label))] }
    return softmax(logits).enumerated().map { $1 - ($0 == Int(label) ? 1 : 0) }
  }
}
