import Testing

@testable import Classification

@Suite("A spread") struct SpreadTests {
  /// numpy.std([0.8, 0.75, 0.82, 0.79], ddof=1) with numpy 2.
  @Test("has the mean and the sample's standard deviation")
  func figures() throws {
    let spread = try #require(Spread([0.8, 0.75, 0.82, 0.79]))
    #expect(abs(spread.mean - 0.79) < 1e-15)
    #expect(abs(try #require(spread.deviation) - 0.029439202887759478) < 1e-15)
    #expect(Spread([]) == nil)
    #expect(Spread([0.5])?.mean == 0.5 && Spread([0.5])?.deviation == nil)
  }
}
