import Fixtures
import Parallel
import Testing

@Suite struct RankErrorTests {
  private static let errors: [RankError] = [
    .differentWeights(rank: 1), .noMPI(processes: 2), .noThreads, .otherMPI(started: 2, seen: 1), .otherVersions,
    .otherProgram(rank: "rank 1", program: "lstm 2", first: "lstm 1"),
    .otherSettings(rank: "rank 1", differences: ["epochs: 1, 2"]), .otherData(rank: "rank 1"),
    .cannotBegin(rank: "rank 1", reason: "there is no file"),
  ]

  @Test(arguments: errors) func localizedDescriptionIsTheMessage(error: RankError) {
    expectMessage(error)
  }

  @Test(arguments: errors) func noFileIsAtFault(error: RankError) {
    #expect(error.path == nil)
  }
}
