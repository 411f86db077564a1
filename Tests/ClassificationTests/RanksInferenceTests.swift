import Classification
import Fixtures
import Models
import Parallel
import RecurrentNetwork
import Testing

/// A model that several ranks use together.
@Suite struct RanksInferenceTests {
  /// Some of these have fewer blocks of work than there are ranks.
  @Test func otherRanksHelpToUseAModel() throws {
    var generator = RandomGenerator(seed: 1)
    let model = try Model(
      Parameters(kerasInitial: ParameterLayout(smallConfiguration.architecture), using: &generator),
      configuration: smallConfiguration)
    let batches = [2000, 1, 0, 70].map { smallReviews($0, seed: UInt64($0)) }
    let network = try model.inferenceNetwork(threads: 1)
    let alone = batches.map { network.outcomes(of: $0) }
    let results = ThreadRank.run(3) { ranks -> [[Outcome]?] in
      guard ranks.rank == 0 else {
        try Model.help(ranks, threads: 2)
        return []
      }
      model.share(on: ranks)
      defer { InferenceNetwork.dismiss(ranks) }
      return batches.map { network.outcomes(of: $0, on: ranks) }
    }
    #expect(try results.map { try $0.get() } == [alone, [], []])
  }
}
