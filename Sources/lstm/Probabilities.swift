import ArgumentParser
import Corpus
import Foundation
import Models
import Parallel
import Training

/// Prints a model's probabilities for an archive's test texts with all digits, for scripts that compare them with other
/// frameworks' ones.
struct Probabilities: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the probability of each test text, one per line.", shouldDisplay: false)

  @Option(help: .init("The model.", valueName: "file"))
  var model: String

  @Option(help: .init("The data: Keras's imdb.npz, or a similar archive.", valueName: "file"))
  var data: String

  @Option(help: .init("Use at most this many test texts: the first ones.", valueName: "count"))
  var limit: Int?

  @Option(
    help: .init(
      "Tokens read of each text; shorter texts are padded in front (default: the model's).", valueName: "count")
  )
  var maxLength: Int?

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be at least 1.") }
    guard (1...1_000_000).contains(maxLength ?? 1) else {
      throw ValidationError("--max-length must be from 1 to 1,000,000.")
    }
  }

  func run() throws {
    let model = try Model(contentsOf: model)
    let length = maxLength ?? model.configuration.maxLength
    var texts = try KerasIMDB.loadData(path: data, options: .init(numWords: model.configuration.vocabularySize)).test
    if let limit { texts = texts.prefix(limit) }
    texts.sequences.truncate(to: length)
    let network = DataParallelNetwork(model.parameters.layout, maxLength: length, threads: Processor.availableCores)
    let outcomes = network.outcomes(of: texts, parameters: model.parameters) ?? []
    printLine(outcomes.map { String(format: "%.9g", $0.probability) }.joined(separator: "\n"))
  }
}
