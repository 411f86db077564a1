import Corpus

/// The bytes of a string of code points below 256: `latin1("\u{80}\u{2}K")` is 0x80, 2, 0x4b.
func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

// MARK: Zip archives

/// The CRC-32 of zip archives and of Python's `zlib.crc32`.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  ~bytes.reduce(~0 as UInt32) { crc, byte in
    (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xedb8_8320) }
  }
}

/// A zip archive of stored entries, written by hand so that each field can lie.
struct Zip {
  struct Entry {
    var name: String
    var data: [UInt8]
    var crc: UInt32
    var compressedSize: UInt32
    var size: UInt32
    var flags: UInt16 = 0
    var method: UInt16 = 0

    init(_ name: String, _ data: [UInt8]) {
      self.name = name
      self.data = data
      crc = crc32(data)
      compressedSize = UInt32(data.count)
      size = UInt32(data.count)
    }
  }

  var entries: [Entry]

  init(_ entries: Entry...) { self.entries = entries }

  /// An `imdb.npz` of some entries, each the part of a test that is replaced.
  static func imdb(
    xTrain: [UInt8]? = nil, yTrain: [UInt8]? = nil, xTest: [UInt8]? = nil, yTest: [UInt8]? = nil
  ) -> Zip {
    let x = NPY.lists(Pickle.array([[1, 2, 300], [4]]), count: 2)
    let y = NPY.labels([0, 1])
    return Zip(
      Entry("x_train.npy", xTrain ?? x), Entry("y_train.npy", yTrain ?? y), Entry("x_test.npy", xTest ?? x),
      Entry("y_test.npy", yTest ?? y))
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      // Version needed, flags, method, time and date, CRC, sizes, lengths of name and extra field.
      let common: [[UInt8]] = [
        littleEndian(20 as UInt16), littleEndian(entry.flags), littleEndian(entry.method),
        littleEndian(0x21_0000 as UInt32),
        littleEndian(entry.crc), littleEndian(entry.compressedSize), littleEndian(entry.size),
        littleEndian(UInt16(entry.name.utf8.count)), littleEndian(0 as UInt16),
      ]
      directory += latin1("PK\u{1}\u{2}") + littleEndian(20 as UInt16) + common.joined()
      directory += [UInt8](repeating: 0, count: 10) + littleEndian(UInt32(file.count)) + Array(entry.name.utf8)
      file += latin1("PK\u{3}\u{4}") + common.joined() + Array(entry.name.utf8) + entry.data
    }
    let count = littleEndian(UInt16(entries.count))
    let end = latin1("PK\u{5}\u{6}") + [0, 0, 0, 0] + count + count + littleEndian(UInt32(directory.count))
    return file + directory + end + littleEndian(UInt32(file.count)) + [0, 0]
  }
}

// MARK: Arrays

enum NPY {
  static func array(_ header: String, _ data: [UInt8], version: [UInt8] = [1, 0]) -> [UInt8] {
    let length = version[0] == 1 ? littleEndian(UInt16(header.utf8.count)) : littleEndian(UInt32(header.utf8.count))
    return latin1("\u{93}NUMPY") + version + length + Array(header.utf8) + data
  }

  static func header(_ dtype: String, _ shape: String) -> String {
    "{'descr': '\(dtype)', 'fortran_order': False, 'shape': \(shape), }    \n"
  }

  static func labels(_ labels: [Int64]) -> [UInt8] {
    array(header("<i8", "(\(labels.count),)"), labels.flatMap(littleEndian))
  }

  static func lists(_ pickle: [UInt8], count: Int) -> [UInt8] { array(header("|O", "(\(count),)"), pickle) }
}

/// Pickles of object arrays, as Python 2 wrote them.
enum Pickle {
  /// What comes before the outer list's elements, and after.
  static func around(_ elements: [UInt8], count: UInt16) -> [UInt8] {
    latin1(
      "\u{80}\u{2}cnumpy.core.multiarray\n_reconstruct\nq\u{1}cnumpy\nndarray\nq\u{2}K\u{0}\u{85}U\u{1}b\u{87}Rq\u{3}")
      + latin1("(K\u{1}M") + littleEndian(count)
      + latin1("\u{85}cnumpy\ndtype\nq\u{4}U\u{2}O8K\u{0}K\u{1}\u{87}Rq\u{5}")
      + latin1("(K\u{3}U\u{1}|NNNJ\u{ff}\u{ff}\u{ff}\u{ff}J\u{ff}\u{ff}\u{ff}\u{ff}K?tb\u{89}]q\u{6}") + elements
      + latin1("tb.")
  }

  static func list(_ numbers: [Int32]) -> [UInt8] {
    latin1("](")
      + numbers.flatMap { number in
        switch number {
        case 0..<256: latin1("K") + [UInt8(number)]
        case 256..<65_536: latin1("M") + littleEndian(UInt16(number))
        default: latin1("J") + littleEndian(number)
        }
      } + latin1("e")
  }

  static func array(_ lists: [[Int32]]) -> [UInt8] {
    around(latin1("(") + lists.flatMap(list) + latin1("e"), count: UInt16(lists.count))
  }
}

extension EntryReader {
  /// Reads bytes out of memory, some at a time.
  init(_ bytes: [UInt8], declaring size: Int? = nil, chunk: Int = .max) {
    var rest = bytes[...]
    self.init(file: "imdb.npz", entry: "x_train.npy", size: size ?? bytes.count) { buffer in
      let taken = rest.prefix(min(chunk, buffer.count))
      buffer.copyBytes(from: taken)
      rest = rest.dropFirst(taken.count)
      return taken.count
    }
  }
}

/// The lists of a `.npy` file in memory.
func sequences(_ npy: [UInt8], chunk: Int = .max) throws -> TokenSequences {
  var reader = EntryReader(npy, chunk: chunk)
  let sequences = try NPYArray.sequences(from: &reader)
  try reader.drain()
  return sequences
}

/// The labels of a `.npy` file in memory.
func labels(_ npy: [UInt8], chunk: Int = .max) throws -> [UInt8] {
  var reader = EntryReader(npy, chunk: chunk)
  return try NPYArray.labels(from: &reader)
}

extension TokenSequences {
  var lists: [[Int32]] { (0..<count).map { Array(self[$0]) } }
}
