import Foundation

/// A line chart, as inline SVG. Colors and fonts are in the page's style sheet.
struct Chart {
  struct Point {
    var x: Double
    var y: Double
    /// The text that is shown when the pointer rests on the point. Points with a note are marked by a dot.
    var note: String?
    /// The radius of the dot.
    var radius = 2.6
  }

  struct Series {
    var points: [Point]
    /// The index of a color in the palette.
    var color: Int
    var isDashed = false
    /// Whether a line goes through the points.
    var hasLine = true
  }

  enum Shape: String {
    case wide, square, small

    var size: (width: Double, height: Double) {
      switch self {
      case .wide: (400, 232)
      case .square: (300, 300)
      case .small: (300, 180)
      }
    }
  }

  let shape: Shape
  let x: Axis
  let y: Axis
  let series: [Series]
  /// Whether the line y = x is drawn.
  var hasDiagonal = false

  private static let (left, right, top, bottom) = (38.0, 8.0, 20.0, 36.0)

  /// The position of a point, in the chart's units.
  private func position(of point: Point) -> (x: Double, y: Double) {
    let (width, height) = shape.size
    return (
      Self.left + x.position(of: point.x) * (width - Self.left - Self.right),
      height - Self.bottom - y.position(of: point.y) * (height - Self.top - Self.bottom)
    )
  }

  /// The `svg` element.
  ///
  /// - Parameter title: the description for screen readers.
  func svg(title: String) -> String {
    let (width, height) = shape.size
    let (baseline, end) = (height - Self.bottom, width - Self.right)
    var svg = """
      <svg class="\(shape.rawValue)" viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="\(escaped(title))">

      """
    for tick in y.ticks {
      let line = units(position(of: Point(x: x.domain.lowerBound, y: tick)).y)
      svg += "<path class=\"grid\" d=\"M\(units(Self.left)) \(line)H\(units(end))\"/>"
      svg +=
        "<text x=\"\(units(Self.left - 6))\" y=\"\(line)\" dy=\".32em\" text-anchor=\"end\">\(y.text(at: tick))</text>\n"
    }
    svg += "<path class=\"axis\" d=\"M\(units(Self.left)) \(units(baseline))H\(units(end))"
    for tick in x.ticks {
      svg += "M\(units(position(of: Point(x: tick, y: y.domain.lowerBound)).x)) \(units(baseline))v4"
    }
    svg += "\"/>\n"
    for tick in x.ticks {
      let column = units(position(of: Point(x: tick, y: y.domain.lowerBound)).x)
      svg += "<text x=\"\(column)\" y=\"\(units(baseline + 15))\" text-anchor=\"middle\">\(x.text(at: tick))</text>\n"
    }
    svg += "<text class=\"label\" x=\"0\" y=\"9\">\(escaped(y.label))</text>\n"
    svg += "<text class=\"label\" x=\"\(units(end))\" y=\"\(units(height - 5))\" text-anchor=\"end\">"
    svg += "\(escaped(x.label))</text>\n"
    if hasDiagonal {
      svg +=
        "<path class=\"diagonal\" d=\"M\(units(Self.left)) \(units(baseline))L\(units(end)) \(units(Self.top))\"/>\n"
    }
    for series in series {
      svg += "<g class=\"c\(series.color)\">"
      if series.hasLine {
        svg += "<path class=\"line\(series.isDashed ? " dashed" : "")\" d=\"\(path(series))\"/>"
      }
      for point in series.points where point.note != nil && point.x.isFinite && point.y.isFinite {
        let center = position(of: point)
        svg += "<circle cx=\"\(units(center.x))\" cy=\"\(units(center.y))\" r=\"\(units(point.radius))\">"
        svg += "<title>\(escaped(point.note!))</title></circle>"
      }
      svg += "</g>\n"
    }
    return svg + "</svg>"
  }

  /// The path of a series' line. It is interrupted at values that aren't finite, and leaves out points that are too close
  /// together to be told apart.
  private func path(_ series: Series) -> String {
    var path = ""
    var last: (x: Double, y: Double)?
    for (index, point) in series.points.enumerated() {
      guard point.x.isFinite, point.y.isFinite else {
        last = nil
        continue
      }
      let next = position(of: point)
      if let last, index + 1 < series.points.count, hypot(next.x - last.x, next.y - last.y) < 0.4 { continue }
      // A line of length 0 still has round ends, so an isolated point is visible.
      path += (last == nil ? "M" : "L") + "\(units(next.x)) \(units(next.y))" + (last == nil ? "h0" : "")
      last = next
    }
    return path
  }

  /// A length in the chart's units, with at most one decimal.
  private func units(_ value: Double) -> String {
    let tenths = Int((max(-1e4, min(value, 1e4)) * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(tenths.magnitude / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths.magnitude % 10)")
  }
}

extension [Chart.Point] {
  /// At most `limit` points, each the mean of some neighbors, and the largest number of neighbors.
  func thinned(to limit: Int = 200) -> (points: [Chart.Point], neighbors: Int) {
    let size = Swift.max(1, (count + limit - 1) / limit)
    if size == 1 { return (self, 1) }
    let means = stride(from: 0, to: count, by: size).map { start in
      let neighbors = self[start..<Swift.min(start + size, count)]
      let count = Double(neighbors.count)
      return Chart.Point(x: neighbors.reduce(0) { $0 + $1.x } / count, y: neighbors.reduce(0) { $0 + $1.y } / count)
    }
    return (means, size)
  }
}
