import RecurrentNetwork
import Testing

/// What the engine drops, site by site: factors that are independent of each other in every direction.
@Suite struct DropoutDrawTests {
  private static let architecture = Architecture(
    vocabularySize: 7, embeddingSize: 40, hiddenSize: 50, layerCount: 2, isBidirectional: true)
  private static let steps = 100
  private static let rate = 0.3

  /// Some numbers, each with a factor.
  struct Site: Sendable, CustomTestStringConvertible {
    let name: String
    let factors: @Sendable (ReferenceDropout) -> [Double]
    var testDescription: String { name }
  }

  private static let sites = [
    Site(name: "words") { $0.words },
    Site(name: "embedding") { Array($0.embedding.joined()) },
    Site(name: "forward recurrent") { $0.recurrent[0][0] + $0.recurrent[1][0] },
    Site(name: "backward recurrent") { $0.recurrent[0][1] + $0.recurrent[1][1] },
    Site(name: "layers") { Array($0.layers[0].joined()) },
    Site(name: "output") { $0.output },
  ]

  /// Which numbers of a site are dropped, for many samples one after the other.
  private func isDropped(_ site: Site, seed: UInt64 = 1, from first: Int = 0) -> [Bool] {
    var rates = Dropout()
    for setting in Dropout.rates { rates[keyPath: setting.path] = Self.rate }
    let draw = DropoutDraw(rates: rates, seed: seed)
    return (first..<first + 50).flatMap { sample in
      site.factors(ReferenceDropout(draw, sample: sample, for: Self.architecture, steps: Self.steps)).map { $0 == 0 }
    }
  }

  /// Expects that both are dropped as often as independent ones: a share of the rate's square, within four standard
  /// deviations.
  private func expectIndependent(
    _ first: some Collection<Bool>, _ second: some Collection<Bool>, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let count = Double(min(first.count, second.count))
    let share = Double(zip(first, second).count { $0 && $1 }) / count
    let expected = Self.rate * Self.rate
    #expect(
      abs(share - expected) < 4 * (expected * (1 - expected) / count).squareRoot(), comment,
      sourceLocation: sourceLocation)
  }

  @Test(arguments: sites) func aFactorIs0OrKeepsTheMean(site: Site) {
    var rates = Dropout()
    for setting in Dropout.rates { rates[keyPath: setting.path] = Self.rate }
    let drawn = ReferenceDropout(
      DropoutDraw(rates: rates, seed: 1), sample: 0, for: Self.architecture, steps: Self.steps)
    #expect(Set(site.factors(drawn)) == [0, Double(Float(1 / (1 - Self.rate)))])
  }

  @Test(arguments: sites) func theShareOfWhatIsDroppedIsTheRate(site: Site) {
    let isDropped = isDropped(site)
    let share = Double(isDropped.count { $0 }) / Double(isDropped.count)
    #expect(
      abs(share - Self.rate) < 4 * (Self.rate * (1 - Self.rate) / Double(isDropped.count)).squareRoot())
  }

  @Test(arguments: sites) func neighborsAreIndependent(site: Site) {
    let isDropped = isDropped(site)
    for distance in [1, 2, 8, 16, 40, 50] {
      expectIndependent(isDropped, isDropped.dropFirst(distance), "at a distance of \(distance)")
    }
  }

  @Test(arguments: sites) func samplesAreIndependent(site: Site) {
    expectIndependent(isDropped(site), isDropped(site, from: 1))
    expectIndependent(isDropped(site), isDropped(site, from: 1000))
  }

  @Test(arguments: sites) func stepsAreIndependent(site: Site) {
    for seed in [0, 2, 1 << 40] as [UInt64] { expectIndependent(isDropped(site), isDropped(site, seed: seed)) }
  }

  @Test func sitesAreIndependent() {
    let all = Self.sites.map { isDropped($0) }
    for i in all.indices {
      for j in 0..<i { expectIndependent(all[i], all[j], "\(Self.sites[i].name), \(Self.sites[j].name)") }
    }
  }

  @Test(arguments: sites) func theSameSeedDropsTheSame(site: Site) {
    #expect(isDropped(site) == isDropped(site))
  }
}
