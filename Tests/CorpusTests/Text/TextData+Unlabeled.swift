import Corpus
import Testing

extension TextData {
  /// A labeled table without a test part.
  static let table = "text,label\na a a b,x\nc d,y\n"

  /// Reads texts beside others.
  func dataset(
    _ path: String, beside unlabeled: String?, size: Int = 20, maxLength: Int = 99, threads: Int = 2,
    keeping kept: KeptTexts = [], _ change: (inout DataSource) -> Void = { _ in }
  ) throws -> Dataset {
    var source = DataSource(path: path, text: .training)
    source.unlabeledPath = unlabeled
    change(&source)
    return try source.load(
      vocabularySize: size, maxLength: maxLength, labelCount: 2, for: nil, keeping: kept, threads: threads
    ) { _ in }
  }

  /// The texts in words, in their order.
  func words(_ data: Dataset) throws -> [String] {
    let (texts, vocabulary) = (try #require(data.unlabeled), try #require(data.vocabulary))
    return texts.lists.map { $0.map { vocabulary[Int($0)] }.joined(separator: " ") }
  }

  /// Writes that table, and returns its path.
  func labeled() throws -> String { try folder.write(Self.table, to: "labeled.csv") }

  /// Enough for several threads.
  static let manyTexts: [(path: String, text: String)] = (0..<700).map { number in
    ("\(number % 3)/\(number)_0.txt", (0..<50).map { "w\(number * $0 * 7919 % 503)" }.joined(separator: " "))
  }
}
