/// The lines of a file, one after the other, converted to UTF-8.
///
/// They end with newlines, or, where the first line ends so, with carriage returns. In front of a newline a carriage
/// return is left to the line.
struct UTF8Lines {
  /// The line that was read last, without its end.
  private(set) var line: [UInt8] = []
  /// The number of that line; counts from 1.
  private(set) var number = 0
  private let reader: UnsafeMutablePointer<EntryReader>
  private let encoding: TextOptions.Encoding
  private var lineEnd = UInt8(ascii: "\n")
  /// Newlines inside the object of a JSON array that was read last.
  private var newlines = 0
  private var hasBegunArray = false
  private var hasEndedArray = false

  /// - Parameter reader: what to take the bytes from; has to stay at this address as long as lines are read.
  init(_ reader: UnsafeMutablePointer<EntryReader>, _ encoding: TextOptions.Encoding) {
    self.reader = reader
    self.encoding = encoding
  }

  /// Reads the next line.
  ///
  /// - Returns: false at the end of the file.
  /// - Throws: `CorpusError` if a byte does not belong to the encoding.
  mutating func next() throws -> Bool {
    line.removeAll(keepingCapacity: true)
    if number == 0 { try findLineEnd() }
    guard try reader.pointee.appendLine(to: &line, limit: textSizeLimit, lineEnd: lineEnd) else { return false }
    number += 1
    if number == 1 {
      if line.starts(with: byteOrderMark) { line.removeFirst(byteOrderMark.count) }
    }
    if let offset = encoding.makeUTF8(&line) {
      throw encoding.error(file: file, entry: entry, line: number, byte: line[offset])
    }
    return true
  }

  /// Reads the next object of a JSON array into ``line``, wherever lines end; ``number`` is the line where it begins.
  ///
  /// - Returns: false at the end of the array.
  /// - Throws: `CorpusError` if a byte does not belong to the encoding, or if the file is no such array.
  mutating func nextObject() throws -> Bool {
    if hasEndedArray { return false }
    line.removeAll(keepingCapacity: true)
    number = max(number, 1) + newlines
    newlines = 0
    var byte = try token()
    if !hasBegunArray {
      for mark in byteOrderMark where byte == mark { byte = try token() }
      guard byte == UInt8(ascii: "[") else { throw notAnObject }
      byte = try token()
    } else if byte == UInt8(ascii: ",") {
      byte = try token()
      if byte == UInt8(ascii: "]") { throw notAnObject }
    } else if byte != UInt8(ascii: "]") {
      throw notAnObject
    }
    hasBegunArray = true
    if byte == UInt8(ascii: "]") {
      while reader.pointee.remaining > 0 {
        guard try reader.pointee.byte().isJSONSpace else {
          throw error(
            .malformedTable, expected: "the end of the file behind the JSON array", found: "more",
            advice: "leave one array in the file")
        }
      }
      hasEndedArray = true
      return false
    }
    guard byte == UInt8(ascii: "{") else { throw notAnObject }
    try readObject()
    return true
  }

  private var notAnObject: CorpusError {
    error(
      .malformedTable, expected: "a JSON object", found: "something else",
      advice: "each element of the array must be one, such as {\"text\": …, \"label\": …}")
  }

  /// Takes the next byte of an array that isn't white space.
  private mutating func token() throws -> UInt8 {
    while reader.pointee.remaining > 0 {
      let byte = try reader.pointee.byte()
      if byte == UInt8(ascii: "\n") { number += 1 }
      if !byte.isJSONSpace { return byte }
    }
    throw error(
      .malformedTable, expected: "the end of the JSON array, ]", found: "the end of the file",
      advice: "add what is missing")
  }

  /// Reads the rest of an object, whose brace was taken already.
  private mutating func readObject() throws {
    line.append(UInt8(ascii: "{"))
    var (depth, isText, isEscaped) = (1, false, false)
    while depth > 0 {
      guard reader.pointee.remaining > 0, line.count < textSizeLimit else {
        throw error(
          .malformedTable, expected: "the end of the JSON object", found: "\(line.count) bytes without one",
          advice: "correct the object, or leave it out")
      }
      let byte = try reader.pointee.byte()
      line.append(byte)
      if byte == UInt8(ascii: "\n") { newlines += 1 }
      if isText {
        if !isEscaped && byte == UInt8(ascii: "\"") { isText = false }
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
      } else if byte == UInt8(ascii: "\"") {
        isText = true
      } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        depth += 1
      } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
        depth -= 1
      }
    }
    if let offset = encoding.makeUTF8(&line) {
      throw encoding.error(file: file, entry: entry, line: number, byte: line[offset])
    }
  }

  /// Tells by the first line which byte ends the lines: a carriage return alone does in files for the old Mac.
  private mutating func findLineEnd() throws {
    guard reader.pointee.remaining > 0 else { return }
    _ = try reader.pointee.peek()
    let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    var isMac = false
    reader.pointee.takeBuffered { bytes in
      if let end = bytes.firstIndex(where: { $0 == newline || $0 == carriageReturn }), end + 1 < bytes.count {
        isMac = bytes[end] == carriageReturn && bytes[end + 1] != newline && bytes[end + 1] != carriageReturn
      }
      return 0
    }
    if isMac { lineEnd = carriageReturn }
  }

  var file: String { reader.pointee.file }
  var entry: String? { reader.pointee.entry }
  /// The share of the file that has been read.
  var progress: Double { Double(reader.pointee.position) / Double(max(1, reader.pointee.size)) }

  /// An error about a line; by default the one that was read last.
  func error(
    _ kind: CorpusError.Kind, line: Int? = nil, expected: String? = nil, found: String, advice: String
  ) -> CorpusError {
    CorpusError(
      kind, file: file, entry: entry, place: .line(line ?? number), expected: expected, found: found, advice: advice)
  }
}
