/// The header of a `.npy` file, which says what kind of array follows.
///
/// The format is numpy's `numpy/lib/format.py`: a magic string, a version, the length of a Python dict literal, and
/// that literal, padded with spaces.
package struct NPYHeader: Equatable, Sendable {
  /// Numpy's name of the elements' type, such as `<i8` or `|O`.
  package let dtype: String
  /// Whether the first index varies fastest.
  package let isFortranOrder: Bool
  /// The array's size in each dimension, none negative.
  package let shape: [Int]

  package init(dtype: String, isFortranOrder: Bool, shape: [Int]) {
    self.dtype = dtype
    self.isFortranOrder = isFortranOrder
    self.shape = shape
  }

  /// Reads a header.
  ///
  /// - Parameter reader: at the file's first byte; afterwards at the first byte of the data.
  /// - Throws: `CorpusError` if it is not a `.npy` file or is of a version above 3, or if the header is not exactly the
  ///   dict that numpy writes.
  package init(from reader: inout EntryReader) throws {
    let magic = try reader.bytes(6)
    guard magic == [0x93] + Array("NUMPY".utf8) else {
      throw reader.error(
        .unsupportedFormat, at: 0, expected: "a .npy array (0x93 NUMPY)", found: "something else",
        advice: "check that it is the right file")
    }
    let (major, minor) = (try reader.byte(), try reader.byte())
    guard (1...3).contains(major), minor == 0 else {
      throw reader.error(
        .unsupportedFormat, at: 6, expected: ".npy version 1.0, 2.0 or 3.0", found: "\(major).\(minor)",
        advice: "write it with numpy.save")
    }
    let length = Int(try reader.unsigned(width: major == 1 ? 2 : 4))
    // Numpy's own limit when it reads. A typical header is 118 bytes long.
    guard length <= 10_000 else {
      throw reader.damage(at: 8, expected: "a header of at most 10000 bytes", found: "\(length)")
    }
    let start = reader.position
    var literal = DictLiteral(bytes: try reader.bytes(length))
    do {
      self = try literal.header()
    } catch {
      throw reader.error(
        .unsupportedArray, at: start + literal.next, expected: "\(error.expected) in the header",
        found: literal.shownNext,
        advice: "write it with numpy.save")
    }
  }

  /// A file of version 1.0 up to its data, as numpy writes it: padded with spaces to a multiple of 64 bytes.
  ///
  /// - Precondition: at most 64 dimensions, numpy's own limit.
  package var encoded: [UInt8] {
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var literal = "{'descr': '\(dtype)', 'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': (\(sizes)), }"
    literal += String(repeating: " ", count: 63 - (10 + literal.utf8.count) % 64) + "\n"
    let length = UInt16(literal.utf8.count)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(literal.utf8)
  }

  /// The largest number of elements that is read: 160 times the number of reviews in Keras's file.
  static let maximumCount = 1 << 22

  /// The length of the array, which must have one dimension.
  ///
  /// - Throws: `CorpusError` if the array has another number of dimensions, or more than `maximumCount` elements.
  func count(_ reader: borrowing EntryReader) throws -> Int {
    guard shape.count == 1 else {
      throw reader.error(
        .unsupportedArray, expected: "a one-dimensional array",
        found: "shape (\(shape.map(String.init).joined(separator: ", ")))",
        advice: "store one element for each sequence")
    }
    guard shape[0] <= Self.maximumCount else {
      throw reader.error(
        .tooLarge, expected: "at most \(Self.maximumCount) elements", found: "\(shape[0])",
        advice: "store fewer sequences")
    }
    return shape[0]
  }
}

/// A parser for the one dict literal that numpy writes, such as
/// `{'descr': '<i8', 'fortran_order': False, 'shape': (25000,), }`.
private struct DictLiteral {
  struct Mismatch: Error { let expected: String }

  let bytes: [UInt8]
  private(set) var next = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The text that did not fit, for a message.
  var shownNext: String {
    next < bytes.count
      ? CorpusError.quoted(String(decoding: bytes[next...].prefix(20), as: UTF8.self)) : "the header's end"
  }

  mutating func header() throws(Mismatch) -> NPYHeader {
    var dtype: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try take("{")
    while !has("}") {
      let start = next
      let key = try string()
      try take(":")
      switch key {
      case "descr" where dtype == nil: dtype = try string()
      case "fortran_order" where isFortranOrder == nil:
        isFortranOrder = has("True")
        if isFortranOrder == false { try take("False") }
      case "shape" where shape == nil: shape = try tuple()
      default:
        next = start
        throw Mismatch(expected: "each of the keys descr, fortran_order, shape once")
      }
      if has("}") { break }
      try take(",")
    }
    skipSpaces()
    guard next == bytes.count else { throw Mismatch(expected: "nothing after the dict") }
    guard let dtype, let isFortranOrder, let shape else { throw Mismatch(expected: "descr, fortran_order and shape") }
    return NPYHeader(dtype: dtype, isFortranOrder: isFortranOrder, shape: shape)
  }

  /// Skips spaces and, if `token` comes next, that too.
  private mutating func has(_ token: StaticString) -> Bool {
    skipSpaces()
    let isNext = bytes[next...].starts(
      with: UnsafeBufferPointer(start: token.utf8Start, count: token.utf8CodeUnitCount))
    if isNext { next += token.utf8CodeUnitCount }
    return isNext
  }

  private mutating func take(_ token: StaticString) throws(Mismatch) {
    guard has(token) else { throw Mismatch(expected: "\(token)") }
  }

  private mutating func string() throws(Mismatch) -> String {
    let quote: UInt8
    if has("'") {
      quote = UInt8(ascii: "'")
    } else if has("\"") {
      quote = UInt8(ascii: "\"")
    } else {
      throw Mismatch(expected: "a string")
    }
    guard let end = bytes[next...].firstIndex(of: quote), !bytes[next..<end].contains(UInt8(ascii: "\\")) else {
      throw Mismatch(expected: "a string without escapes")
    }
    defer { next = end + 1 }
    return String(decoding: bytes[next..<end], as: UTF8.self)
  }

  /// A tuple of sizes. Python 2 appends an L to some.
  private mutating func tuple() throws(Mismatch) -> [Int] {
    var sizes: [Int] = []
    try take("(")
    while !has(")") {
      let digits = bytes[next...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let size = Int(String(decoding: digits, as: UTF8.self)) else { throw Mismatch(expected: "a size") }
      sizes.append(size)
      next += digits.count
      _ = has("L")
      if has(")") { break }
      try take(",")
    }
    return sizes
  }

  private mutating func skipSpaces() {
    while next < bytes.count, bytes[next] == UInt8(ascii: " ") || bytes[next] == UInt8(ascii: "\n") { next += 1 }
  }
}
