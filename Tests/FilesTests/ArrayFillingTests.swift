import Testing

@testable import Files

@Suite("Arrays that are filled in place")
struct ArrayFillingTests {
  @Test func hasWhatWasWritten() {
    let squares = [Int](filling: 5) { elements, count in
      for number in 1...3 {
        elements.initializeElement(at: count, to: number * number)
        count += 1
      }
    }
    #expect(squares == [1, 4, 9])
  }

  /// The storage of an empty array is shared.
  @Test func writesNothingWithoutRoom() {
    let empty = [Int](filling: 0) { _, _ in Issue.record("was called") }
    #expect(empty == [])
  }
}
