import Corpus
import Testing

@Suite struct NPYArrayTests {
  @Test(arguments: [("<i8", 8), ("<i4", 4), ("|i1", 1), ("|u1", 1), ("|b1", 1)])
  func labelsOfEachType(dtype: String, width: Int) throws {
    func array(_ values: [Int]) -> [UInt8] {
      NPY.array(NPY.header(dtype, "(\(values.count),)"), values.flatMap { littleEndian($0).prefix(width) })
    }
    #expect(try labels(array([1, 0, 1, 1])) == [1, 0, 1, 1])
    #expect(try labels(array([1, 0, 1, 1]), chunk: 1) == [1, 0, 1, 1])
    #expect(try labels(array([])) == [])
    expectError("x_train.npy: label 2: expected 0 or 1, found 2; ") { try labels(array([1, 0, 2])) }
    expectError("x_train.npy: label 0: expected 0 or 1, found \(dtype == "|u1" ? "255" : "-1"); ") {
      try labels(array([-1]))
    }
  }

  @Test func otherLabels() {
    for dtype in [">i8", "<f8", "<f4", "|O", "<U3", "<i2"] {
      expectError("x_train.npy: byte ", "expected integer labels", "found dtype “\(dtype)”") {
        try labels(NPY.array(NPY.header(dtype, "(1,)"), [1, 0, 0, 0, 0, 0, 0, 0]))
      }
    }
    expectError("expected a one-dimensional array, found shape (2, 1)") {
      try labels(NPY.array(NPY.header("|u1", "(2, 1)"), [1, 0]))
    }
    expectError("expected a one-dimensional array, found shape ()") {
      try labels(NPY.array(NPY.header("|u1", "()"), [1]))
    }
  }

  @Test func sizes() {
    expectError("expected 3 labels of 8 bytes, found 16 bytes") {
      try labels(NPY.array(NPY.header("<i8", "(3,)"), [UInt8](repeating: 0, count: 16)))
    }
    expectError("expected 2 labels of 8 bytes, found 17 bytes") {
      try labels(NPY.array(NPY.header("<i8", "(2,)"), [UInt8](repeating: 0, count: 17)))
    }
    expectError("expected at most 4194304 elements, found 9223372036854775807") {
      try labels(NPY.array(NPY.header("<i8", "(9223372036854775807,)"), [UInt8](repeating: 0, count: 16)))
    }
  }

  @Test func otherLists() {
    expectError("x_train.npy: byte ", "expected lists of integers (dtype |O), found dtype “<i8”") {
      try sequences(NPY.labels([1, 2]))
    }
    expectError("expected a one-dimensional array, found shape (2, 3)") {
      try sequences(NPY.array(NPY.header("|O", "(2, 3)"), Pickle.array([[1], [2]])))
    }
    expectError("expected at most 4194304 elements, found 99999999999") {
      try sequences(NPY.array(NPY.header("|O", "(99999999999,)"), Pickle.array([[1], [2]])))
    }
  }
}
