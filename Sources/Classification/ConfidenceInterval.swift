/// 95 % confidence intervals.
extension ClosedRange<Double> {
  /// The 97.5 % quantile of the standard normal distribution.
  private static var z: Double { 1.959963984540054 }

  /// The interval of an estimate whose distribution is approximately normal, as sums over many samples are.
  static func normal(_ estimate: Double, variance: Double) -> ClosedRange<Double> {
    let half = z * variance.squareRoot()
    return estimate - half...estimate + half
  }

  /// The interval of the mean of some values; nil if there are fewer than two.
  package static func mean(of values: some Collection<Double>) -> ClosedRange<Double>? {
    guard values.count > 1 else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return .normal(mean, variance: squares / (count - 1) / count)
  }

  /// The interval of the share `part` / `whole`, by Wilson's score; nil if `whole` is 0.
  ///
  /// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
  /// Statistical Association 22 (1927).
  package static func wilson(_ part: Int, of whole: Int) -> ClosedRange<Double>? {
    guard whole > 0 else { return nil }
    let (n, share) = (Double(whole), Double(part) / Double(whole))
    let scale = 1 + z * z / n
    let middle = (share + z * z / (2 * n)) / scale
    let half = z / scale * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return (middle - half...middle + half).clamped(to: 0...1)
  }
}
