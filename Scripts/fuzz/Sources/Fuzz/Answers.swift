import Classification
import Corpus
import Foundation
import Models

/// What some readers make of files, for `Scripts/differential.py` to hold against other readers' answers.
enum Answers: String {
  /// The fields of a table, through a file of predictions, which has five columns of any texts.
  case table
  case safetensors
  /// Keras's numbers, through `imdb.npz`.
  case reviews
  case wordIndex
  /// The words of a text, as Keras's Tokenizer finds them.
  case words

  /// Reads the paths of files from standard input, and prints the answer to each as a line of JSON.
  func run() throws {
    while let path = readLine() {
      let answer: Any
      do { answer = try read(path) } catch { answer = ["error": "\(error)"] }
      let line = try JSONSerialization.data(withJSONObject: answer, options: [.sortedKeys, .fragmentsAllowed])
      FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
  }

  private func read(_ path: String) throws -> Any {
    switch self {
    case .table:
      return try LabeledPredictions(contentsOf: path).rows.map {
        [$0.file, "\($0.line)", $0.text, $0.label, $0.predicted]
      }
    case .safetensors:
      return try Safetensors(contentsOf: path, convertingFloats: true).tensors.mapValues {
        // As bits, since JSON has neither infinities nor NaN.
        ["shape": $0.shape, "bits": $0.values.map { Int($0.bitPattern) }] as [String: Any]
      }
    case .reviews:
      let parts = try KerasIMDB.loadData(path: path)
      return [parts.train, parts.test].map { part in
        (0..<part.count).map { [part.sequences[$0].map { Int($0) }, [Int(part.labels[$0])]] }
      }
    case .wordIndex:
      let index = try WordIndex(contentsOf: path)
      return try index.vocabulary(size: 40)
    case .words:
      var coding = TextCoding()
      coding.lowercasing = .unicode
      let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      return TextCoder(vocabulary: [], coding: coding).words(of: text).map(\.word)
    }
  }
}
