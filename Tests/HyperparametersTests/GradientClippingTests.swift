import Foundation
import Hyperparameters
import Testing

@Suite struct GradientClippingTests {
  private static let all: [GradientClipping] = [.globalNorm(limit: 0.1), .norm(limit: 0.2), .value(limit: 0.3)]

  @Test(arguments: all) func readsBackFromJSON(clipping: GradientClipping) throws {
    #expect(try JSONDecoder().decode(GradientClipping.self, from: JSONEncoder().encode(clipping)) == clipping)
  }

  @Test func everyKindHasItsLimit() {
    #expect(Self.all.map(\.limit) == [0.1, 0.2, 0.3])
  }
}
