import Hyperparameters
import Testing

@testable import Training

@Suite("A space of settings") struct TuningSpaceTests {
  private let space = TuningSpace(
    start: TuningCandidate(configuration: AutomaticSettings.typical, tokens: .words), tokens: [.words, .keras], seed: 3)

  private func candidates(after best: TuningCandidate) -> [TuningCandidate] {
    (0..<60).reduce(into: [best]) { tried, _ in
      if let next = space.candidate(after: best, tried: tried) { tried.append(next) }
    }
  }

  @Test("has possible settings, each once, which follow from the seed")
  func candidates() {
    for best in [space.start, space.nGramsAlone] {
      let candidates = candidates(after: best)
      #expect(candidates.count == 61)
      for (index, candidate) in candidates.enumerated() {
        #expect(candidate.configuration.invalidSetting == nil)
        #expect(candidate.configuration.hasNetwork == best.configuration.hasNetwork)
        #expect(candidate.configuration.vocabularySize <= space.largestVocabulary)
        #expect(!candidates[..<index].contains(candidate))
      }
      #expect(candidates == self.candidates(after: best))
    }
  }

  @Test("changes n-grams where they are alone, and else the network")
  func changes() {
    let alone = candidates(after: space.nGramsAlone)
    #expect(Set(alone.map { $0.configuration.wide!.order }).count == 5)
    #expect(Set(alone.map(\.tokens)) == [.words, .keras])
    #expect(alone.contains { $0.configuration.wide!.longestCharacters == 0 })
    let networks = candidates(after: space.start)
    #expect(networks.allSatisfy { $0.configuration.wide == space.start.configuration.wide && $0.tokens == .words })
    #expect(Set(networks.map(\.configuration.pooling)).count == 3)
  }
}
