/// The lines of a file as UTF-8, one after the other.
struct LineReader {
  /// The line that was read last, without its newline.
  private(set) var line: [UInt8] = []
  /// Its number; counts from 1.
  private(set) var number = 0
  private let reader: UnsafeMutablePointer<EntryReader>
  private let encoding: TextOptions.Encoding

  /// - Parameter reader: gives the bytes, and must stay where it is as long as the lines are read.
  init(_ reader: UnsafeMutablePointer<EntryReader>, _ encoding: TextOptions.Encoding) {
    self.reader = reader
    self.encoding = encoding
  }

  /// Reads the next line.
  ///
  /// - Returns: false at the end.
  /// - Throws: `CorpusError` where bytes are not of the encoding.
  mutating func next() throws -> Bool {
    line.removeAll(keepingCapacity: true)
    guard try reader.pointee.appendLine(to: &line, limit: textSizeLimit) else { return false }
    number += 1
    if number == 1 {
      for mark in [[0xFE, 0xFF], [0xFF, 0xFE]] as [[UInt8]] where line.starts(with: mark) {
        throw error(expected: "UTF-8", found: "the mark of UTF-16", advice: "save it as UTF-8")
      }
      if line.starts(with: [0x1F, 0x8B]) {
        throw error(expected: "text", found: "data that are compressed with gzip", advice: "unpack it first")
      }
      if FileSet.isZip(line) {
        throw error(expected: "text", found: "a zip archive inside the archive", advice: "unpack the outer one")
      }
      if line.starts(with: byteOrderMark) { line.removeFirst(byteOrderMark.count) }
    }
    if let offset = encoding.makeUTF8(&line) {
      throw encoding.error(file: file, entry: entry, line: number, byte: line[offset])
    }
    return true
  }

  var file: String { reader.pointee.file }
  var entry: String? { reader.pointee.entry }
  /// The share of the file that was read.
  var progress: Double { Double(reader.pointee.position) / Double(max(1, reader.pointee.size)) }

  /// An error about a line; by default the one that was read last.
  func error(line: Int? = nil, expected: String? = nil, found: String, advice: String) -> CorpusError {
    CorpusError(
      file: file, entry: entry, place: .line(line ?? number), expected: expected, found: found, advice: advice)
  }
}
