/// Reads a pickled numpy array of lists of integers, and nothing else.
///
/// A pickle is a program for a stack machine that may call any Python function. Here the few functions that numpy needs
/// for an object array are recognized by name (`Value.Global`), nothing is ever called, and every other opcode or
/// function is an error. Protocols 2 to 5, as Python 2 and 3 and numpy 1 and 2 write them; see `Lib/pickletools.py`
/// in CPython for the opcodes.
///
/// Whatever the bytes, the memory taken stays in proportion to their number: every integer takes at least two bytes,
/// there are limits on the stack, the memo, the lists, the tuples and the texts, and lists that are referred to more
/// than once must not multiply.
struct PickleReader: ~Copyable {
  /// Reads a pickle to its STOP opcode.
  ///
  /// - Parameters:
  ///   - reader: at the pickle's first byte.
  ///   - count: the number of lists that the array must have.
  /// - Returns: the lists, each number in `0...maximumNumber`.
  /// - Throws: `CorpusError` with the opcode's byte offset if the pickle is anything but such an array.
  static func sequences(from reader: inout EntryReader, count: Int) throws -> TokenSequences {
    var machine = PickleReader(count: count)
    // Keeps the larger of Keras's arrays from being moved as it grows. No more than that: the size may be a lie.
    machine.numbers.reserveCapacity(min(reader.remaining / 2, 1 << 23))
    try machine.run(&reader)
    return try machine.flattened(reader)
  }

  /// The largest integer in a list: any `index_from` within the same bounds can be added without overflow.
  static let maximumNumber = 1 << 30 - 1

  /// An entry of the stack or of the memo.
  private enum Value {
    case mark
    case none
    /// Booleans too: Python 2 writes False as 0.
    case integer(Int)
    case text(String)
    case tuple([Value])
    /// The index of a list in `lists`.
    case list(Int)
    case global(Global)
    case dtype
    case emptyArray
    case array

    enum Global { case ndarray, dtype, reconstruct, encode }

    /// What it is, for a message.
    var name: String {
      switch self {
      case .mark: "a MARK"
      case .none: "None"
      case .integer(let number): "the number \(number)"
      case .text(let text): "the text \(CorpusError.quoted(text))"
      case .tuple: "a tuple"
      case .list: "a list"
      case .global: "a function"
      case .dtype: "a dtype"
      case .emptyArray, .array: "an array"
      }
    }
  }

  /// A list of integers: `numbers[start..<end]`.
  private struct List {
    var start: Int
    var end: Int
    /// Whether it is an element of the list of lists, and so cannot be that list itself.
    var isElement = false
  }

  // Numpy's own pickles are 1,000 lists and a few other values deep, since Python appends 1,000 at a time.
  private static let maximumDepth = 1 << 16
  // Numpy's state of a dtype has 8 items.
  private static let maximumTupleCount = 8
  // The longest of the names is `numpy._core.multiarray`.
  private static let maximumTextLength = 128
  // Numpy's pickles memoize each list, and about 20 other values.
  private static let memoReserve = 1024

  private let count: Int
  private var stack: [Value] = []
  private var memo: [Int: Value] = [:]
  /// All integers of all lists, in the order of the file.
  private var numbers: [Int32] = []
  private var lists: [List] = []
  /// The list of lists, and its elements: indices into `lists`.
  private var outer: Int?
  private var elements: [Int32] = []
  /// The list from which the array was built.
  private var built: Int?

  /// The offset of the current opcode, for messages.
  private var offset = 0

  private init(count: Int) { self.count = count }

  // MARK: The stack machine

  private mutating func run(_ reader: inout EntryReader) throws {
    offset = reader.position
    let first = try reader.byte()
    guard first == PickleOpcode.proto.rawValue else {
      throw error(reader, expected: "PROTO (0x80), a pickle's first opcode", found: PickleOpcode.name(first))
    }
    let version = try reader.byte()
    guard (2...5).contains(version) else {
      throw error(reader, expected: "pickle protocol 2 to 5", found: "\(version)")
    }
    while true {
      offset = reader.position
      let byte = try reader.byte()
      switch PickleOpcode(rawValue: byte) {
      case .frame: try skipFrame(&reader)
      case .mark:
        let top = stack.last
        try push(.mark, reader)
        if case .list(let list) = top { try readNumbers(into: list, &reader) }

      // Constants
      case .none?: try push(.none, reader)
      case .newtrue: try push(.integer(1), reader)
      case .newfalse: try push(.integer(0), reader)
      case .binint1: try push(.integer(Int(try reader.unsigned(width: 1))), reader)
      case .binint2: try push(.integer(Int(try reader.unsigned(width: 2))), reader)
      case .binint: try push(.integer(try signed(&reader)), reader)
      case .long1: try push(.integer(try long(&reader)), reader)
      case .shortBinstring, .shortBinbytes, .shortBinunicode: try push(.text(try text(&reader, width: 1)), reader)
      case .binunicode: try push(.text(try text(&reader, width: 4)), reader)

      // Tuples and lists
      case .tuple1: try pushTuple(try pop(1, reader), reader)
      case .tuple2: try pushTuple(try pop(2, reader), reader)
      case .tuple3: try pushTuple(try pop(3, reader), reader)
      case .tuple: try pushTuple(try popToMark(reader), reader)
      case .emptyList:
        guard lists.count <= count else {
          throw error(reader, expected: "\(count) lists, as the header says", found: "more")
        }
        lists.append(List(start: numbers.count, end: numbers.count))
        try push(.list(lists.count - 1), reader)
      case .append: try append(try pop(1, reader), reader)
      case .appends: try append(try popToMark(reader), reader)

      // The memo
      case .binput: try memoize(at: Int(try reader.unsigned(width: 1)), reader)
      case .longBinput: try memoize(at: Int(try reader.unsigned(width: 4)), reader)
      case .memoize: try memoize(at: memo.count, reader)
      case .binget: try recall(Int(try reader.unsigned(width: 1)), reader)
      case .longBinget: try recall(Int(try reader.unsigned(width: 4)), reader)

      // What numpy calls
      case .global:
        let module = try line(&reader)
        try pushGlobal(module, try line(&reader), reader)
      case .stackGlobal:
        guard case (.text(let module), .text(let name)) = try pop2(reader) else {
          throw error(reader, expected: "a module and a name", found: "other values")
        }
        try pushGlobal(module, name, reader)
      case .reduce: try reduce(reader)
      case .build: try build(reader)

      case .stop:
        guard built != nil, stack.count == 1, case .array? = stack.last else {
          throw error(
            reader, expected: "an array of lists", found: stack.last.map { "\($0.name) at the end" } ?? "nothing")
        }
        return

      default:
        throw error(reader, expected: "an opcode of an array of lists", found: PickleOpcode.name(byte))
      }
    }
  }

  /// Reads the integers that follow a list and a MARK straight into the list, bypassing the stack: nearly all of the
  /// file.
  ///
  /// If the first opcode is not that of an integer, nothing is read; otherwise APPENDS must follow the integers.
  private mutating func readNumbers(into list: Int, _ reader: inout EntryReader) throws {
    let start = numbers.count
    while true {
      readBufferedNumbers(&reader)
      offset = reader.position
      let byte = try reader.peek()
      switch byte {
      case PickleOpcode.binint1.rawValue:
        reader.skip()
        numbers.append(Int32(truncatingIfNeeded: try reader.byte()))
      case PickleOpcode.binint2.rawValue:
        reader.skip()
        numbers.append(Int32(truncatingIfNeeded: try reader.unsigned(width: 2)))
      case PickleOpcode.binint.rawValue:
        reader.skip()
        try numbers.append(checked(try signed(&reader), reader))
      case PickleOpcode.long1.rawValue:
        reader.skip()
        try numbers.append(checked(try long(&reader), reader))
      case PickleOpcode.frame.rawValue:
        reader.skip()
        try skipFrame(&reader)
      default:
        if numbers.count == start { return }
        guard byte == PickleOpcode.appends.rawValue else {
          throw error(reader, expected: "only integers in a list", found: PickleOpcode.name(byte))
        }
        reader.skip()
        stack.removeLast()
        return try extend(list, from: start, reader)
      }
    }
  }

  /// Reads BININT1 and BININT2 as long as they lie in memory in full, at most 1,024: Python appends 1,000 at a time.
  ///
  /// The two alternate at random, so that a branch on which one it is would be mispredicted for every other word. They
  /// are gathered in a buffer first, since an array checks at each append whether it is uniquely referenced.
  private mutating func readBufferedNumbers(_ reader: inout EntryReader) {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1024) { gathered in
      var filled = 0
      reader.takeBuffered { bytes in
        var position = 0
        while position + 3 <= bytes.count, filled < gathered.count {
          let opcode = bytes[position]
          guard opcode == PickleOpcode.binint1.rawValue || opcode == PickleOpcode.binint2.rawValue else { break }
          let wide: UInt16 = opcode == PickleOpcode.binint2.rawValue ? 1 : 0
          let number = UInt16(bytes[position &+ 1]) | UInt16(bytes[position &+ 2]) << 8
          gathered[filled] = Int32(number & (0xff | (0 &- wide) << 8))
          filled &+= 1
          position &+= 2 &+ Int(wide)
        }
        return position
      }
      numbers.append(contentsOf: gathered[..<filled])
    }
  }

  // MARK: Constants

  private func signed(_ reader: inout EntryReader) throws -> Int {
    Int(Int32(truncatingIfNeeded: try reader.unsigned(width: 4)))
  }

  /// LONG1: a length, then as many bytes of a two's complement number.
  private func long(_ reader: inout EntryReader) throws -> Int {
    let length = Int(try reader.byte())
    guard length <= 8 else { throw error(reader, expected: "a number that fits", found: "one of \(length) bytes") }
    if length == 0 { return 0 }
    let shift = 64 - 8 * length
    return Int(truncatingIfNeeded: try reader.unsigned(width: length) << UInt64(shift)) >> shift
  }

  private func checked(_ number: Int, _ reader: borrowing EntryReader) throws -> Int32 {
    guard (0...Self.maximumNumber).contains(number) else {
      throw error(reader, expected: "a word's rank, 0 to \(Self.maximumNumber)", found: "\(number)")
    }
    return Int32(number)
  }

  private func text(_ reader: inout EntryReader, width: Int) throws -> String {
    let length = Int(try reader.unsigned(width: width))
    guard length <= Self.maximumTextLength else {
      throw error(reader, expected: "text of at most \(Self.maximumTextLength) bytes", found: "\(length)")
    }
    return String(decoding: try reader.bytes(length), as: UTF8.self)
  }

  private func line(_ reader: inout EntryReader) throws -> String {
    var bytes: [UInt8] = []
    while true {
      let byte = try reader.byte()
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      guard bytes.count < Self.maximumTextLength else {
        throw error(reader, expected: "a name of at most \(Self.maximumTextLength) bytes", found: "a longer one")
      }
      bytes.append(byte)
    }
  }

  /// FRAME only announces how many bytes belong together. Python writes one every 64 KiB, even inside lists.
  private func skipFrame(_ reader: inout EntryReader) throws {
    let length = try reader.unsigned(width: 8)
    guard length <= UInt64(reader.remaining) else {
      throw error(reader, expected: "a frame of at most \(reader.remaining) bytes, the rest", found: "\(length)")
    }
  }

  // MARK: Stack and memo

  private mutating func push(_ value: Value, _ reader: borrowing EntryReader) throws {
    guard stack.count < Self.maximumDepth else {
      throw error(reader, expected: "at most \(Self.maximumDepth) values on the stack", found: "more")
    }
    stack.append(value)
  }

  private mutating func pop(_ count: Int, _ reader: borrowing EntryReader) throws -> [Value] {
    let values = Array(stack.suffix(count))
    guard values.count == count, !values.contains(where: { if case .mark = $0 { true } else { false } }) else {
      throw error(reader, expected: "\(count) values on the stack", found: "fewer")
    }
    stack.removeLast(count)
    return values
  }

  private mutating func pop2(_ reader: borrowing EntryReader) throws -> (Value, Value) {
    let values = try pop(2, reader)
    return (values[0], values[1])
  }

  private mutating func popToMark(_ reader: borrowing EntryReader) throws -> [Value] {
    guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
      throw error(reader, expected: "a MARK on the stack", found: "none")
    }
    let values = Array(stack[(mark + 1)...])
    stack.removeSubrange(mark...)
    return values
  }

  private mutating func memoize(at index: Int, _ reader: borrowing EntryReader) throws {
    guard let value = stack.last else { throw error(reader, expected: "a value to memoize", found: "an empty stack") }
    if case .mark = value { throw error(reader, expected: "a value to memoize", found: "a MARK") }
    guard memo.count < count + Self.memoReserve else {
      throw error(reader, expected: "at most \(count + Self.memoReserve) memoized values", found: "more")
    }
    memo[index] = value
  }

  private mutating func recall(_ index: Int, _ reader: borrowing EntryReader) throws {
    guard let value = memo[index] else {
      throw error(reader, expected: "a memoized value", found: "none of number \(index)")
    }
    try push(value, reader)
  }

  private mutating func pushTuple(_ values: [Value], _ reader: borrowing EntryReader) throws {
    guard values.count <= Self.maximumTupleCount else {
      throw error(reader, expected: "a tuple of at most \(Self.maximumTupleCount)", found: "one of \(values.count)")
    }
    // Numpy nests a shape in an array's state. Deeper nesting could only serve to overflow this process's own stack.
    for case .tuple(let inner) in values where inner.contains(where: { if case .tuple = $0 { true } else { false } }) {
      throw error(reader, expected: "tuples in at most one other", found: "deeper ones")
    }
    try push(.tuple(values), reader)
  }

  // MARK: Lists

  private mutating func append(_ values: [Value], _ reader: borrowing EntryReader) throws {
    guard case .list(let list)? = stack.last else {
      throw error(reader, expected: "a list to append to", found: stack.last?.name ?? "an empty stack")
    }
    for value in values {
      switch value {
      case .integer(let number):
        let start = numbers.count
        try numbers.append(checked(number, reader))
        try extend(list, from: start, reader)
      case .list(let element):
        try appendElement(element, to: list, reader)
      default:
        throw error(reader, expected: "lists of integers", found: "\(value.name) in one")
      }
    }
  }

  private mutating func appendElement(_ element: Int, to list: Int, _ reader: borrowing EntryReader) throws {
    lists[element].isElement = true
    outer = outer ?? list
    guard outer == list, outer != element, !lists[list].isElement, lists[list].start == lists[list].end else {
      throw error(reader, expected: "one list of lists of integers", found: "lists nested in another way")
    }
    guard elements.count < count else {
      throw error(reader, expected: "\(count) lists, as the header says", found: "more")
    }
    elements.append(Int32(element))
  }

  /// Appends `numbers[start...]` to a list, which must be empty or end at `start`.
  private mutating func extend(_ list: Int, from start: Int, _ reader: borrowing EntryReader) throws {
    guard list != outer else {
      throw error(reader, expected: "one list of lists of integers", found: "lists and integers in one list")
    }
    if lists[list].start == lists[list].end {
      lists[list] = List(start: start, end: start, isElement: lists[list].isElement)
    }
    // Python writes each list of integers in one go, so none ever has to be moved.
    guard lists[list].end == start else {
      throw error(reader, expected: "lists one after the other", found: "one that grows after the next has begun")
    }
    lists[list].end = numbers.count
  }

  /// The lists in the array's order.
  private consuming func flattened(_ reader: borrowing EntryReader) throws -> TokenSequences {
    guard elements.count == count, let built, count == 0 ? lists[built].end == lists[built].start : built == outer
    else {
      throw error(reader, expected: "\(count) lists, as the header says", found: "\(elements.count) or other values")
    }
    var offsets = [0]
    offsets.reserveCapacity(count + 1)
    var inOrder = true
    for element in elements {
      let list = lists[Int(element)]
      if list.start != list.end, list.start != offsets.last { inOrder = false }
      let total = offsets[offsets.count - 1] + (list.end - list.start)
      // A list may be referred to more than once: at a few bytes each, that could make any number of integers.
      guard total <= reader.size else {
        throw error(reader, expected: "at most one integer per byte", found: "repeated lists that multiply")
      }
      offsets.append(total)
    }
    if inOrder, numbers.count == offsets[count] { return TokenSequences(tokens: numbers, offsets: offsets) }
    var tokens: [Int32] = []
    tokens.reserveCapacity(offsets[count])
    for element in elements { tokens += numbers[lists[Int(element)].start..<lists[Int(element)].end] }
    return TokenSequences(tokens: tokens, offsets: offsets)
  }

  // MARK: What numpy calls

  private mutating func pushGlobal(_ module: String, _ name: String, _ reader: borrowing EntryReader) throws {
    switch (module, name) {
    case ("numpy", "ndarray"): try push(.global(.ndarray), reader)
    case ("numpy", "dtype"): try push(.global(.dtype), reader)
    // numpy 1 and numpy 2
    case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"):
      try push(.global(.reconstruct), reader)
    case ("_codecs", "encode"): try push(.global(.encode), reader)
    default:
      throw error(
        reader, expected: "only what numpy needs for an array of lists",
        found: "a call of \(CorpusError.quoted("\(module).\(name)"))")
    }
  }

  private mutating func reduce(_ reader: borrowing EntryReader) throws {
    guard case (.global(let global), .tuple(let arguments)) = try pop2(reader) else {
      throw error(reader, expected: "a function and its arguments for REDUCE (0x52)", found: "other values")
    }
    switch global {
    case .reconstruct:  // _reconstruct(ndarray, (0,), b"b")
      guard arguments.count == 3, case .global(.ndarray) = arguments[0], case .tuple = arguments[1],
        case .text("b") = arguments[2]
      else { throw callError("numpy's _reconstruct", reader) }
      try push(.emptyArray, reader)
    case .dtype:  // dtype("O8", False, True), with the pointer's size in bytes
      guard arguments.count == 3, case .text(let name) = arguments[0], ["O", "O4", "O8"].contains(name) else {
        throw callError("numpy's dtype", reader)
      }
      try push(.dtype, reader)
    case .encode:  // encode("b", "latin1"): how Python 3 writes bytes in protocol 2
      guard arguments.count == 2, case .text("b") = arguments[0], case .text("latin1") = arguments[1] else {
        throw callError("Python's encode", reader)
      }
      try push(.text("b"), reader)
    case .ndarray:
      throw callError("numpy's ndarray", reader)
    }
  }

  private func callError(_ function: String, _ reader: borrowing EntryReader) -> CorpusError {
    error(reader, expected: "the call of \(function) for an object array", found: "other arguments")
  }

  private mutating func build(_ reader: borrowing EntryReader) throws {
    let (target, argument) = try pop2(reader)
    guard case .tuple(let state) = argument else {
      throw error(reader, expected: "a tuple of state for BUILD (0x62)", found: argument.name)
    }
    switch target {
    case .dtype:  // (3, "|", None, None, None, -1, -1, 63): version 3, no byte order
      guard state.count == 8, case .integer(3) = state[0], case .text("|") = state[1] else {
        throw error(reader, expected: "the state of an object dtype", found: "another one")
      }
      try push(.dtype, reader)
    case .emptyArray:  // (1, (25000,), dtype, False, [...]): version 1; the order has no meaning in one dimension
      guard state.count == 5, case .integer(1) = state[0], case .tuple(let shape) = state[1], case .dtype = state[2],
        case .integer = state[3], case .list(let list) = state[4]
      else { throw error(reader, expected: "the state of an object array", found: "another one") }
      guard shape.count == 1, case .integer(count) = shape[0] else {
        throw error(reader, expected: "the shape (\(count),), as the header says", found: "another one")
      }
      guard built == nil else { throw error(reader, expected: "one array", found: "another one") }
      built = list
      try push(.array, reader)
    default:
      throw error(reader, expected: "a dtype or an array for BUILD (0x62)", found: target.name)
    }
  }

  private func error(_ reader: borrowing EntryReader, expected: String, found: String) -> CorpusError {
    reader.error(
      .unsupportedArray, at: offset, expected: expected, found: found,
      advice: "only a one-dimensional numpy array of lists of integers can be read, as in Keras's imdb.npz")
  }
}
