import Classification

/// A table of figures, printed row by row.
struct FigureTable {
  private let isQuiet: Bool
  private var bar: ProgressBar
  private var header: [String]?
  private let widths: [Int]

  init(_ columns: [String], isQuiet: Bool) {
    self.isQuiet = isQuiet
    bar = ProgressBar(isQuiet: isQuiet)
    header = columns
    widths = columns.map { max($0.count, 6) }
  }

  mutating func draw(_ title: String, done: Double) { bar.draw(title, done: done, details: []) }

  mutating func end() { bar.clear() }

  mutating func print(_ cells: [String]) {
    bar.clear()
    if isQuiet { return }
    if let header { printProgress(line(header)) }
    header = nil
    printProgress(line(cells))
  }

  private func line(_ cells: [String]) -> String {
    zip(cells, widths).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined(separator: "  ")
  }
}

/// A figure with its interval.
func shown(_ value: Double?, _ interval: ClosedRange<Double>? = nil) -> String {
  guard let value else { return "–" }
  return fixed(value, 4)
    + (interval.map { " (\(fixed($0.lowerBound, 4))–\(fixed($0.upperBound, 4)))" } ?? "")
}

/// The mean of some figures and their standard deviation.
func spread(_ values: [Double]) -> String {
  guard let spread = Spread(values) else { return "–" }
  return fixed(spread.mean, 4) + (spread.deviation.map { " ± \(fixed($0, 4))" } ?? "")
}
