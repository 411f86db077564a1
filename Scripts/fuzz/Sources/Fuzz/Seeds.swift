import Corpus
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Training

/// The files that each reader's corpus begins with, made by our own writers.
enum Seeds {
  /// Writes a folder for each reader.
  static func write(to folder: String) throws {
    for reader in Reader.allCases {
      let own = folder + "/" + reader.rawValue
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
      let keras = try parts(of: .keras)
      switch reader {
      case .model: for format in ModelFormat.allCases { try model.write(to: own + "/" + format.rawValue, as: format) }
      case .onnx: try model.write(to: own + "/onnx", as: .onnx)
      case .keras: try write(parts: keras, to: own + "/keras")
      case .hdf5: try keras.first { $0.name.hasSuffix(".h5") }?.data.write(to: URL(fileURLWithPath: own + "/weights"))
      case .data: try write(tables, to: own)
      case .archive:
        let texts = ["train/neg/1_2.txt", "train/pos/0_9.txt", "test/neg/2_1.txt", "test/pos/3_8.txt"]
        try write(parts: texts.map { ($0, Data("é, a <br />".utf8)) }, to: own + "/folders")
        for table in tables {
          try write(parts: [("train." + table.name, Data(table.text.utf8))], to: own + "/" + table.name)
        }
      case .npz: try write(parts: parts(of: .npz), to: own + "/weights")
      case .reviews: try write(parts: reviews, to: own + "/reviews")
      case .unlabeled: try write(tables + [("lines", "a b\r\n\n\"é\n")], to: own)
      case .wordVectors:
        // Of the binary form, whose floats' bytes happen to be text.
        let binary = "2 2\nthe ????????\né @@@@@@@@"
        try write([("glove", "the 0.5 -1e-3\né 1 2\n"), ("vec", "2 2\nthe 0.5 1\nÉ 1 2\n"), ("bin", binary)], to: own)
      case .predictions: try write(predictions, to: own)
      case .wordIndex:
        try Data(#"{"the": 1, "œuvre": 3, "a\"b": 2}"#.utf8).write(to: URL(fileURLWithPath: own + "/words"))
      case .configuration:
        for preset in Preset.allCases {
          let json = try JSONEncoder().encode(preset.configuration)
          try json.write(to: URL(fileURLWithPath: own + "/" + preset.rawValue))
        }
      case .checkpoint:
        try Checkpoint(configuration: configuration, source: DataSource(path: "/a.csv")).write(to: own + "/checkpoint")
      case .safetensors: try model.write(toSafetensors: own + "/safetensors")
      case .tokens: try write([("text", text)], to: own)
      case .requests: try write(requests, to: own)
      }
    }
  }

  private static func write(_ files: [(name: String, text: String)], to folder: String) throws {
    for file in files { try Data(file.text.utf8).write(to: URL(fileURLWithPath: folder + "/" + file.name)) }
  }

  /// The entries of the archive that a model is in some format.
  private static func parts(of format: ModelFormat) throws -> [(name: String, data: Data)] {
    try model.write(to: scratchPath, as: format)
    return try Container.parts(ofArchive: scratchPath)
  }

  private static func write(parts: [(name: String, data: Data)], to path: String) throws {
    try Container.bytes(parts).write(to: URL(fileURLWithPath: path))
  }

  private static let configuration: TrainingConfiguration = {
    var configuration = TrainingConfiguration()
    configuration.architecture = Architecture(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3)
    return configuration
  }()

  static let model: Model = {
    try! Model(
      TrainingState(configuration).parameters, configuration: configuration,
      vocabulary: ["<pad>", "<start>", "<oov>", "é", "b"], labels: ["x", "y"])
  }()

  private static let tables: [(name: String, text: String)] = [
    ("csv", "review,sentiment\r\n\"a \"\"b\"\",\n<br />é\",positive\r\nc,negative\r\n\"d\",positive\r\n"),
    ("tsv", "label\ttext\n1\tÉté \"x\"\n0\ty\n"),
    (
      "jsonl", "{\"text\": \"a \\u00e9 \\ud83d\", \"label\": 1}\n{\"label\": true, \"text\": \"b\", \"x\": [{}, 1e9]}\n"
    ),
    ("json", "[{\"text\": \"a\", \"label\": 0}, {\"text\": \"b\", \"label\": 1}]"),
    ("fasttext", "__label__x a b\n__label__y c\n"),
  ]

  private static let predictions = [
    ("csv", "file,line,text,label,predicted,probability\r\na.csv,2,\"é, \"\"b\"\"\",yes,no,0.25\r\n"),
    (
      "jsonl",
      #"{"file":"a","line":1,"text":"b","label":"x","predicted":"y","probabilities":{"x":0.25,"y":0.75}}"# + "\n"
    ),
  ]

  private static let text = "Don’t “stop”: naïve café №5, <br />你好 world 👩‍👩‍👧 ไทย e\u{301}\u{200B} 3.14\r\n"

  /// A `.npy` file.
  private static func array(_ dtype: String, _ shape: String, _ data: Data) -> Data {
    let header = "{'descr': '\(dtype)', 'fortran_order': False, 'shape': (\(shape)), }\n"
    return Data([0x93]) + Data("NUMPY\u{1}\0\(Character(Unicode.Scalar(UInt8(header.utf8.count))))\0\(header)".utf8)
      + data
  }

  /// Two reviews in a pickle of protocol 4, as NumPy 2 writes it.
  private static let reviews: [(name: String, data: Data)] = {
    let pickle = Data(
      base64Encoded: "gASVoAAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZS"
        + "TlEsAhZRDAWKUh5RSlChLAUsChZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQoXZQoSwFLD"
        + "k0sAWVdlChLAUpwEQEAZWV0lGIu")!
    let (lists, labels) = (array("|O", "2,", pickle), array("<i8", "2,", Data([1]) + Data(count: 15)))
    return ["train", "test"].flatMap { [("x_\($0).npy", lists), ("y_\($0).npy", labels)] }
  }()

  private static let requests = [
    ("GET /v2/models/model HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ""),
    ("POST /predict HTTP/1.1\r\n", #"{"texts": ["é b", "b"], "explain": true}"#),
    ("POST /predict HTTP/1.1\r\n", #"{"text": "b\u00e9\ud83d\ude00"}"#),
    (
      "POST /v2/models/model/infer HTTP/1.1\r\n",
      #"{"id": "1", "inputs": [{"name": "text", "datatype": "BYTES", "shape": [2, 1], "data": [["b"], ["é"]]}]}"#
    ),
    ("POST /v1/models/model:predict HTTP/1.1\r\n", #"{"instances": [["b"], {"b64": "w6k="}]}"#),
  ].enumerated().map { number, request -> (name: String, text: String) in
    let fields = "Host: a\r\nContent-Type: application/json\r\nContent-Length: \(request.1.utf8.count)\r\n\r\n"
    return ("\(number)", request.1.isEmpty ? request.0 : request.0 + fields + request.1)
  }
}
