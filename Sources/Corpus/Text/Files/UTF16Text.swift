/// Text in UTF-16, as Excel and Windows programs write it.
struct UTF16Text {
  private let isBigEndian: Bool
  private let hasMark: Bool

  /// Looks at the first bytes of a file: UTF-16 has a byte order mark, or, where the text is mostly ASCII, zeros at
  /// every other byte and hardly any elsewhere.
  ///
  /// - Parameter needsMark: whether the mark alone counts.
  /// - Returns: nil if it is not UTF-16.
  init?(start: some Collection<UInt8>, needsMark: Bool) {
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      (isBigEndian, hasMark) = (start.first == 0xFE, true)
      return
    }
    // Most texts end here.
    guard !needsMark, start.prefix(2).contains(0) else { return nil }
    let start = Array(start.prefix(256))
    guard start.count > 3 else { return nil }
    var zeros = [0, 0]
    for (index, byte) in start.enumerated() where byte == 0 { zeros[index % 2] += 1 }
    guard 8 * min(zeros[0], zeros[1]) <= max(zeros[0], zeros[1]), 4 * max(zeros[0], zeros[1]) >= start.count else {
      return nil
    }
    (isBigEndian, hasMark) = (zeros[0] > zeros[1], false)
  }

  /// The text as UTF-8; what isn't UTF-16 becomes U+FFFD.
  func utf8(_ bytes: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(bytes.dropFirst(hasMark ? 2 : 0))
    let units = stride(from: 0, to: bytes.count - 1, by: 2).lazy.map { place in
      let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
      return isBigEndian ? first << 8 | second : second << 8 | first
    }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 2)
    _ = transcode(
      units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: false, into: { text.append($0) })
    return text
  }
}
