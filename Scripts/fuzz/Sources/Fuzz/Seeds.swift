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
      case .data:
        for (name, text) in tables { try Data(text.utf8).write(to: URL(fileURLWithPath: own + "/" + name)) }
      case .unlabeled:
        for (name, text) in tables + [("lines", "a b\r\n\n\"é\n")] {
          try Data(text.utf8).write(to: URL(fileURLWithPath: own + "/" + name))
        }
      case .wordVectors:
        let binary = Data("2 2\nthe ".utf8) + [UInt8](repeating: 63, count: 8) + Data("\né ".utf8) + [UInt8](repeating: 64, count: 8)
        let texts = ["the 0.5 -1e-3\né 1 2\n", "2 2\nthe 0.5 1\nÉ 1 2\n"].map { Data($0.utf8) }
        for (number, data) in (texts + [binary]).enumerated() {
          try data.write(to: URL(fileURLWithPath: "\(own)/\(number)"))
        }
      case .predictions:
        let csv = "file,line,text,label,predicted,probability\r\na.csv,2,\"é, \"\"b\"\"\",yes,no,0.25\r\n"
        let lines = #"{"text":"a","label":"x","predicted":"y","probabilities":{"x":0.25,"y":0.5,"z":0.25}}"# + "\n"
        for (name, text) in [("csv", csv), ("jsonl", lines)] {
          try Data(text.utf8).write(to: URL(fileURLWithPath: own + "/" + name))
        }
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
}
