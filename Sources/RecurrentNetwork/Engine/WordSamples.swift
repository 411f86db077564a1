#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The words that a network has to tell the right ones from in a step of sampled softmax (Jean et al., 2015).
///
/// A word w is given the logit h · o_w + b_w − c_w; the loss of a position is the cross-entropy of the right word among
/// itself and the samples that aren't it. With c = ln(K · q), where q is the distribution that the samples were drawn
/// from, h · o + b is on the way to the logarithm of a word's probability; with c = ln(K · q) − ln p, where p are the
/// words' frequencies, to that of how much likelier it is than usual, and zeros are a good beginning.
package struct WordSamples: Sendable {
  /// K is a multiple of this.
  package static let countMultiple = 32
  /// The words drawn, which may repeat: [K].
  package let tokens: [Int32]
  /// c of each token of the vocabulary, [V]; −∞ for those that are never drawn, and not predicted either.
  package let corrections: [Float]

  /// - Precondition: the number of samples is a multiple of `countMultiple`, and each of them can be drawn.
  package init(tokens: [Int32], corrections: [Float]) {
    precondition(tokens.count.isMultiple(of: Self.countMultiple))
    precondition(tokens.allSatisfy { corrections[Int($0)].isFinite })
    (self.tokens, self.corrections) = (tokens, corrections)
  }

  /// −ln of the right word's share.
  ///
  /// - Parameters:
  ///   - right: its logit.
  ///   - total: the sum of e^logit over it and the samples.
  package static func loss(right: Float, total: Float) -> Double { log(Double(total)) - Double(right) }
}
