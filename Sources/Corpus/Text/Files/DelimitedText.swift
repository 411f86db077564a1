import Foundation

/// Reads delimited values, record by record; as comma-separated values according to RFC 4180, where fields in quotes may
/// hold delimiters, newlines and doubled quotes, or with quotes that mean something else (``TextOptions/Quotes``).
///
/// Nothing is guessed: whatever breaks the rules is an error. Only lines of nothing but spaces are skipped.
struct DelimitedText {
  /// The lines of the file.
  var lines: UTF8Lines
  /// The line in which the record begins; counts from 1.
  private(set) var firstLine = 0
  /// The record's fields, one after the other, without their quotes.
  private(set) var bytes: [UInt8] = []
  /// Where each field ends in `bytes`.
  private(set) var ends: [Int] = []
  /// How many fields each record should have, if that is known.
  var columnCount: Int?
  /// What separates two fields.
  private let delimiter: UInt8
  private let quotes: TextOptions.Quotes
  /// A field in quotes over so many lines, each of which would be a row by itself, is taken for one whose quote was
  /// never closed: it would swallow these rows without a word. Nil to believe all quotes.
  private let suspiciousLineCount: Int?

  static let tab = UInt8(ascii: "\t")
  private static let quote = UInt8(ascii: "\"")
  private static let backslash = UInt8(ascii: "\\")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let space = UInt8(ascii: " ")

  /// - Parameters:
  ///   - lines: in front of the first line.
  ///   - delimiter: what separates two fields.
  ///   - quotes: what quotes mean.
  ///   - believesQuotes: whether a field in quotes may hold whole rows.
  init(_ lines: UTF8Lines, delimiter: UInt8, quotes: TextOptions.Quotes, believesQuotes: Bool) {
    self.lines = lines
    self.delimiter = delimiter
    self.quotes = quotes
    // Texts hardly ever hold tabs; commas they do.
    suspiciousLineCount = believesQuotes ? nil : delimiter == Self.tab ? 2 : 10
  }

  /// All fields of the record.
  var fields: [String] { ends.indices.map { String(decoding: field($0), as: UTF8.self) } }

  /// A field of the record.
  func field(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Reads the next record.
  ///
  /// - Returns: false at the end of the file.
  /// - Throws: `CorpusError` if the text breaks the rules.
  mutating func next() throws -> Bool {
    repeat {
      guard try lines.next() else { return false }
    } while lines.line.allSatisfy { $0 == Self.carriageReturn || $0 == Self.space }
    try parse()
    return true
  }

  /// Reads the record that begins in the line that was read last.
  private mutating func parse() throws {
    firstLine = lines.number
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    var place = 0
    while true {
      let isQuoted = quotes != .none && place < lines.line.count && lines.line[place] == Self.quote
      let opening = lines.number
      place = isQuoted ? try parseQuoted(place + 1) : parsePlain(place)
      ends.append(bytes.count)
      if place == lines.line.count { return }
      // Carriage returns in front of a newline belong to it.
      if lines.line[place...].allSatisfy({ $0 == Self.carriageReturn }) { return }
      guard lines.line[place] == delimiter else {
        throw isQuoted
          ? lines.error(
            .malformedTable, line: opening, expected: "a delimiter or the end of the line behind a closing quote",
            found: opening == lines.number ? "more" : "more, in line \(lines.number)",
            advice: quotes == .backslash
              ? "quotes inside a field need a backslash" : "quotes inside a field must be doubled")
          : lines.error(
            .malformedTable,
            found: "a \(lines.line[place] == Self.quote ? "quote" : "carriage return") in a field that isn't quoted",
            advice: quotes == .backslash
              ? "put the field in quotes, with a backslash in front of those inside"
              : "put the field in quotes, and double those inside")
      }
      place += 1
    }
  }

  /// Takes a field without quotes, and returns the place after it.
  private mutating func parsePlain(_ start: Int) -> Int {
    let line = lines.line[start...]
    // Where tabs are the delimiters, quotes inside a field are usually written as they are.
    let breaksAtQuote = quotes != .none && delimiter != Self.tab
    func isBareQuote(_ place: Int) -> Bool {
      lines.line[place] == Self.quote
        && (quotes == .double || place == start || lines.line[place - 1] != Self.backslash)
    }
    // Without CSV's quotes, only carriage returns in front of the newline are no part of the field.
    func endOfLine() -> Int {
      quotes == .double ? line.endIndex : line.lastIndex { $0 != Self.carriageReturn }.map { $0 + 1 } ?? start
    }
    let end =
      line.indices.first { place in
        line[place] == delimiter || quotes == .double && line[place] == Self.carriageReturn
          || breaksAtQuote && isBareQuote(place)
      } ?? endOfLine()
    bytes += line[..<end]
    return end
  }

  /// Takes the rest of a field in quotes, from the following lines too, and returns the place after it.
  private mutating func parseQuoted(_ start: Int) throws -> Int {
    let opening = lines.number
    var (place, holdsRows) = (start, isRow)
    while true {
      let special = lines.line[place...].firstIndex {
        $0 == Self.quote || $0 == Self.backslash && quotes == .backslash
      }
      guard let special else {
        bytes += lines.line[place...]
        bytes.append(UInt8(ascii: "\n"))
        guard bytes.count <= textSizeLimit, try lines.next() else {
          throw lines.error(
            .malformedTable, line: opening, expected: CorpusError.closingQuote,
            found: "\(bytes.count) bytes without one",
            advice: "close the quote, and double those inside the field")
        }
        holdsRows = holdsRows && isRow
        place = 0
        continue
      }
      bytes += lines.line[place..<special]
      let next = special + 1 < lines.line.count ? lines.line[special + 1] : nil
      if lines.line[special] == Self.backslash {
        // A backslash in front of anything else stands for itself.
        let isEscape = next == Self.quote || next == Self.backslash
        bytes.append(isEscape ? next! : Self.backslash)
        place = special + (isEscape ? 2 : 1)
      } else if quotes == .double, next == Self.quote {
        bytes.append(Self.quote)
        place = special + 2
      } else {
        let count = lines.number - opening + 1
        if holdsRows, let suspiciousLineCount, count >= suspiciousLineCount {
          throw lines.error(
            .malformedTable, line: opening, expected: CorpusError.closingQuote,
            found: "one \(count - 1) lines later, behind what look like \(count - 1) other rows",
            advice: "close the quote, or say what quotes mean")
        }
        return special + 1
      }
    }
  }

  /// Whether the line would be a row by itself, if quotes meant nothing.
  private var isRow: Bool { columnCount.map { lines.line.count(where: { $0 == delimiter }) == $0 - 1 } ?? false }
}

extension DelimitedText {
  /// Reads all records.
  ///
  /// - Returns: the line in which a record begins to break the rules, or nil if none does.
  mutating func firstBrokenLine() throws -> Int? {
    do {
      while try next() { columnCount = columnCount ?? ends.count }
      return nil
    } catch let error as CorpusError where error.kind == .malformedTable {
      if case .line(let line)? = error.place { return line }
      return lines.number
    }
  }
}
