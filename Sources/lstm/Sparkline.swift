/// A curve of a dozen characters that summarizes any number of values.
struct Sparkline {
  private static let levels = Array("▁▂▃▄▅▆▇█")
  private static let capacity = 256
  private static let width = 12

  private var values: [Float] = []
  private var count = 0
  /// One of this many values is kept. The interval doubles whenever the capacity is reached.
  private var interval = 1

  mutating func add(_ value: Float) {
    if value.isFinite, count.isMultiple(of: interval) { values.append(value) }
    count += 1
    if values.count == Self.capacity {
      values = stride(from: 0, to: Self.capacity, by: 2).map { values[$0] }
      interval *= 2
    }
  }

  /// The curve, scaled from the smallest to the largest value. Its width is always the same, or it is empty.
  var text: String {
    guard values.count > 1, let low = values.min(), let high = values.max(), high > low else { return "" }
    let columns = min(Self.width, values.count)
    return String(
      (0..<columns).map { column in
        let values = values[column * values.count / columns..<(column + 1) * values.count / columns]
        let mean = values.reduce(0, +) / Float(values.count)
        return Self.levels[min(Int((mean - low) / (high - low) * 8), 7)]
      }) + String(repeating: " ", count: Self.width - columns)
  }
}
