import Corpus
import Files
import Fixtures
import Foundation
import Models
import RecurrentNetwork
import Testing

/// That numpy reads and writes them just so is shown by Scripts/interop/onnx_interop.py.
@Suite struct NPZTests {
  private typealias Entry = (name: String, data: Data)

  /// Keras's names with the shapes of the small network.
  private static let shapes: [(name: String, shape: [Int])] = [
    ("sequential/embedding/embeddings", [5, 2]), ("sequential/lstm/lstm_cell/kernel", [2, 12]),
    ("sequential/lstm/lstm_cell/recurrent_kernel", [3, 12]), ("sequential/lstm/lstm_cell/bias", [12]),
    ("sequential/dense/kernel", [3, 1]), ("sequential/dense/bias", [1]),
  ]

  private static func array(_ dtype: String, _ shape: [Int], _ bytes: Data, fortran: Bool = false) -> Data {
    Data(NPYHeader(dtype: dtype, isFortranOrder: fortran, shape: shape).encoded) + bytes
  }

  private static func bytes<Number: FixedWidthInteger>(_ numbers: [Number]) -> Data {
    numbers.map(\.littleEndian).withUnsafeBytes { Data($0) }
  }

  /// Each of the arrays as ones of a dtype.
  private static func entries(_ dtype: String = "<f4") -> [Entry] {
    shapes.map { name, shape in
      let count = shape.reduce(1, *)
      let bytes =
        switch dtype {
        case "<f2": bytes([UInt16](repeating: 0x3C00, count: count))
        case "<f8": bytes([UInt64](repeating: 1.0.bitPattern, count: count))
        default: bytes([UInt32](repeating: Float(1).bitPattern, count: count))
        }
      return (name + ".npy", array(dtype, shape, bytes))
    }
  }

  private func read(_ entries: [Entry], isDeflated: Bool = false) throws -> Model {
    let file = TemporaryFile("npz")
    try file.write(ZipWriter.archive(entries, isDeflated: isDeflated))
    return try Model(contentsOf: file.path)
  }

  /// Expects that an archive of these arrays is refused in a line that has a part.
  private func refusesArchive(
    _ entries: [Entry], isDeflated: Bool = false, _ part: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    refuses((any ActionableError).self, part, sourceLocation: sourceLocation) {
      try read(entries, isDeflated: isDeflated)
    }
  }

  @Test func writesKerasNames() throws {
    let file = TemporaryFile("npz")
    try SmallModel.model.write(to: file.path)
    let archive = try ZipArchive(path: file.path)
    #expect(archive.entryNames == Self.shapes.map { $0.name + ".npy" } + ["metadata.npy"])
    for (name, shape) in Self.shapes {
      let header = try archive.read(name + ".npy") { reader in
        let header = try NPYHeader(from: &reader)
        #expect(reader.position % 64 == 0)
        try reader.drain()
        return header
      }
      #expect(header == NPYHeader(dtype: "<f4", isFortranOrder: false, shape: shape))
    }
  }

  @Test func writesKerasNamesOfLayersAndDirections() throws {
    let file = TemporaryFile("npz")
    try SmallModel.model(of: SmallModel.architectures[3]).write(to: file.path)
    let archive = try ZipArchive(path: file.path)
    let cells = ["", "_1"].flatMap { suffix in
      ["forward", "backward"].flatMap { direction in
        ["kernel", "recurrent_kernel", "bias"].map {
          "bidirectional\(suffix)/\(direction)_lstm\(suffix)/lstm_cell/\($0)"
        }
      }
    }
    let names = ["embedding/embeddings"] + cells + ["dense/kernel", "dense/bias"]
    #expect(archive.entryNames == names.map { "sequential/\($0).npy" } + ["metadata.npy"])

    // The names are those that the metadata tell, no others.
    let entries = try archive.entryNames.map { name in
      (name, Data(try archive.read(name) { try $0.bytes($0.remaining) }))
    }
    let renamed = entries.map { ($0.0.replacing("bidirectional_1", with: "bidirectional_2"), $0.1) }
    refusesArchive(renamed, " is not one of the weights; the arrays must be those of Embedding(5, 2) masked")
    refusesArchive(entries.filter { $0.0 != "metadata.npy" }, "there are two layers of the same kind")
    refusesArchive(Array(entries.dropFirst()), "there is no tensor embedding/embeddings")
  }

  @Test(arguments: ["<f2", "<f4", "<f8"]) func convertsFloats(dtype: String) throws {
    for isDeflated in [false, true] {
      let model = try read(Self.entries(dtype), isDeflated: isDeflated)
      #expect(model.parameters.values.allSatisfy { $0 == 1 })
      #expect(model == Model(model.parameters))
    }
  }

  @Test func readsLayersOfAnyName() throws {
    let renamed = Self.entries().map { entry in
      (
        entry.name.replacing("sequential/", with: "").replacing("lstm/", with: "a/b/").replacing("dense", with: "d_1"),
        entry.data
      )
    }
    #expect(try read(renamed) == read(Self.entries()))
  }

  @Test func readsFortransOrder() throws {
    var entries = Self.entries()
    let columns = Self.bytes((1...6).map { Float($0).bitPattern } + [UInt32](repeating: 0, count: 4))
    entries[0].data = Self.array("<f4", [5, 2], columns, fortran: true)
    let embedding = try read(entries).parameters.values[..<10]
    #expect(Array(embedding) == [1, 6, 2, 0, 3, 0, 4, 0, 5, 0])
  }

  @Test(arguments: [
    (0, "<f4", [5, 2], 36, "expected 40 bytes for the shape (5, 2), found 36"),
    (0, "<f4", [5, 2], 44, "expected 40 bytes for the shape (5, 2), found 44"),
    (0, ">f4", [5, 2], 40, "expected an array of <f4, <f2 or <f8, found “>f4”"),
    (0, "<i4", [5, 2], 40, "found “<i4”; convert it with numpy's astype"),
    (0, "|O", [5, 2], 40, "found “|O”"), (0, "<f16", [5, 2], 160, "found “<f16”"),
    (0, "<f4", [1 << 61, 8], 40, "bytes for the shape"), (0, "<f4", [.max, 0], 40, "bytes for the shape"),
    (0, "<f4", [5, 1, 2], 40, "expected at most two dimensions, found 3"),
    (0, "<f4", [10], 40, "embedding/embeddings has shape [10], expected a matrix"),
    (0, "<f4", [0, 2], 0, "embedding/embeddings has shape [0, 2], expected a matrix"),
    (0, "<f4", [2, 5], 40, "vocabularySize must be from 3 to 10000000, not 2"),
    (1, "<f4", [12, 2], 96, "lstm/lstm_cell/kernel has shape [12, 2], expected [2, 12]"),
    (4, "<f4", [3], 12, "dense/kernel has shape [3], expected [3, 1]"),
    (5, "<f4", [], 4, "dense/bias has shape [], expected [1]"),
  ])
  func refusesArrays(index: Int, dtype: String, shape: [Int], size: Int, problem: String) {
    var entries = Self.entries()
    entries[index].data = Self.array(dtype, shape, Data(count: size))
    refusesArchive(entries, problem)
  }

  @Test func refusesOtherNames() {
    let entries = Self.entries()
    func with(_ name: String) -> [Entry] { entries + [(name, Self.array("<f4", [1], Data(count: 4)))] }
    refusesArchive(Array(entries.dropFirst()), "there is no tensor embedding/embeddings")
    refusesArchive(entries.filter { $0.name != "sequential/lstm/lstm_cell/bias.npy" }, "lstm_cell/bias")
    for name in [
      "optimizer/iteration.npy", "gru/gru_cell/bias.npy", "seed_generator/seed_generator_state.npy", "bias.npy",
      "dense/bias", ".npy", "a\u{200B}b",
    ] { refusesArchive(with(name), " is not one of the weights; give the arrays of") }
    refusesArchive(
      with("sequential/dense_1/bias.npy"),
      "two layers of the same kind, with sequential/dense/bias.npy and sequential/dense_1/bias.npy")
    refusesArchive(with("bidirectional/backward_lstm/lstm_cell/kernel.npy"), "two layers of the same kind")
  }

  @Test func refusesNumbersThatFloatCannotHold() {
    for (dtype, bits) in [("<f8", 1e39.bitPattern), ("<f8", Double.nan.bitPattern)] as [(String, UInt64)] {
      var entries = Self.entries()
      entries[5].data = Self.array(dtype, [1], Self.bytes([bits]))
      refusesArchive(entries, "element 0 of dense/bias is ")
    }
  }

  @Test(arguments: [
    ("{", "metadata is not a JSON object of strings"), ("[]", "metadata is not a JSON object of strings"),
    (#"{"configuration":{}}"#, "metadata is not a JSON object of strings"),
    (#"{"configuration":"{}"}"#, "embedding/embeddings has shape [5, 2], expected [1000, 128]"),
    (#"{"vocabulary":"[\"a\"]"}"#, "in the metadata, the vocabulary is not a list of 5 words"),
  ])
  func refusesMetadata(json: String, problem: String) {
    let metadata = Self.array("|u1", [json.utf8.count], Data(json.utf8))
    refusesArchive(Self.entries() + [("metadata.npy", metadata)], problem)
  }

  @Test func metadataOfOtherNamesAreNotRead() throws {
    let metadata = Self.array("|u1", [9], Data(#"{"x":"y"}"#.utf8))
    #expect(try read(Self.entries() + [("metadata.npy", metadata)]) == read(Self.entries()))
  }

  @Test func refusesMetadataThatAreNoBytes() {
    let text = Self.array("<f4", [1], Data(count: 4))
    refusesArchive(Self.entries() + [("metadata.npy", text)], "expected an array of bytes (|u1)")
  }

  @Test func refusesAnArrayThatWouldFillTheMemory() {
    var entries = Self.entries()
    // 80 MB of zeros in less than 100 kB.
    entries[0].data = Self.array("<f4", [10_000_000, 2], Data(count: 80_000_000))
    refusesArchive(entries, isDeflated: true, "80000128 declared")
  }
}
