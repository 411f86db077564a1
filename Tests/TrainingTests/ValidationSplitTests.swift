import Corpus
import GoldenValues
import Testing

@Suite struct ValidationSplitTests {
  private func data(count: Int) -> LabeledSequences {
    LabeledSequences(
      sequences: TokenSequences((0..<count).map { Array(repeating: Int32($0 % 7), count: $0 % 3) }),
      labels: (0..<count).map { UInt8($0 % 2) })
  }

  /// Made by Scripts/golden/steering.py.
  @Test(arguments: SteeringGoldenValues.all.splits)
  func splitsWhereKerasDoes(golden: SteeringGoldenValues.Split) throws {
    let data = data(count: golden.count)
    guard let start = golden.start else {
      #expect(throws: CorpusError.self) { try data.split(validationSplit: golden.share) }
      return
    }
    let (training, validation) = try data.split(validationSplit: golden.share)
    #expect(training == data.prefix(start) && validation == data.slice(start..<golden.count))
  }

  @Test(arguments: [-0.5, 0, 1, 1.5, .nan, .infinity])
  func refusesAShareThatLeavesAPartEmpty(share: Double) throws {
    let error = #expect(throws: CorpusError.self) { try data(count: 10).split(validationSplit: share) }
    #expect(try #require(error).description.hasPrefix("validationSplit: expected a share that leaves both parts"))
  }

  @Test func refusesToSplitNothing() {
    #expect(throws: CorpusError.self) { try data(count: 0).split(validationSplit: 0.5) }
  }
}
