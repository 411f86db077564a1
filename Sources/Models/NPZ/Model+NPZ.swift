import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// An npz archive of the weights, like the one that `numpy.savez` writes for a Keras model's
/// `{v.path: v for v in model.weights}`.
///
/// Keras's paths are `sequential/embedding/embeddings`, `sequential/lstm/lstm_cell/kernel` and so on (Keras 3.15.1). An
/// additional array, `metadata`, holds everything else as the bytes of a JSON object:
/// `json.loads(bytes(file["metadata"]))`.
extension Model {
  /// Writes an npz archive of float32 arrays atomically. It does not include the optimizer.
  ///
  /// - Throws: `FileError` if the file can't be written, or `CorpusError` if there is too little memory.
  public func write(toNPZ path: String) throws {
    var entries = parameters.layout.tensors.map { tensor in
      let values = parameters[tensor].map(\.bitPattern.littleEndian)
      let header = NPYHeader(dtype: "<f4", isFortranOrder: false, shape: tensor.shape)
      return (name: tensor.entry, data: Data(header.encoded) + values.withUnsafeBytes { Data($0) })
    }
    let json = try JSONEncoder.reproducible.encode(ModelMetadata(self).texts)
    let header = NPYHeader(dtype: "|u1", isFortranOrder: false, shape: [json.count])
    entries.append((name: Self.metadataEntry, data: Data(header.encoded) + json))
    try AtomicFile.write([try ZipWriter.archive(entries)], to: path)
  }

  private static let metadataEntry = "metadata.npy"

  /// Reads an npz archive: one that `write(toNPZ:)` wrote, or one of the weights of Keras's Embedding → LSTM → Dense(1),
  /// named by their paths. The latter's layers may have any names.
  ///
  /// - Throws: `CorpusError` if the archive or an array in it can't be read, `ModelError` if the arrays are not the
  ///   weights of such a network.
  public init(npz path: String) throws {
    // Weights hardly compress: whatever expands to far more than the file's size isn't a model.
    let fileSize = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
    let archive = try ZipArchive(path: path, sizeLimit: 1 << 26 + 16 * min(fileSize, 1 << 40))
    let entries = archive.entryNames.filter { $0 != Self.metadataEntry }
    var advice =
      "give the arrays of Embedding → LSTM → Dense(1) as numpy.savez(FILE, **{v.path: v for v in model.weights})"
    func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }

    var metadata = try ModelMetadata([:], path: path)
    if archive.entryNames.contains(Self.metadataEntry) {
      let json = try archive.read(Self.metadataEntry) { try NPYArray.bytes(from: &$0) }
      guard let texts = try? JSONSyntax.decode([String: String].self, from: Data(json)) else {
        throw fail("metadata is not a JSON object of strings")
      }
      metadata = try ModelMetadata(texts, path: path)
    }
    let architecture = metadata.configuration?.architecture
    var kerasPath = Self.plainKerasPath(ofEntry:)
    if let architecture, !architecture.isPlain {
      // The names must be those that `write(toNPZ:)` gives.
      advice = "the arrays must be those of \(architecture), as lstm writes them"
      let tensors = ParameterLayout(architecture).tensors
      let paths = Dictionary(uniqueKeysWithValues: tensors.map { ($0.entry, $0.kerasPath) })
      kerasPath = { paths[$0] }
    }

    // Names first, so that no array of an unrelated archive is read.
    var entryOfPath: [String: String] = [:]
    for entry in entries {
      guard let path = kerasPath(entry) else {
        throw fail("\(CorpusError.escaped(entry)) is not one of the weights")
      }
      if let other = entryOfPath.updateValue(entry, forKey: path) {
        let names = [other, entry].sorted().map { CorpusError.escaped($0) }
        throw fail("there are two layers of the same kind, with \(names[0]) and \(names[1])")
      }
    }
    var tensors: [String: Safetensors.Tensor] = [:]
    for (path, entry) in entryOfPath {
      tensors[path] = try archive.read(entry) { try NPYArray.floats(from: &$0) }
    }
    var table = TensorTable(tensors, path: path, advice: advice)
    // Without metadata, two shapes of a plain network tell all its sizes.
    let names = ParameterLayout(Architecture())
    let layout = ParameterLayout(
      try architecture
        ?? {
          let (embedding, recurrent) = (
            try table.matrix(names.embedding.kerasPath), try table.matrix(names.recurrentKernel.kerasPath)
          )
          return try table.checked(
            .init(vocabularySize: embedding[0], embeddingSize: embedding[1], hiddenSize: recurrent[0]))
        }())
    let taken = try layout.tensors.map { try table.take($0.kerasPath, $0.shape) }
    try table.checkIsEmpty()
    var parameters = Parameters(zeros: layout)
    for (tensor, values) in zip(layout.tensors, taken) { parameters[tensor] = values[...] }
    try self.init(parameters, metadata, path: path)
  }

  /// For an entry of a plain network, the path with Keras's default layer names; nil if it is none of the six weights.
  private static func plainKerasPath(ofEntry entry: String) -> String? {
    guard entry.hasSuffix(".npy") else { return nil }
    let parts = entry.dropLast(".npy".count).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 1, let variable = parts.last, let layer = parts.dropLast().last else { return nil }
    switch variable {
    case "embeddings": return "embedding/embeddings"
    case "kernel", "recurrent_kernel", "bias":
      if layer == "lstm_cell" { return "lstm/lstm_cell/\(variable)" }
      return layer.hasSuffix("_cell") || variable == "recurrent_kernel" ? nil : "dense/\(variable)"
    default: return nil
    }
  }
}

extension ParameterLayout.Tensor {
  /// The name of the archive's entry.
  fileprivate var entry: String { "sequential/\(kerasPath).npy" }

  /// Keras's path of the variable, without the model's name.
  var kerasPath: String {
    let parts = name.split(separator: "/")
    return parts[parts.count - 2].contains("lstm")
      ? (parts.dropLast() + ["lstm_cell"] + parts.suffix(1)).joined(separator: "/") : name
  }
}

// MARK: Arrays

extension NPYArray {
  /// Reads an array of float16, float32 or float64 with at most two dimensions, in C or Fortran order.
  ///
  /// - Throws: `CorpusError` for any other array.
  static func floats(from reader: inout EntryReader) throws -> Safetensors.Tensor {
    let header = try NPYHeader(from: &reader)
    let encodings: [String: FloatEncoding] = ["<f2": .float16, "<f4": .float32, "<f8": .float64]
    guard let encoding = encodings[header.dtype] else {
      throw reader.error(
        .unsupportedArray, expected: "an array of <f4, <f2 or <f8", found: CorpusError.quoted(header.dtype),
        advice: "convert it with numpy's astype(\"<f4\")")
    }
    guard header.shape.count <= 2 else {
      throw reader.error(
        .unsupportedArray, expected: "at most two dimensions", found: "\(header.shape.count)",
        advice: "store the weights in Keras's shapes")
    }
    let bytes = try bytes(from: &reader, header, width: encoding.width)
    let values = bytes.withUnsafeBytes(encoding.floats)
    guard header.isFortranOrder, header.shape.count == 2 else { return .init(shape: header.shape, values: values) }
    return .init(shape: header.shape, values: transposed(values, header.shape.reversed()))
  }

  /// Reads a one-dimensional array of bytes.
  ///
  /// - Throws: `CorpusError` for any other array.
  static func bytes(from reader: inout EntryReader) throws -> [UInt8] {
    let header = try NPYHeader(from: &reader)
    guard header.dtype == "|u1", header.shape.count == 1 else {
      throw reader.error(
        .unsupportedArray, expected: "an array of bytes (|u1)",
        found: "\(header.shape.count) dimensions of \(CorpusError.quoted(header.dtype))",
        advice: "remove the array; the weights can be read without it")
    }
    return try bytes(from: &reader, header, width: 1)
  }

  /// Reads all remaining bytes, of which there must be as many as the array's shape implies.
  private static func bytes(from reader: inout EntryReader, _ header: NPYHeader, width: Int) throws -> [UInt8] {
    var size = width
    for extent in header.shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      size = overflow ? .max : product
      if overflow { break }
    }
    guard size == reader.remaining else {
      throw reader.damage(
        expected: "\(size) bytes for the shape (\(header.shape.map(String.init).joined(separator: ", ")))",
        found: "\(reader.remaining)")
    }
    var bytes: [UInt8] = []
    while reader.remaining > 0 {
      bytes.append(try reader.byte())
      reader.takeBuffered { buffer in
        bytes.append(contentsOf: buffer)
        return buffer.count
      }
    }
    return bytes
  }
}
