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
      switch reader {
      case .model: for format in ModelFormat.allCases { try model.write(to: own + "/" + format.rawValue, as: format) }
      case .data: try write(tables, to: own)
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
      }
    }
  }

  private static func write(_ files: [(name: String, text: String)], to folder: String) throws {
    for file in files { try Data(file.text.utf8).write(to: URL(fileURLWithPath: folder + "/" + file.name)) }
  }

  private static let configuration: TrainingConfiguration = {
    var configuration = TrainingConfiguration()
    configuration.architecture = Architecture(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3)
    return configuration
  }()

  private static let model: Model = {
    try! Model(
      TrainingState(configuration).parameters, configuration: configuration,
      vocabulary: ["<pad>", "<start>", "<oov>", "é", "b"], labels: ["x", "y"])
  }()

  private static let tables = [
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
}
