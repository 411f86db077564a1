import Foundation

/// An axis of a chart: its range, and its ticks at round numbers.
struct Axis {
  /// The quantity, with its unit.
  let label: String
  let domain: ClosedRange<Double>
  let ticks: [Double]
  private let decimals: Int
  /// What stands at the ticks instead of numbers.
  private var names: [String]?

  /// An axis of names, at 0, 1, ….
  init(_ label: String, categories names: [String]) {
    self.label = label
    self.names = names
    domain = -0.5...Double(max(names.count, 1)) - 0.5
    ticks = names.indices.map { Double($0) }
    decimals = 0
  }

  /// - Parameters:
  ///   - label: the quantity, with its unit.
  ///   - values: the values to cover; those that aren't finite are ignored.
  ///   - endsAtTicks: whether the domain is extended to the next ticks.
  ///   - isWhole: whether only whole numbers have a tick.
  init(_ label: String, covering values: some Sequence<Double>, endsAtTicks: Bool = true, isWhole: Bool = false) {
    var (low, high) = values.lazy.filter(\.isFinite).reduce((Double.infinity, -Double.infinity)) {
      (min($0.0, $1), max($0.1, $1))
    }
    if low > high { (low, high) = (0, 1) }
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-3) {
      // A single value is put in the middle.
      let margin = isWhole ? 0.5 : max(0.1 * abs(low), 1e-6)
      (low, high) = (low - margin, high + margin)
    }
    let rough = (high - low) / 4
    let magnitude = pow(10, floor(log10(rough)))
    let step = max([1, 2, 5, 10].first { rough <= 1.5 * $0 * magnitude }! * magnitude, isWhole ? 1 : 0)
    if endsAtTicks { (low, high) = (floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step) }
    let first = ceil(low / step - 1e-9)
    ticks = (0..<20).map { (first + Double($0)) * step }.filter { $0 <= high + 1e-9 * step }
    decimals = min(max(0, -Int(floor(log10(step) + 1e-9))), 9)
    domain = low...high
    self.label = label
  }

  /// The position of a value along the axis, from 0 to 1.
  func position(of value: Double) -> Double { (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound) }

  /// The text at a tick.
  func text(at tick: Double) -> String { names?[Int(tick)] ?? decimal(tick, decimals) }
}
