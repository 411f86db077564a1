import Corpus
import Files
import Foundation
import RecurrentNetwork

extension Model {
  /// What the network knows of each word: its row of the embedding or, without one, of the first layer's kernel in each
  /// direction, one after the other. Tokens that stand for no word, and those beyond the last, are left out.
  ///
  /// - Throws: `ModelError` of the kind `mismatch` where the words aren't known, or there is no network.
  public func wordVectors() throws -> [(word: String, vector: [Float])] {
    guard let vocabulary, architecture.hiddenSize > 0 else {
      throw ModelError(
        .mismatch, problem: vocabulary == nil ? "doesn't know its words" : "has n-grams alone, and no vectors",
        advice: vocabulary == nil ? "add them with its word index" : "give a model with a network")
    }
    let layout = parameters.layout
    let tables = architecture.embeddingSize > 0 ? [layout.embedding] : layout.recurrences[0].map(\.kernel)
    return (TextCoder.firstWord..<vocabulary.count).compactMap { token in
      let word = vocabulary[token]
      // Ids beyond the last word have their number in angle brackets, and a word with white space would be two.
      if word == "<\(token)>" || word.isEmpty || word.contains(where: \.isWhitespace) { return nil }
      return (
        word,
        tables.flatMap { table in
          let width = table.shape[1]
          return parameters.values[table.offset + token * width..<table.offset + (token + 1) * width]
        }
      )
    }
  }

  /// The words' vectors in word2vec's text format: a line with their number and length, then one for each word, with
  /// digits that read back to the same Float.
  ///
  /// - Throws: as `wordVectors` does.
  public func word2vecText() throws -> Data {
    let vectors = try wordVectors()
    var text = "\(vectors.count) \(vectors.first?.vector.count ?? 0)\n"
    for (word, vector) in vectors {
      text += word
      for number in vector { text += " \(number)" }
      text += "\n"
    }
    return Data(text.utf8)
  }
}
