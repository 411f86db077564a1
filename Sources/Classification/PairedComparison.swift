import Foundation

/// Two classifiers on the same texts, and whether chance alone would make them differ as much.
package struct PairedComparison: Sendable, Equatable {
  /// Texts for which both are right.
  package let bothRight: Int
  /// Texts for which the first alone is right.
  package let onlyFirst: Int
  /// Texts for which the second alone is right.
  package let onlySecond: Int
  /// Texts for which both are wrong.
  package let bothWrong: Int

  package init(bothRight: Int, onlyFirst: Int, onlySecond: Int, bothWrong: Int) {
    (self.bothRight, self.onlyFirst) = (bothRight, onlyFirst)
    (self.onlySecond, self.bothWrong) = (onlySecond, bothWrong)
  }

  /// - Parameters:
  ///   - first: for which texts the first is right, [N].
  ///   - second: for which the second is, [N].
  /// - Precondition: there are as many.
  package init(_ first: [Bool], _ second: [Bool]) {
    precondition(first.count == second.count, "the classifiers answered different numbers of texts")
    let pairs = Array(zip(first, second))
    self.init(
      bothRight: pairs.count { $0 && $1 }, onlyFirst: pairs.count { $0 && !$1 },
      onlySecond: pairs.count { !$0 && $1 }, bothWrong: pairs.count { !$0 && !$1 })
  }

  /// The number of texts.
  package var count: Int { bothRight + onlyFirst + onlySecond + bothWrong }
  /// The number of texts for which the first is right, and for which the second is.
  package var rightCounts: [Int] { [bothRight + onlyFirst, bothRight + onlySecond] }

  /// The probability that two classifiers that are equally often right differ as much or more: McNemar's test, by the
  /// exact binomial distribution, whatever the number of texts.
  ///
  /// Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
  /// Psychometrika 12 (1947).
  package var pValue: Double {
    let (fewer, all) = (min(onlyFirst, onlySecond), onlyFirst + onlySecond)
    // The terms from the largest down, C(n, k − 1) = C(n, k) · k / (n − k + 1).
    var (term, sum) = (1.0, 1.0)
    for k in stride(from: fewer, to: 0, by: -1) {
      term *= Double(k) / Double(all - k + 1)
      sum += term
    }
    let (n, k) = (Double(all), Double(fewer))
    let largest = lgamma(n + 1).0 - lgamma(k + 1).0 - lgamma(n - k + 1).0 - n * log(2)
    return min(1, 2 * sum * exp(largest))
  }
}
