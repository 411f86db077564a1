import Corpus
import Fixtures
import Testing

@Suite struct PickleReaderTests {
  /// Reads an array of so many lists; errors are at byte `offset + header`.
  private func read(_ pickle: [UInt8], count: Int = 2) throws -> [[Int32]] {
    try sequences(NPY.lists(pickle, count: count)).lists
  }

  /// An array of two lists with other elements in the outer list.
  private func elements(_ elements: String, count: UInt16 = 2) throws -> [[Int32]] {
    try read(Pickle.around(latin1(elements), count: count), count: Int(count))
  }

  // MARK: What Python writes

  @Test func numbersOfAllWidthsAreRead() throws {
    let lists: [[Int32]] = [[0, 1, 255, 256, 65_535, 65_536, 1 << 30 - 1], []]
    #expect(try read(Pickle.array(lists)) == lists)
  }

  @Test(arguments: [1, 2, 3, 7, 64]) func bytesMayComeInPiecesOfAnySize(chunk: Int) throws {
    let lists: [[Int32]] = [[0, 1, 255, 256, 65_535, 65_536, 1 << 30 - 1], []]
    #expect(try sequences(NPY.lists(Pickle.array(lists), count: 2), chunk: chunk).lists == lists)
  }

  /// LONG1, of 0, 1, 3 and 5 bytes.
  @Test func longNumbersAreRead() throws {
    #expect(
      try elements("(](\u{8a}\u{0}\u{8a}\u{1}\u{7f}\u{8a}\u{3}\u{1}\u{2}\u{3}\u{8a}\u{5}\u{9}\u{0}\u{0}\u{0}\u{0}e]e")
        == [[0, 127, 0x30201, 9], []])
  }

  @Test func listsMayBeAppendedToInPieces() throws {
    #expect(try elements("](K\u{1}K\u{2}e(K\u{3}eK\u{4}aa]a") == [[1, 2, 3, 4], []])
    #expect(try elements("(]K\u{7}a](e(e(K\u{1}K\u{2}ee") == [[7], [1, 2]])
  }

  @Test func framesMayBeginInsideLists() throws {
    let frame = "\u{95}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"
    #expect(try elements("(\(frame)](\(frame)K\u{1}\(frame)K\u{2}\(frame)e]e") == [[1, 2], []])
  }

  @Test func listsMayBeReferredToAgain() throws {
    #expect(try elements("(](K\u{5}K\u{6}eq\u{9}h\u{9}e") == [[5, 6], [5, 6]])
    #expect(try elements("(](K\u{5}er\u{9}\u{0}\u{0}\u{0}j\u{9}\u{0}\u{0}\u{0}e") == [[5], [5]])
    let last = "\u{ff}\u{ff}\u{ff}\u{ff}"
    #expect(try elements("(](K\u{5}er\(last)j\(last)e") == [[5], [5]])
  }

  /// Before the array's own list, in a part of the dtype's state that is ignored.
  @Test func listsMayBeBuiltInAnotherOrder() throws {
    var pickle = Pickle.around(latin1("(h\u{9}h\u{8}e"), count: 2)
    pickle.replace(latin1("|NNN"), with: latin1("|](K\u{1}eq\u{8}](K\u{2}K\u{3}eq\u{9}N"))
    #expect(try read(pickle) == [[2, 3], [1]])
  }

  // MARK: Other pickles

  /// Each: an opcode, and its name.
  @Test(arguments: [
    ("}", "EMPTY_DICT (0x7d)"), ("G", "BINFLOAT (0x47)"), ("I", "INT (0x49)"), ("i", "INST (0x69)"),
    ("o", "OBJ (0x6f)"), ("\u{81}", "NEWOBJ (0x81)"), ("\u{92}", "NEWOBJ_EX (0x92)"), ("\u{82}", "EXT1 (0x82)"),
    ("P", "PERSID (0x50)"), ("Q", "BINPERSID (0x51)"), ("\u{8b}", "LONG4 (0x8b)"), ("0", "POP (0x30)"),
    ("2", "DUP (0x32)"), ("\u{8f}", "EMPTY_SET (0x8f)"), ("\u{8e}", "BINBYTES8 (0x8e)"), ("s", "SETITEM (0x73)"),
    ("\u{97}", "NEXT_BUFFER (0x97)"), ("\u{0}", "no opcode (0x00)"), ("\u{ff}", "no opcode (0xff)"),
  ]) func otherOpcodesAreRefusedByName(opcode: String, name: String) {
    refuses(.unsupportedArray, "imdb.npz: x_train.npy: byte ", "found \(name);", "Keras's imdb.npz") {
      try elements("(](\(opcode)ee")
    }
    refuses(.unsupportedArray, "expected only integers in a list, found \(name);") {
      try elements("(](K\u{1}\(opcode)ee")
    }
  }

  @Test(arguments: [("(]}ee", 2), ("(](K\u{1}}ee", 5)])
  func theErrorNamesThePlaceOfTheOpcode(elements: String, offset: Int) {
    let before = NPY.lists(Pickle.around([], count: 2), count: 2).count - 3
    refuses(.unsupportedArray, "imdb.npz: x_train.npy: byte \(before + offset): ", "EMPTY_DICT") {
      try self.elements(elements)
    }
  }

  /// Each: a pickle that would call a function, and what is said of it.
  @Test(arguments: [
    ("\u{80}\u{2}cos\nsystem\nU\u{4}true\u{85}R.", "found a call of “os.system”;"),
    ("\u{80}\u{4}\u{8c}\u{5}posix\u{8c}\u{6}system\u{93}\u{8c}\u{4}true\u{85}R.", "found a call of “posix.system”;"),
    // Names are shown without control characters, and not in full length.
    ("\u{80}\u{2}ca\u{1b}\n\(String(repeating: "b", count: 99))\n.", "found a call of “a\\u{1B}.b"),
    ("\u{80}\u{2}c\(String(repeating: "b", count: 129))\n", "expected a name of at most 128 bytes"),
  ]) func noOtherFunctionIsEverCalled(pickle: String, message: String) {
    refuses(.unsupportedArray, "byte ", message) { try read(latin1(pickle)) }
  }

  /// Each: a pickle that calls one of numpy's functions with other arguments, and the function.
  @Test(arguments: [
    ("cnumpy\nndarray\nK\u{1}\u{85}R.", "numpy's ndarray"),
    ("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n\u{85}R.", "numpy's _reconstruct"),
    ("cnumpy\ndtype\nU\u{2}V8K\u{0}K\u{1}\u{87}R.", "numpy's dtype"),
    ("c_codecs\nencode\nU\u{2}xxU\u{3}hex\u{86}R.", "Python's encode"),
  ]) func numpysFunctionsOnlyMakeObjectArrays(pickle: String, function: String) {
    refuses(.unsupportedArray, "expected the call of \(function)") { try read(latin1("\u{80}\u{2}" + pickle)) }
  }

  /// Each: elements, and what is missing.
  @Test(arguments: [
    ("(]]K\u{1}R", "a function and its arguments for REDUCE (0x52)"),
    ("(]]b", "a tuple of state for BUILD (0x62), found a list"),
    ("(]K\u{1}\u{85}b", "a dtype or an array for BUILD (0x62), found a list"),
  ]) func functionsHaveTheirOperands(elements: String, message: String) {
    refuses(.unsupportedArray, message) { try self.elements(elements) }
  }

  @Test(arguments: [0, 1, 6, 255] as [UInt8]) func otherProtocolsAreRefused(version: UInt8) {
    refuses(.unsupportedArray, "expected pickle protocol 2 to 5, found \(version)") {
      try read([0x80, version] + latin1("]."))
    }
  }

  @Test func picklesWithoutAProtocolAreRefused() {
    refuses(.unsupportedArray, "expected PROTO (0x80), a pickle's first opcode, found MARK (0x28)") {
      try read(latin1("(lp0\n."))
    }
  }

  @Test(arguments: ["K\u{1}.", ".", "].", "](K\u{1}e.", "K\u{1}K\u{2}."]) func otherResultsAreRefused(pickle: String) {
    refuses(.unsupportedArray, "expected an array of lists, found ") { try read(latin1("\u{80}\u{2}" + pickle)) }
  }

  /// Each: elements of the list of lists, and what is said of them.
  @Test(arguments: [
    ("(U\u{2}abe", "expected lists of integers, found the text “ab” in one"),
    ("(Ne", "expected lists of integers, found None in one"),
    ("(]K\u{1}\u{85}e", "expected lists of integers, found a tuple in one"),
    ("(K\u{1}K\u{2}e", "expected 2 lists, as the header says, found 0 or other values"),
    ("(]]e(K\u{1}e", "lists and integers in one list"), ("(K\u{1}e]a", "lists nested in another way"),
    ("(](]ee", "lists nested in another way"), ("h\u{6}a", "lists nested in another way"),
    ("(](K\u{1}eq\u{9}](K\u{2}eh\u{9}(K\u{3}ee", "one that grows after the next has begun"),
  ]) func otherElementsAreRefused(elements: String, message: String) {
    refuses(.unsupportedArray, message) { try self.elements(elements) }
  }

  /// Each: a number's opcode and bytes, and its value.
  @Test(arguments: [
    ("J\u{ff}\u{ff}\u{ff}\u{ff}", "-1"), ("J\u{0}\u{0}\u{0}\u{40}", "1073741824"), ("\u{8a}\u{1}\u{ff}", "-1"),
    ("\u{8a}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{80}", "-9223372036854775808"),
  ]) func numbersThatAreNoRanksAreRefused(number: String, value: String) {
    // In the fast loop, and one by one.
    for elements in ["(](\(number)e]e", "(]\(number)a]e"] {
      refuses(.unsupportedArray, "expected a word's rank, 0 to 1073741823, found \(value)") {
        try self.elements(elements)
      }
    }
  }

  @Test func numbersOfMoreThan64BitsAreRefused() {
    refuses(.unsupportedArray, "expected a number that fits, found one of 200 bytes") {
      try elements("(](\u{8a}\u{c8}e]e")
    }
  }

  // MARK: Counts

  @Test(arguments: [(3, "expected the shape (3,), as the header says"), (1, "expected 1 lists, as the header says")])
  func theShapeIsTheHeaders(count: Int, message: String) {
    refuses(.unsupportedArray, message) { try read(Pickle.array([[1], [2]]), count: count) }
  }

  /// Each: elements, the number of lists in the header, and what is found.
  @Test(
    arguments: [
      ("(]e", 2, "found 1 or other values"), ("(]]]e", 2, "found more"), ("(]q\u{9}h\u{9}h\u{9}e", 2, "found more"),
      ("(K\u{1}e", 0, "found 0 or other values"),
    ] as [(String, UInt16, String)]) func thereAreAsManyListsAsTheHeaderSays(
      elements: String, count: UInt16, found: String
    )
  {
    refuses(.unsupportedArray, "expected \(count) lists, as the header says, \(found)") {
      try self.elements(elements, count: count)
    }
  }

  @Test func listsThatAreReferredToAgainCannotMultiply() {
    let list = Pickle.list([Int32](repeating: 7, count: 2000)) + latin1("q\u{9}")
    let many = (0..<999).flatMap { _ in latin1("h\u{9}") }
    refuses(.unsupportedArray, "byte ", "expected at most one integer per byte, found repeated lists that multiply") {
      try read(Pickle.around(latin1("(") + list + many + latin1("e"), count: 1000), count: 1000)
    }
  }

  @Test func aPickleThatIsCutOffAnywhereIsDamaged() {
    let whole = NPY.lists(Pickle.array([[1, 2, 300], [70_000]]), count: 2)
    for length in 0..<whole.count {
      refuses(.damaged, "byte ", "expected more data, found the end of the entry") {
        try sequences(Array(whole.prefix(length)))
      }
    }
  }

  /// Each: elements with a size or a number that is too large, and what is said of it.
  @Test(arguments: [
    ("(X\u{ff}\u{ff}\u{ff}\u{ff}ab", "expected text of at most 128 bytes, found 4294967295"),
    ("(\u{8c}\u{ff}ab", "expected text of at most 128 bytes, found 255"),
    ("(h\u{c8}e", "expected a memoized value, found none of number 200"),
    ("(j\u{ff}\u{ff}\u{ff}\u{ff}e", "expected a memoized value, found none of number 4294967295"),
    ("(\u{95}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}", "the rest, found 18446744073709551615"),
    (String(repeating: "(", count: 70_000), "expected at most 65536 values on the stack"),
    (String(repeating: "N", count: 70_000), "expected at most 65536 values on the stack"),
    (String(repeating: "](", count: 99_999), "expected 2 lists, as the header says, found more"),
    ("K\u{1}" + String(repeating: "\u{85}", count: 99_999), "expected tuples in at most one other"),
    ("(NNNNNNNNNt", "expected a tuple of at most 8, found one of 9"),
  ]) func memoryIsLimited(elements: String, message: String) {
    refuses(.unsupportedArray, message) { try self.elements(elements) }
  }

  @Test func theMemoIsLimited() {
    let puts = (0..<2000 as Range<UInt32>).flatMap { latin1("r") + littleEndian($0) }
    refuses(.unsupportedArray, "expected at most 1026 memoized values, found more") {
      try read(Pickle.around(latin1("]") + puts, count: 2))
    }
  }

  @Test(arguments: ["a", "\u{85}", "\u{86}", "\u{87}", "R", "b", "\u{93}", "q\u{1}", "\u{94}", "e", "t"])
  func opcodesNeedValuesOnTheStack(opcode: String) {
    for before in ["", "("] {
      refuses(.unsupportedArray, "byte ", "expected ") { try read(latin1("\u{80}\u{4}\(before)\(opcode).")) }
    }
  }
}
