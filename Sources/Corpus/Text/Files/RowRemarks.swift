/// What is to be said of the rows of a table that were not taken as they are.
struct RowRemarks: Sendable {
  /// Why rows were left out, in their order.
  var skipped: [CorpusError] = []
  /// How many halves of surrogate pairs became U+FFFD.
  var loneSurrogateCount = 0

  mutating func add(_ other: RowRemarks) {
    skipped += other.skipped
    loneSurrogateCount += other.loneSurrogateCount
  }

  /// The remarks in sentences.
  var notes: [String] {
    var notes: [String] = []
    if !skipped.isEmpty {
      let shown = skipped.prefix(5).map { error in
        (error.place.map { "\($0): " } ?? "")
          + (error.expected.map { "expected \($0), found \(error.found)" } ?? error.found)
      }
      let more = skipped.count > 5 ? "; and \(skipped.count - 5) more" : ""
      notes.append("bad rows skipped: \(skipped.count) (\(shown.joined(separator: "; "))\(more))")
    }
    if loneSurrogateCount > 0 {
      notes.append("unpaired surrogates replaced by U+FFFD: \(loneSurrogateCount)")
    }
    return notes
  }
}

extension CorpusError {
  /// Whether it is about a row alone, so that reading can go on with the next. Behind a quote that isn't closed nobody
  /// knows where that is.
  var isAboutARow: Bool { kind == .invalidEncoding || kind == .malformedTable && expected != Self.closingQuote }

  /// What is expected where a quote isn't closed.
  static let closingQuote = "a closing quote"
}
