import Corpus
import Testing

@Suite struct NPYHeaderTests {
  private func header(_ literal: String, version: [UInt8] = [1, 0]) throws -> NPYHeader {
    var reader = EntryReader(NPY.array(literal, [42], version: version))
    let header = try NPYHeader(from: &reader)
    #expect(try reader.byte() == 42)
    return header
  }

  @Test(arguments: [[1, 0], [2, 0], [3, 0]] as [[UInt8]]) func versions(_ version: [UInt8]) throws {
    let found = try header("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }   \n", version: version)
    #expect(found == NPYHeader(dtype: "<i8", isFortranOrder: false, shape: [3]))
  }

  @Test func spellings() throws {
    #expect(
      try header("{\"shape\":(2,3L),'fortran_order':True,'descr':\"|O\"}\n")
        == NPYHeader(dtype: "|O", isFortranOrder: true, shape: [2, 3]))
    #expect(try header("{'descr': '|b1', 'fortran_order': False, 'shape': ()}").shape == [])
  }

  @Test func refused() {
    let good = "'descr': '<i8', 'fortran_order': False, 'shape': (3,)"
    for bad in [
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
    ] {
      expectError("imdb.npz: x_train.npy: byte ", "in the header, found ") { try header(bad) }
    }
    expectError("byte 51: expected each of the keys descr, fortran_order, shape once in the header, found “'more': 1}”")
    {
      try header("{'descr': '<i8', 'fortran_order': False, 'more': 1}")
    }
  }

  @Test func otherVersions() {
    for version: [UInt8] in [[0, 0], [1, 1], [4, 0], [255, 255]] {
      expectError("byte 6: expected .npy version 1.0, 2.0 or 3.0, found \(version[0]).\(version[1])") {
        try header("{}", version: version)
      }
    }
  }

  @Test func noArray() {
    expectError("byte 0: expected a .npy array") {
      var reader = EntryReader(latin1("PK\u{3}\u{4}abcdefgh"))
      return try NPYHeader(from: &reader)
    }
  }

  @Test func lengths() {
    expectError("byte 8: expected a header of at most 10000 bytes, found 4294967295") {
      var reader = EntryReader(latin1("\u{93}NUMPY\u{2}\u{0}\u{ff}\u{ff}\u{ff}\u{ff}{}"))
      return try NPYHeader(from: &reader)
    }
    for length in 0..<40 {
      expectError("byte \(length): expected more data, found the end of the entry") {
        var reader = EntryReader(Array(NPY.labels([1]).prefix(length)))
        return try NPYHeader(from: &reader)
      }
    }
  }
}
