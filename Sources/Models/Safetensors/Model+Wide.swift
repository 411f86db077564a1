import Corpus
import Files
import Foundation
import NGrams

/// The wide part in a safetensors file: its words and characters are JSON in the metadata, and its numbers are tensors
/// beside those of the network, `wide.products` and `wide.squares` [logits, F], `wide.bias` [logits] and
/// `wide.sequences` [sequences, 2]. A float32 counts exactly to 2²⁴, more than there are n-grams.
enum WideTensors {
  private static let metadata = "wide"
  static let names = ["wide.products", "wide.squares", "wide.bias", "wide.sequences"]
  private static let countLimit = 1 << 24

  private struct Description: Codable {
    var settings: NGramSettings
    var words: [String]
    var characters: [String]
  }

  static func write(_ wide: NGramClassifier, to file: inout Safetensors) throws {
    let index = wide.index
    let description = Description(
      settings: wide.settings, words: (0..<index.words.count).map { index.words[$0] },
      characters: (0..<index.characters.count).map { index.characters[$0] })
    file.metadata[metadata] = String(
      decoding: try JSONEncoder.reproducible.encode(description), as: UTF8.self)
    let sequences = (0..<index.sequences.count).flatMap { number in
      let pair = index.sequences.pair(number)
      return [Float(pair.first), Float(pair.second)]
    }
    for (name, shape, values) in [
      (names[0], [wide.logitCount, index.count], wide.products),
      (names[1], [wide.logitCount, index.count], wide.squares),
      (names[2], [wide.logitCount], wide.biases), (names[3], [index.sequences.count, 2], sequences),
    ] { file.tensors[name] = .init(shape: shape, values: values) }
  }

  /// Reads the wide part of a file.
  ///
  /// - Returns: nil if there is none.
  /// - Throws: `ModelError` if it can't be read or contradicts itself, `FileError` if the file can't be read.
  static func read(from file: SafetensorsFile, path: String) throws -> NGramClassifier? {
    let entries = names.map { file.entries[$0] }
    guard let json = file.metadata[metadata] else {
      guard entries.allSatisfy({ $0 == nil }) else { throw fail("has weights of n-grams, but doesn't say which", path) }
      return nil
    }
    let contradiction = fail("the n-grams can't be read, or contradict themselves", path)
    guard let description = try? JSONSyntax.decode(Description.self, from: Data(json.utf8)),
      entries.allSatisfy({ $0 != nil }), entries[2]!.shape.count == 1, entries[3]!.shape.count == 2,
      entries[3]!.shape[1] == 2, entries[3]!.shape[0] < countLimit, entries[1]!.shape == entries[0]!.shape
    else { throw contradiction }
    let sequences = try file.values(names[3])
    let labelCount = entries[2]!.shape[0]
    guard sequences.allSatisfy({ $0 >= 0 && $0 < Float(countLimit) }),
      let index = NGramIndex(
        words: description.words,
        sequences: (0..<entries[3]!.shape[0]).map { (Int(sequences[2 * $0]), Int(sequences[2 * $0 + 1])) },
        characters: description.characters, description.settings),
      entries[0]!.shape == [labelCount, index.count]
    else { throw contradiction }
    guard
      let wide = NGramClassifier(
        index: index, settings: description.settings, products: try file.values(names[0]),
        squares: try file.values(names[1]), biases: try file.values(names[2]))
    else { throw fail("the weights of the n-grams are impossible", path) }
    return wide
  }

  private static func fail(_ problem: String, _ path: String) -> ModelError {
    ModelError(path: path, problem: problem, advice: "give a file as it was written, or save the model again")
  }
}
