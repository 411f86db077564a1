/// The mean of some values, and how far they scatter.
package struct Spread: Sendable, Equatable {
  package let mean: Double
  /// The standard deviation of the population that the values are a sample of, from n − 1; nil for a single value.
  package let deviation: Double?

  /// - Returns: nil without values.
  package init?(_ values: some Collection<Double>) {
    guard !values.isEmpty else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    deviation = count > 1 ? (squares / (count - 1)).squareRoot() : nil
  }
}
