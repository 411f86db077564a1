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

  /// - Parameter reader: what to take the bytes from; has to stay at this address as long as lines are read.
  init(_ reader: UnsafeMutablePointer<EntryReader>, _ encoding: TextOptions.Encoding) {
    self.reader = reader
    self.encoding = encoding
  }

  /// Reads the next line.
  ///
  /// - Returns: false at the end of the file.
  /// - Throws: `CorpusError` if a byte does not belong to the encoding, or if the file turns out not to be text.
  mutating func next() throws -> Bool {
    line.removeAll(keepingCapacity: true)
    if number == 0 { try findLineEnd() }
    guard try reader.pointee.appendLine(to: &line, limit: textSizeLimit, lineEnd: lineEnd) else { return false }
    number += 1
    if number == 1 {
      try refuseOtherFormats()
      if line.starts(with: byteOrderMark) { line.removeFirst(byteOrderMark.count) }
    }
    if let offset = encoding.makeUTF8(&line) {
      throw encoding.error(file: file, entry: entry, line: number, byte: line[offset])
    }
    return true
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

  /// Tells by the first line what is certainly not text.
  private func refuseOtherFormats() throws {
    if line.starts(with: [0xFE, 0xFF]) || line.starts(with: [0xFF, 0xFE]) {
      throw error(.unsupportedFormat, expected: "UTF-8", found: "the mark of UTF-16", advice: "save it as UTF-8")
    }
    if line.starts(with: [0x1F, 0x8B]) {
      throw error(
        .unsupportedFormat, expected: "text", found: "data that are compressed with gzip", advice: "unpack it first")
    }
    if FileSet.isZip(line) {
      throw error(
        .unsupportedFormat, expected: "text", found: "a zip archive inside the archive",
        advice: "unpack the outer one")
    }
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
