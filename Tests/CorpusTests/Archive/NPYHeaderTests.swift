import Corpus
import Fixtures
import Testing

@Suite struct NPYHeaderTests {
  private static let literal = "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }   \n"

  private func header(_ literal: String, version: [UInt8] = [1, 0]) throws -> NPYHeader {
    var reader = EntryReader(NPY.array(literal, [42], version: version))
    let header = try NPYHeader(from: &reader)
    #expect(try reader.byte() == 42)
    return header
  }

  private func header(_ bytes: [UInt8]) throws -> NPYHeader {
    var reader = EntryReader(bytes)
    return try NPYHeader(from: &reader)
  }

  @Test(arguments: [[1, 0], [2, 0], [3, 0]] as [[UInt8]]) func allVersionsAreRead(_ version: [UInt8]) throws {
    let found = try header(Self.literal, version: version)
    #expect(found == NPYHeader(dtype: "<i8", isFortranOrder: false, shape: [3]))
  }

  /// Each: a dictionary as Python may write it, and what it says.
  @Test(
    arguments: [
      ("{\"shape\":(2,3L),'fortran_order':True,'descr':\"|O\"}\n", "|O", true, [2, 3]),
      ("{'descr': '|b1', 'fortran_order': False, 'shape': ()}", "|b1", false, []),
    ] as [(String, String, Bool, [Int])])
  func otherSpellingsAreRead(literal: String, dtype: String, isFortranOrder: Bool, shape: [Int]) throws {
    #expect(try header(literal) == NPYHeader(dtype: dtype, isFortranOrder: isFortranOrder, shape: shape))
  }

  @Test(arguments: [[], [7], [2, 300], [1, 1, 1, 1]]) func whatIsWrittenIsReadBack(shape: [Int]) throws {
    let written = NPYHeader(dtype: "<f4", isFortranOrder: false, shape: shape)
    #expect(try header(written.encoded) == written)
  }

  /// As numpy aligns it.
  @Test func theDataBeginAtAMultipleOf64() {
    for digits in 0..<18 {
      let shape = [Int(String(repeating: "1", count: digits + 1))!]
      #expect(NPYHeader(dtype: "<f4", isFortranOrder: false, shape: shape).encoded.count % 64 == 0)
    }
  }

  private static let good = "'descr': '<i8', 'fortran_order': False, 'shape': (3,)"

  @Test(arguments: [
    "", "{", "{}", "{'descr': '<i8'}", good, "{\(good)", "{\(good)} x", "{\(good), 'shape': (3,)}",
    "{\(good), 'more': 1}",
    "{'descr': [('a', '<i8')], 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '\\x3ci8', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '<i8', 'fortran_order': None, 'shape': (3,)}", "{'descr': '<i8', 'fortran_order': 0, 'shape': (3,)}",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (-3,)}",
    "{'descr': '<i8', 'fortran_order': False, 'shape': 3}",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (3,}", "{'descr': '<i8 }",
    "{'descr' '<i8', 'fortran_order': False, 'shape': (3,)}",
  ]) func otherDictionariesAreRefused(literal: String) {
    refuses(.unsupportedArray, "imdb.npz: x_train.npy: byte ", "in the header, found ") { try header(literal) }
  }

  @Test func theErrorNamesThePlaceInTheDictionary() {
    refuses(
      .unsupportedArray,
      "byte 51: expected each of the keys descr, fortran_order, shape once in the header, found “'more': 1}”"
    ) {
      try header("{'descr': '<i8', 'fortran_order': False, 'more': 1}")
    }
  }

  @Test(arguments: [[0, 0], [1, 1], [4, 0], [255, 255]] as [[UInt8]]) func otherVersionsAreRefused(_ version: [UInt8]) {
    refuses(.unsupportedFormat, "byte 6: expected .npy version 1.0, 2.0 or 3.0, found \(version[0]).\(version[1])") {
      try header("{}", version: version)
    }
  }

  @Test func otherFilesAreRefused() {
    refuses(.unsupportedFormat, "byte 0: expected a .npy array") { try header(latin1("PK\u{3}\u{4}abcdefgh")) }
  }

  @Test func aHeaderLongerThanNumpyReadsIsDamage() {
    refuses(.damaged, "byte 8: expected a header of at most 10000 bytes, found 4294967295") {
      try header(latin1("\u{93}NUMPY\u{2}\u{0}\u{ff}\u{ff}\u{ff}\u{ff}{}"))
    }
  }

  @Test(arguments: 0..<40) func aHeaderThatIsCutOffIsDamage(length: Int) {
    refuses(.damaged, "byte \(length): expected more data, found the end of the entry") {
      try header(Array(NPY.labels([1]).prefix(length)))
    }
  }
}
