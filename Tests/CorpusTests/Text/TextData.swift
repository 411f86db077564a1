import Corpus
import Foundation

/// Texts that a test writes into a temporary folder and reads from there.
struct TextData {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes a zip archive of texts, and returns its path.
  func zip(_ entries: [(path: String, text: String)], name: String = "a.zip") throws -> String {
    let archive = try ZipWriter.archive(entries.map { ($0.path, Data($0.text.utf8)) }, isDeflated: true)
    return try folder.write([UInt8](archive), to: name)
  }

  /// Writes a handmade zip archive, and returns its path.
  func zip(_ entries: Zip.Entry..., name: String = "a.zip") throws -> String {
    var zip = Zip()
    zip.entries = entries
    return try folder.write(zip.bytes, to: name)
  }

  func load(
    _ path: String, _ options: TextOptions = TextOptions(), size: Int = 20, labelCount: Int = 2,
    terms: LabeledTexts.Terms? = nil, threads: Int = 2
  ) throws -> LabeledTexts {
    try LabeledTexts.load(
      path: path, options: options, vocabularySize: size, labelCount: labelCount, terms: terms, threads: threads)
  }

  /// Reads a table.
  func load(
    table: String, _ options: TextOptions = TextOptions(), name: String = "a.csv", size: Int = 20,
    labelCount: Int = 2, terms: LabeledTexts.Terms? = nil
  ) throws -> LabeledTexts {
    try load(
      folder.write(table, to: name), options, size: size, labelCount: labelCount, terms: terms)
  }

  /// Some reviews in reading order, in both parts.
  static let reviews: [(path: String, text: String)] = [
    ("train/pos/2_9.txt", "Good, good film"), ("train/pos/10_8.txt", "a fine film<br />"),
    ("train/neg/1_1.txt", "bad Film"), ("train/neg/3_2.txt", "so bad"),
    ("test/pos/0_9.txt", "fine"), ("test/neg/7_1.txt", "never a film so bad"),
  ]

  /// The words of the reviews, by falling count and reading order.
  static let vocabulary = [
    "<pad>", "<start>", "<oov>", "<3>", "film", "good", "bad", "a", "fine", "br", "so", "<11>",
  ]

  /// The reviews' contents with that vocabulary.
  static let contents = [
    ["0 <start> bad film", "0 <start> so bad", "1 <start> a fine film br", "1 <start> good good film"],
    ["0 <start> <oov> a film so bad", "1 <start> fine"],
  ]
}

extension TextOptions {
  /// The default options, except some.
  static func with(_ change: (inout TextOptions) -> Void) -> TextOptions {
    var options = TextOptions()
    change(&options)
    return options
  }

  /// With all texts in the training part.
  static let training = with { $0.testSplit = 0 }
}

extension LabeledTexts {
  /// Both parts' labels and texts in words, sorted.
  var contents: [[String]] {
    [training, test].map { part in
      (0..<part.count).map { index in
        "\(part.labels[index]) " + part.sequences[index].map { vocabulary[Int($0)] }.joined(separator: " ")
      }.sorted()
    }
  }
}
