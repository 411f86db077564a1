import Foundation

/// Reads comma-separated values, record by record, as RFC 4180 has them: fields in quotes may hold commas, newlines and
/// doubled quotes. Tabs or semicolons may stand for the commas.
///
/// Nothing is guessed: what breaks the rules is an error. Only blank lines are passed over.
struct DelimitedText {
  /// The lines.
  var lines: LineReader
  /// Where the record begins; counts from 1.
  private(set) var firstLine = 0
  /// The record's fields, one behind the other, without their quotes.
  private(set) var bytes: [UInt8] = []
  /// Where each field ends.
  private(set) var ends: [Int] = []
  /// What stands between two fields.
  private var delimiter = UInt8(ascii: ",")

  private static let quote = UInt8(ascii: "\"")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let tab = UInt8(ascii: "\t")

  /// - Parameter lines: stands on the first line.
  init(_ lines: LineReader) {
    self.lines = lines
    let found = [Self.tab, delimiter, UInt8(ascii: ";")].first(where: self.lines.line.contains)
    delimiter = found ?? delimiter
  }

  /// A field of the record.
  func field(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Reads the next record.
  ///
  /// - Returns: false at the end.
  /// - Throws: `CorpusError` where the text is not as RFC 4180 says.
  mutating func next() throws -> Bool {
    repeat {
      guard try lines.next() else { return false }
    } while lines.line.isEmpty || lines.line == [Self.carriageReturn]
    try parse()
    return true
  }

  /// Reads the record that begins on the line that was read last.
  mutating func parse() throws {
    firstLine = lines.number
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    var place = 0
    while true {
      let isQuoted = place < lines.line.count && lines.line[place] == Self.quote
      place = isQuoted ? try parseQuoted(place + 1) : try parsePlain(place)
      ends.append(bytes.count)
      if place == lines.line.count { return }
      // A carriage return belongs to the newline.
      if lines.line[place] == Self.carriageReturn, place + 1 == lines.line.count { return }
      guard lines.line[place] == delimiter else {
        throw isQuoted
          ? lines.error(
            expected: "a delimiter or the end of the line behind a closing quote", found: "more",
            advice: "quotes inside a field must be doubled")
          : lines.error(
            found: "a \(lines.line[place] == Self.quote ? "quote" : "carriage return") in a field that isn't quoted",
            advice: "put the field in quotes, and double those inside")
      }
      place += 1
    }
  }

  /// Takes a field without quotes; returns the place behind it.
  private mutating func parsePlain(_ start: Int) throws -> Int {
    // Where tabs are the delimiters, quotes inside a field are commonly left as they are.
    let end = lines.line[start...].firstIndex {
      $0 == delimiter || $0 == Self.carriageReturn || $0 == Self.quote && delimiter != Self.tab
    }
    bytes += lines.line[start..<(end ?? lines.line.count)]
    return end ?? lines.line.count
  }

  /// Takes the rest of a field in quotes, from other lines too; returns the place behind it.
  private mutating func parseQuoted(_ start: Int) throws -> Int {
    let firstLine = lines.number
    var place = start
    while true {
      guard let quote = lines.line[place...].firstIndex(of: Self.quote) else {
        bytes += lines.line[place...]
        bytes.append(UInt8(ascii: "\n"))
        guard bytes.count <= textSizeLimit, try lines.next() else {
          throw lines.error(
            line: firstLine, expected: "a closing quote", found: "\(bytes.count) bytes without one",
            advice: "close the quote, and double those inside the field")
        }
        place = 0
        continue
      }
      bytes += lines.line[place..<quote]
      guard quote + 1 < lines.line.count, lines.line[quote + 1] == Self.quote else { return quote + 1 }
      bytes.append(Self.quote)
      place = quote + 2
    }
  }
}
