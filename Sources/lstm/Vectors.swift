import ArgumentParser
import Files
import Foundation
import Models

struct Vectors: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes what a model knows of each word, in word2vec's text format.",
    discussion: """
      A word's vector is its row of the embedding or, without an embedding, of the first layer's kernel in each direction. \
      gensim reads the file with KeyedVectors.load_word2vec_format, and lstm train with --embedding-file.
      """)

  @Argument(help: .init("The model: a file or the folder of a run.", valueName: "model"))
  var model: String

  @Option(help: .init("The file to write.", valueName: "file"))
  var output: String

  @Flag(help: "Replace an existing file.")
  var overwrite = false

  func run() throws {
    try checkTarget(output, overwrite: overwrite)
    try AtomicFile.write([try lstm.model(at: model).word2vecText()], to: output)
  }
}
