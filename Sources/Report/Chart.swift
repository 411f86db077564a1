import Foundation

/// A line chart in inline SVG; the page's style sheet gives colors and type.
struct Chart {
  struct Point {
    var x: Double
    var y: Double
    /// What a pointer that rests on it is told; points with a note are marked by a dot.
    var note: String?
    /// The dot's radius.
    var radius = 2.6
  }

  struct Series {
    var points: [Point]
    /// Which of the palette's colors.
    var color: Int
    var isDashed = false
  }

  enum Shape: String {
    case wide, square
    var size: (width: Double, height: Double) { self == .wide ? (400, 232) : (300, 300) }
  }

  let shape: Shape
  let x: Axis
  let y: Axis
  let series: [Series]
  /// Whether the line y = x is drawn.
  var hasDiagonal = false

  private static let (left, right, top, bottom) = (38.0, 8.0, 20.0, 36.0)

  private func place(_ point: Point) -> (x: Double, y: Double) {
    let (width, height) = shape.size
    return (
      Self.left + x.share(point.x) * (width - Self.left - Self.right),
      height - Self.bottom - y.share(point.y) * (height - Self.top - Self.bottom)
    )
  }

  /// The `svg` element.
  ///
  /// - Parameter title: what a reader who can't see it is told.
  func svg(title: String) -> String {
    let (width, height) = shape.size
    let (floor, end) = (height - Self.bottom, width - Self.right)
    var svg = """
      <svg class="\(shape.rawValue)" viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="\(escaped(title))">

      """
    for tick in y.ticks {
      let line = units(place(Point(x: x.domain.lowerBound, y: tick)).y)
      svg += "<path class=\"grid\" d=\"M\(units(Self.left)) \(line)H\(units(end))\"/>"
      svg +=
        "<text x=\"\(units(Self.left - 6))\" y=\"\(line)\" dy=\".32em\" text-anchor=\"end\">\(y.text(tick))</text>\n"
    }
    svg += "<path class=\"axis\" d=\"M\(units(Self.left)) \(units(floor))H\(units(end))"
    for tick in x.ticks { svg += "M\(units(place(Point(x: tick, y: y.domain.lowerBound)).x)) \(units(floor))v4" }
    svg += "\"/>\n"
    for tick in x.ticks {
      let column = units(place(Point(x: tick, y: y.domain.lowerBound)).x)
      svg += "<text x=\"\(column)\" y=\"\(units(floor + 15))\" text-anchor=\"middle\">\(x.text(tick))</text>\n"
    }
    svg += "<text class=\"label\" x=\"0\" y=\"9\">\(escaped(y.label))</text>\n"
    svg += "<text class=\"label\" x=\"\(units(end))\" y=\"\(units(height - 5))\" text-anchor=\"end\">"
    svg += "\(escaped(x.label))</text>\n"
    if hasDiagonal {
      svg += "<path class=\"diagonal\" d=\"M\(units(Self.left)) \(units(floor))L\(units(end)) \(units(Self.top))\"/>\n"
    }
    for series in series {
      svg +=
        "<g class=\"c\(series.color)\"><path class=\"line\(series.isDashed ? " dashed" : "")\" d=\"\(path(series))\"/>"
      for point in series.points where point.note != nil && point.x.isFinite && point.y.isFinite {
        let center = place(point)
        svg += "<circle cx=\"\(units(center.x))\" cy=\"\(units(center.y))\" r=\"\(units(point.radius))\">"
        svg += "<title>\(escaped(point.note!))</title></circle>"
      }
      svg += "</g>\n"
    }
    return svg + "</svg>"
  }

  /// The line through a series; it breaks where a value isn't finite, and leaves out what no eye could tell apart.
  private func path(_ series: Series) -> String {
    var path = ""
    var last: (x: Double, y: Double)?
    for (index, point) in series.points.enumerated() {
      guard point.x.isFinite, point.y.isFinite else {
        last = nil
        continue
      }
      let next = place(point)
      if let last, index + 1 < series.points.count, hypot(next.x - last.x, next.y - last.y) < 0.4 { continue }
      // A line of no length has round ends: so a point that stands alone is seen.
      path += (last == nil ? "M" : "L") + "\(units(next.x)) \(units(next.y))" + (last == nil ? "h0" : "")
      last = next
    }
    return path
  }

  /// A length in the chart's units, to a tenth.
  private func units(_ value: Double) -> String {
    let tenths = Int((max(-1e4, min(value, 1e4)) * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(tenths.magnitude / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths.magnitude % 10)")
  }
}

extension [Chart.Point] {
  /// At most `limit` points, each the mean of as many neighbors, and how many those are.
  func thinned(to limit: Int = 200) -> (points: [Chart.Point], neighbors: Int) {
    let size = Swift.max(1, (count + limit - 1) / limit)
    if size == 1 { return (self, 1) }
    let means = stride(from: 0, to: count, by: size).map { start in
      let part = self[start..<Swift.min(start + size, count)]
      let count = Double(part.count)
      return Chart.Point(x: part.reduce(0) { $0 + $1.x } / count, y: part.reduce(0) { $0 + $1.y } / count)
    }
    return (means, size)
  }
}
