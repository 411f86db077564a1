/// The arrays that make up a data set of labeled sequences, read from `.npy` files.
package enum NPYArray {
  /// Reads a `.npy` file with one list of integers for each sequence (dtype `|O`, one dimension).
  ///
  /// - Parameter reader: at the file's first byte; afterwards right after the pickle.
  /// - Throws: `CorpusError` if the file holds anything else.
  package static func sequences(from reader: inout EntryReader) throws -> TokenSequences {
    let header = try NPYHeader(from: &reader)
    guard header.dtype == "|O" else {
      throw reader.error(
        .unsupportedArray, expected: "lists of integers (dtype |O)",
        found: "dtype \(CorpusError.quoted(header.dtype))",
        advice: "store an object array with one list for each sequence")
    }
    return try PickleReader.sequences(from: &reader, count: header.count(reader))
  }

  /// Reads a `.npy` file with one label, 0 or 1, for each sequence (dtype `<i8`, `<i4`, `|i1`, `|u1` or `|b1`, one
  /// dimension).
  ///
  /// - Parameter reader: at the file's first byte; afterwards right after the last label.
  /// - Throws: `CorpusError` if the file holds anything else, or another label.
  package static func labels(from reader: inout EntryReader) throws -> [UInt8] {
    let header = try NPYHeader(from: &reader)
    let widths = ["<i8": 8, "<i4": 4, "|i1": 1, "|u1": 1, "|b1": 1]
    guard let width = widths[header.dtype] else {
      throw reader.error(
        .unsupportedArray, expected: "integer labels (dtype <i8, <i4, |i1, |u1 or |b1)",
        found: "dtype \(CorpusError.quoted(header.dtype))", advice: "convert them with numpy's astype(\"<i8\")")
    }
    let count = try header.count(reader)
    guard reader.remaining == count * width else {
      throw reader.damage(
        expected: "\(count) labels of \(width) bytes", found: "\(reader.remaining) bytes")
    }
    var labels: [UInt8] = []
    labels.reserveCapacity(count)
    for index in 0..<count {
      let label = try reader.unsigned(width: width)
      guard label <= 1 else {
        let shift = UInt64(64 - 8 * width)
        let shown = header.dtype == "|u1" ? Int64(label) : Int64(bitPattern: label << shift) >> Int64(shift)
        throw CorpusError(
          .unsupportedArray, file: reader.file, entry: reader.entry, place: .label(index), expected: "0 or 1",
          found: "\(shown)", advice: "only two classes are supported")
      }
      labels.append(UInt8(label))
    }
    return labels
  }
}
