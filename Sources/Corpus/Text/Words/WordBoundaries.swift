/// The boundaries of words in a text, by the default rules of Unicode Standard Annex #29.
package struct WordBoundaries {
  /// Valid UTF-8.
  private let text: UnsafeBufferPointer<UInt8>
  /// Whether what has no spaces between its words falls into single characters, each with its marks, and whether all
  /// white space separates words: the annex joins the letters of Katakana, and what stands on both sides of U+202F.
  private let dividesScripts: Bool

  /// The boundaries in a text; see the properties.
  package init(text: UnsafeBufferPointer<UInt8>, dividesScripts: Bool) {
    (self.text, self.dividesScripts) = (text, dividesScripts)
  }

  /// The end of the segment that begins at a boundary. Nothing before the boundary matters to it.
  ///
  /// What may join two letters or digits, such as a full stop, is looked beyond, and what is seen there belongs to this
  /// segment or to the next: so all segments of a text take a time linear in its length.
  package func end(of start: Int) -> Int {
    var (current, next) = character(at: start)
    if current == .newline {
      // WB3
      return text[start] == 0xD && next < text.count && text[next] == 0xA ? next + 1 : next
    }
    // The class of the character that was last, and of the last one that the rules see, which skip marks (WB4).
    var (last, seen) = (current, current)
    var isPair = false
    while next < text.count {
      var end: Int
      (current, end) = character(at: next)
      switch current {
      case .extend, .format, .joiner:
        (last, next) = (current, end)
        continue
      case _ where last == .joiner && isPictograph(at: next): break  // WB3c
      case .space where last == .space: break  // WB3d
      case .letter, .hebrewLetter, .numeric: if !seen.isWordlike { return next }  // WB5, WB8, WB9, WB10, WB13b
      case .extendNumLet: if !seen.isWordlike && seen != .katakana { return next }  // WB13a
      case .katakana: if seen != .katakana && seen != .extendNumLet { return next }  // WB13, WB13b
      case .regionalIndicator:
        // WB15, WB16
        if seen != .regionalIndicator || isPair { return next }
        isPair = true
      case .midLetter, .midNumLet, .midNum, .singleQuote, .doubleQuote:
        let (following, endOfFollowing) = seenCharacter(at: end)
        let joins =
          switch (seen, following) {
          case (.letter, .letter), (.letter, .hebrewLetter), (.hebrewLetter, .letter):
            current != .midNum && current != .doubleQuote  // WB6, WB7
          case (.hebrewLetter, .hebrewLetter): current != .midNum  // WB6, WB7, WB7b, WB7c
          case (.numeric, .numeric): current != .midLetter && current != .doubleQuote  // WB11, WB12
          default: false
          }
        if joins {
          (current, end) = (following, endOfFollowing)
        } else if seen != .hebrewLetter || current != .singleQuote {
          return next
        }  // WB7a
      default: return next
      }
      (last, seen, next) = (current, current, end)
    }
    return next
  }

  /// The first character from a place on that is not a mark, and its end; `other` if there is none.
  private func seenCharacter(at start: Int) -> (WordBreak, end: Int) {
    var next = start
    while next < text.count {
      let (current, end) = character(at: next)
      switch current {
      case .extend, .format, .joiner: next = end
      default: return (current, end)
      }
    }
    return (.other, next)
  }

  /// The class of a character, as far as the rules have it, and its end.
  @inline(__always)
  private func character(at start: Int) -> (WordBreak, end: Int) {
    let (scalar, end) = text.scalar(at: start)
    switch CharacterFacts(scalar).wordBreak {
    case .otherSpace, .zeroWidthSpace: return (.other, end)
    case .narrowSpace: return (dividesScripts ? .other : .extendNumLet, end)
    case .katakana: return (dividesScripts ? .other : .katakana, end)
    case .ideographicMark: return (dividesScripts ? .other : .letter, end)
    case .vowelAm: return (dividesScripts ? .extend : .other, end)
    case let other: return (other, end)
    }
  }

  private func isPictograph(at start: Int) -> Bool { CharacterFacts.isPictograph(text.scalar(at: start).0) }
}

extension WordBreak {
  /// Whether it stands in words and joins letters and digits.
  fileprivate var isWordlike: Bool {
    switch self {
    case .letter, .hebrewLetter, .numeric, .extendNumLet: true
    default: false
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The character that begins here, and its end; U+FFFD where there is no valid UTF-8.
  @inline(__always)
  func scalar(at start: Int) -> (Unicode.Scalar, end: Int) {
    let lead = self[start]
    if lead < 0x80 { return (Unicode.Scalar(lead), start + 1) }
    let end = Swift.min(count, start + (lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4))
    var bits = UInt32(lead) & 0x7F >> UInt32(end - start)
    for place in start + 1..<end { bits = bits << 6 | UInt32(self[place] & 0x3F) }
    return (Unicode.Scalar(bits) ?? "\u{FFFD}", end)
  }
}
