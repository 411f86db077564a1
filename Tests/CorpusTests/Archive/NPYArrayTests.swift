import Corpus
import Fixtures
import Testing

@Suite struct NPYArrayTests {
  // MARK: Labels

  private static let integers = [("<i8", 8), ("<i4", 4), ("|i1", 1), ("|u1", 1), ("|b1", 1)]

  private func array(_ dtype: String, _ width: Int, _ values: [Int]) -> [UInt8] {
    NPY.array(NPY.header(dtype, "(\(values.count),)"), values.flatMap { littleEndian($0).prefix(width) })
  }

  @Test(arguments: integers) func labelsOfEachTypeAreRead(dtype: String, width: Int) throws {
    #expect(try labels(array(dtype, width, [1, 0, 1, 1])) == [1, 0, 1, 1])
  }

  @Test(arguments: integers) func labelsMayComeByteByByte(dtype: String, width: Int) throws {
    #expect(try labels(array(dtype, width, [1, 0, 1, 1]), chunk: 1) == [1, 0, 1, 1])
  }

  @Test(arguments: integers) func thereMayBeNoLabels(dtype: String, width: Int) throws {
    #expect(try labels(array(dtype, width, [])) == [])
  }

  @Test(arguments: integers) func labelsAbove1AreRefused(dtype: String, width: Int) {
    refuses(.unsupportedArray, "x_train.npy: label 2: expected 0 or 1, found 2; ") {
      try labels(array(dtype, width, [1, 0, 2]))
    }
  }

  @Test(arguments: integers) func negativeLabelsAreRefused(dtype: String, width: Int) {
    refuses(.unsupportedArray, "x_train.npy: label 0: expected 0 or 1, found \(dtype == "|u1" ? "255" : "-1"); ") {
      try labels(array(dtype, width, [-1]))
    }
  }

  @Test(arguments: [">i8", "<f8", "<f4", "|O", "<U3", "<i2"]) func labelsOfOtherTypesAreRefused(dtype: String) {
    refuses(.unsupportedArray, "x_train.npy: byte ", "expected integer labels", "found dtype “\(dtype)”") {
      try labels(NPY.array(NPY.header(dtype, "(1,)"), [1, 0, 0, 0, 0, 0, 0, 0]))
    }
  }

  @Test(arguments: ["(2, 1)", "()"]) func labelsHaveOneDimension(shape: String) {
    refuses(.unsupportedArray, "expected a one-dimensional array, found shape \(shape)") {
      try labels(NPY.array(NPY.header("|u1", shape), [1, 0]))
    }
  }

  @Test(arguments: [(3, 16), (2, 17)]) func theDataAreAsLongAsTheLabels(count: Int, bytes: Int) {
    refuses(.damaged, "expected \(count) labels of 8 bytes, found \(bytes) bytes") {
      try labels(NPY.array(NPY.header("<i8", "(\(count),)"), [UInt8](repeating: 0, count: bytes)))
    }
  }

  @Test func absurdNumbersOfLabelsAreRefused() {
    refuses(CorpusError.Kind.tooLarge, "expected at most 4194304 elements, found 9223372036854775807") {
      try labels(NPY.array(NPY.header("<i8", "(9223372036854775807,)"), [UInt8](repeating: 0, count: 16)))
    }
  }

  // MARK: Sequences

  @Test func sequencesOfOtherTypesAreRefused() {
    refuses(.unsupportedArray, "x_train.npy: byte ", "expected lists of integers (dtype |O), found dtype “<i8”") {
      try sequences(NPY.labels([1, 2]))
    }
  }

  @Test func sequencesHaveOneDimension() {
    refuses(.unsupportedArray, "expected a one-dimensional array, found shape (2, 3)") {
      try sequences(NPY.array(NPY.header("|O", "(2, 3)"), Pickle.array([[1], [2]])))
    }
  }

  @Test func absurdNumbersOfSequencesAreRefused() {
    refuses(CorpusError.Kind.tooLarge, "expected at most 4194304 elements, found 99999999999") {
      try sequences(NPY.array(NPY.header("|O", "(99999999999,)"), Pickle.array([[1], [2]])))
    }
  }
}
