import Corpus
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

  @Test func numbersOfAllWidths() throws {
    let lists: [[Int32]] = [[0, 1, 255, 256, 65_535, 65_536, 1 << 30 - 1], []]
    #expect(try read(Pickle.array(lists)) == lists)
    for chunk in [1, 2, 3, 7, 64] {
      #expect(try sequences(NPY.lists(Pickle.array(lists), count: 2), chunk: chunk).lists == lists)
    }
    // LONG1, of 0, 1, 3 and 5 bytes
    #expect(
      try elements("(](\u{8a}\u{0}\u{8a}\u{1}\u{7f}\u{8a}\u{3}\u{1}\u{2}\u{3}\u{8a}\u{5}\u{9}\u{0}\u{0}\u{0}\u{0}e]e")
        == [[0, 127, 0x30201, 9], []])
  }

  @Test func listsInPieces() throws {
    #expect(try elements("](K\u{1}K\u{2}e(K\u{3}eK\u{4}aa]a") == [[1, 2, 3, 4], []])
    #expect(try elements("(]K\u{7}a](e(e(K\u{1}K\u{2}ee") == [[7], [1, 2]])
  }

  @Test func framesInsideOfLists() throws {
    let frame = "\u{95}\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"
    #expect(try elements("(\(frame)](\(frame)K\u{1}\(frame)K\u{2}\(frame)e]e") == [[1, 2], []])
  }

  @Test func listsThatAreReferredTo() throws {
    #expect(try elements("(](K\u{5}K\u{6}eq\u{9}h\u{9}e") == [[5, 6], [5, 6]])
    #expect(try elements("(](K\u{5}er\u{9}\u{0}\u{0}\u{0}j\u{9}\u{0}\u{0}\u{0}e") == [[5], [5]])
    let last = "\u{ff}\u{ff}\u{ff}\u{ff}"
    #expect(try elements("(](K\u{5}er\(last)j\(last)e") == [[5], [5]])
    // Built in another order: before the array's own list, in a part of the dtype's state that nobody looks at
    var pickle = Pickle.around(latin1("(h\u{9}h\u{8}e"), count: 2)
    pickle.replace(latin1("|NNN"), with: latin1("|](K\u{1}eq\u{8}](K\u{2}K\u{3}eq\u{9}N"))
    #expect(try read(pickle) == [[2, 3], [1]])
  }

  // MARK: Other things

  @Test func otherOpcodes() {
    for (opcode, name) in [
      ("}", "EMPTY_DICT (0x7d)"), ("G", "BINFLOAT (0x47)"), ("I", "INT (0x49)"), ("i", "INST (0x69)"),
      ("o", "OBJ (0x6f)"), ("\u{81}", "NEWOBJ (0x81)"), ("\u{92}", "NEWOBJ_EX (0x92)"), ("\u{82}", "EXT1 (0x82)"),
      ("P", "PERSID (0x50)"), ("Q", "BINPERSID (0x51)"), ("\u{8b}", "LONG4 (0x8b)"), ("0", "POP (0x30)"),
      ("2", "DUP (0x32)"), ("\u{8f}", "EMPTY_SET (0x8f)"), ("\u{8e}", "BINBYTES8 (0x8e)"), ("s", "SETITEM (0x73)"),
      ("\u{97}", "NEXT_BUFFER (0x97)"), ("\u{0}", "no opcode (0x00)"), ("\u{ff}", "no opcode (0xff)"),
    ] {
      expectError("imdb.npz: x_train.npy: byte ", "found \(name);", "Keras's imdb.npz") {
        try elements("(](\(opcode)ee")
      }
      expectError("expected only integers in a list, found \(name);") { try elements("(](K\u{1}\(opcode)ee") }
    }
  }

  @Test func placeOfAnOpcode() {
    let before = NPY.lists(Pickle.around([], count: 2), count: 2).count - 3
    expectError("imdb.npz: x_train.npy: byte \(before + 2): ", "EMPTY_DICT") { try elements("(]}ee") }
    expectError("imdb.npz: x_train.npy: byte \(before + 5): ", "EMPTY_DICT") { try elements("(](K\u{1}}ee") }
  }

  @Test func otherFunctions() {
    expectError("byte ", "found a call of “os.system”;") {
      try read(latin1("\u{80}\u{2}cos\nsystem\nU\u{4}true\u{85}R."))
    }
    expectError("found a call of “posix.system”;") {
      try read(latin1("\u{80}\u{4}\u{8c}\u{5}posix\u{8c}\u{6}system\u{93}\u{8c}\u{4}true\u{85}R."))
    }
    // The names are shown without control characters and not in full length.
    expectError("found a call of “a\\u{1B}.b") {
      try read(latin1("\u{80}\u{2}ca\u{1b}\n\(String(repeating: "b", count: 99))\n."))
    }
    expectError("expected a name of at most 128 bytes") {
      try read(latin1("\u{80}\u{2}c\(String(repeating: "b", count: 129))\n"))
    }
    // Allowed names in calls that make no array
    let names = "cnumpy\nndarray\n"
    expectError("expected the call of numpy's ndarray") { try read(latin1("\u{80}\u{2}\(names)K\u{1}\u{85}R.")) }
    expectError("expected the call of numpy's _reconstruct") {
      try read(latin1("\u{80}\u{2}cnumpy.core.multiarray\n_reconstruct\n\(names)\u{85}R."))
    }
    expectError("expected the call of numpy's dtype") {
      try read(latin1("\u{80}\u{2}cnumpy\ndtype\nU\u{2}V8K\u{0}K\u{1}\u{87}R."))
    }
    expectError("expected the call of Python's encode") {
      try read(latin1("\u{80}\u{2}c_codecs\nencode\nU\u{2}xxU\u{3}hex\u{86}R."))
    }
    expectError("a function and its arguments for REDUCE (0x52)") { try elements("(]]K\u{1}R") }
    expectError("a tuple of state for BUILD (0x62), found a list") { try elements("(]]b") }
    expectError("a dtype or an array for BUILD (0x62), found a list") { try elements("(]K\u{1}\u{85}b") }
  }

  @Test func otherProtocols() {
    for version: UInt8 in [0, 1, 6, 255] {
      expectError("expected pickle protocol 2 to 5, found \(version)") { try read([0x80, version] + latin1("].")) }
    }
    expectError("expected PROTO (0x80), a pickle's first opcode, found MARK (0x28)") { try read(latin1("(lp0\n.")) }
  }

  @Test func otherResults() {
    for pickle in ["K\u{1}.", ".", "].", "](K\u{1}e.", "K\u{1}K\u{2}."] {
      expectError("expected an array of lists, found ") { try read(latin1("\u{80}\u{2}" + pickle)) }
    }
  }

  @Test func otherElements() {
    expectError("expected lists of integers, found the text “ab” in one") { try elements("(U\u{2}abe") }
    expectError("expected lists of integers, found None in one") { try elements("(Ne") }
    expectError("expected lists of integers, found a tuple in one") { try elements("(]K\u{1}\u{85}e") }
    expectError("expected 2 lists, as the header says, found 0 or other values") { try elements("(K\u{1}K\u{2}e") }
    expectError("lists and integers in one list") { try elements("(]]e(K\u{1}e") }
    expectError("lists nested in another way") { try elements("(K\u{1}e]a") }
    expectError("lists nested in another way") { try elements("(](]ee") }
    expectError("lists nested in another way") { try elements("h\u{6}a") }
    expectError("one that grows after the next has begun") {
      try elements("(](K\u{1}eq\u{9}](K\u{2}eh\u{9}(K\u{3}ee")
    }
  }

  @Test func numbersOutOfRange() {
    for (number, shown) in [
      ("J\u{ff}\u{ff}\u{ff}\u{ff}", "-1"), ("J\u{0}\u{0}\u{0}\u{40}", "1073741824"), ("\u{8a}\u{1}\u{ff}", "-1"),
      ("\u{8a}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{80}", "-9223372036854775808"),
    ] {
      expectError("expected a word's rank, 0 to 1073741823, found \(shown)") { try elements("(](\(number)e]e") }
      expectError("expected a word's rank, 0 to 1073741823, found \(shown)") { try elements("(]\(number)a]e") }
    }
    expectError("expected a number that fits, found one of 200 bytes") { try elements("(](\u{8a}\u{c8}e]e") }
  }

  // MARK: Counts

  @Test func countsThatDisagree() {
    let two = Pickle.array([[1], [2]])
    expectError("expected the shape (3,), as the header says") { try read(two, count: 3) }
    expectError("expected 1 lists, as the header says, found more") { try read(two, count: 1) }
    expectError("expected 2 lists, as the header says, found 1 or other values") { try elements("(]e") }
    expectError("expected 2 lists, as the header says, found more") { try elements("(]]]e") }
    expectError("expected 2 lists, as the header says, found more") { try elements("(]q\u{9}h\u{9}h\u{9}e") }
    expectError("expected 0 lists, as the header says") { try elements("(K\u{1}e", count: 0) }
  }

  @Test func repeatedListsThatMultiply() {
    let list = Pickle.list([Int32](repeating: 7, count: 2000)) + latin1("q\u{9}")
    let many = (0..<999).flatMap { _ in latin1("h\u{9}") }
    expectError("byte ", "expected at most one integer per byte, found repeated lists that multiply") {
      try read(Pickle.around(latin1("(") + list + many + latin1("e"), count: 1000), count: 1000)
    }
  }

  @Test func cutOffEverywhere() throws {
    let whole = NPY.lists(Pickle.array([[1, 2, 300], [70_000]]), count: 2)
    for length in 0..<whole.count {
      expectError("byte ", "expected more data, found the end of the entry") {
        try sequences(Array(whole.prefix(length)))
      }
    }
    #expect(try sequences(whole).lists == [[1, 2, 300], [70_000]])
  }

  @Test func hugeCounts() {
    expectError("expected text of at most 128 bytes, found 4294967295") { try elements("(X\u{ff}\u{ff}\u{ff}\u{ff}ab") }
    expectError("expected text of at most 128 bytes, found 255") { try elements("(\u{8c}\u{ff}ab") }
    expectError("expected a memoized value, found none of number 200") { try elements("(h\u{c8}e") }
    expectError("expected a memoized value, found none of number 4294967295") {
      try elements("(j\u{ff}\u{ff}\u{ff}\u{ff}e")
    }
    expectError("expected a frame of at most ", "found 18446744073709551615") {
      try elements("(\u{95}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}")
    }
    let puts = (0..<2000 as Range<UInt32>).flatMap { latin1("r") + littleEndian($0) }
    expectError("expected at most 1026 memoized values, found more") {
      try read(Pickle.around(latin1("]") + puts, count: 2))
    }
    expectError("expected at most 65536 values on the stack") { try elements(String(repeating: "(", count: 70_000)) }
    expectError("expected at most 65536 values on the stack") { try elements(String(repeating: "N", count: 70_000)) }
  }

  @Test func deepNesting() {
    expectError("expected tuples in at most one other") {
      try elements("K\u{1}" + String(repeating: "\u{85}", count: 99_999))
    }
    expectError("expected a tuple of at most 8, found one of 9") { try elements("(NNNNNNNNNt") }
    expectError("expected 2 lists, as the header says, found more") {
      try elements(String(repeating: "](", count: 99_999))
    }
  }

  @Test func emptyStack() {
    for opcode in ["a", "\u{85}", "\u{86}", "\u{87}", "R", "b", "\u{93}", "q\u{1}", "\u{94}", "e", "t"] {
      expectError("byte ", "expected ") { try read(latin1("\u{80}\u{4}" + opcode + ".")) }
      expectError("byte ", "expected ") { try read(latin1("\u{80}\u{4}(" + opcode + ".")) }
    }
  }
}
