import ArgumentParser
import Corpus
import Foundation
import Models
import Parallel
import Training

/// What a model says of an archive's test reviews, with all digits: for the scripts that compare it with other
/// frameworks.
struct Probabilities: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the probability of each test review, one a line.", shouldDisplay: false)

  @Option(help: .init("The model.", valueName: "file"))
  var model: String

  @Option(help: .init("The archive: Keras's imdb.npz, or one like it.", valueName: "file"))
  var data: String

  @Option(help: .init("Take only the first so many test reviews.", valueName: "count"))
  var limit: Int?

  @Option(
    help: .init("Tokens read of a review, shorter ones are padded in front (default: the model's).", valueName: "count")
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
    var reviews = try KerasIMDB.loadData(path: data, options: .init(numWords: model.configuration.vocabularySize)).test
    if let limit { reviews = reviews.prefix(limit) }
    reviews.sequences.truncate(to: length)
    let network = DataParallelNetwork(model.parameters.layout, maxLength: length, threads: Processor.availableCores)
    let outcomes = network.outcomes(of: reviews, parameters: model.parameters) ?? []
    printLine(outcomes.map { String(format: "%.9g", $0.probability) }.joined(separator: "\n"))
  }
}
