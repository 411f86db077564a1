import Foundation

/// Reads comma-separated values, record by record, according to RFC 4180: fields in quotes may hold commas, newlines
/// and doubled quotes. The delimiter may also be a tab or a semicolon, whichever the first line has.
///
/// Nothing is guessed: whatever breaks the rules is an error. Only blank lines are skipped.
struct DelimitedText {
  /// The lines of the file.
  var lines: UTF8Lines
  /// The line in which the record begins; counts from 1.
  private(set) var firstLine = 0
  /// The record's fields, one after the other, without their quotes.
  private(set) var bytes: [UInt8] = []
  /// Where each field ends in `bytes`.
  private(set) var ends: [Int] = []
  /// What separates two fields.
  private var delimiter = UInt8(ascii: ",")

  private static let quote = UInt8(ascii: "\"")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let tab = UInt8(ascii: "\t")

  /// - Parameter lines: at the first line.
  init(_ lines: UTF8Lines) {
    self.lines = lines
    let found = [Self.tab, delimiter, UInt8(ascii: ";")].first(where: self.lines.line.contains)
    delimiter = found ?? delimiter
  }

  /// All fields of the record.
  var fields: [String] { ends.indices.map { String(decoding: field($0), as: UTF8.self) } }

  /// A field of the record.
  func field(_ index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

  /// Reads the next record.
  ///
  /// - Returns: false at the end of the file.
  /// - Throws: `CorpusError` if the text breaks the rules of RFC 4180.
  mutating func next() throws -> Bool {
    repeat {
      guard try lines.next() else { return false }
    } while lines.line.allSatisfy { $0 == Self.carriageReturn }
    try parse()
    return true
  }

  /// Reads the record that begins in the line that was read last.
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
      // Carriage returns in front of a newline belong to it.
      if lines.line[place...].allSatisfy({ $0 == Self.carriageReturn }) { return }
      guard lines.line[place] == delimiter else {
        throw isQuoted
          ? lines.error(
            .malformedTable, expected: "a delimiter or the end of the line behind a closing quote", found: "more",
            advice: "quotes inside a field must be doubled")
          : lines.error(
            .malformedTable,
            found: "a \(lines.line[place] == Self.quote ? "quote" : "carriage return") in a field that isn't quoted",
            advice: "put the field in quotes, and double those inside")
      }
      place += 1
    }
  }

  /// Takes a field without quotes, and returns the place after it.
  private mutating func parsePlain(_ start: Int) throws -> Int {
    // Where tabs are the delimiters, quotes inside a field are usually written as they are.
    let end = lines.line[start...].firstIndex {
      $0 == delimiter || $0 == Self.carriageReturn || $0 == Self.quote && delimiter != Self.tab
    }
    bytes += lines.line[start..<(end ?? lines.line.count)]
    return end ?? lines.line.count
  }

  /// Takes the rest of a field in quotes, from the following lines too, and returns the place after it.
  private mutating func parseQuoted(_ start: Int) throws -> Int {
    let firstLine = lines.number
    var place = start
    while true {
      guard let quote = lines.line[place...].firstIndex(of: Self.quote) else {
        bytes += lines.line[place...]
        bytes.append(UInt8(ascii: "\n"))
        guard bytes.count <= textSizeLimit, try lines.next() else {
          throw lines.error(
            .malformedTable, line: firstLine, expected: "a closing quote", found: "\(bytes.count) bytes without one",
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
