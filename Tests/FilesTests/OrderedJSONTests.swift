import Files
import Foundation
import Testing

@Suite struct OrderedJSONTests {
  @Test func keepsTheOrderOfMembers() {
    let value: OrderedJSON = ["b": "x", "a": [.integer(-1), .null], "c": [:], "d": []]
    #expect(value.text() == #"{"b":"x","a":[-1,null],"c":{},"d":[]}"#)
    #expect(value.text(isSpaced: true) == #"{"b": "x", "a": [-1, null], "c": {}, "d": []}"#)
  }

  @Test func writesNumbersWithTheDigitsOfTheirType() {
    let value: OrderedJSON = [.float(0.1), .double(0.1), .float(1e-7), .double(Double(Float(0.1)))]
    #expect(value.text() == "[0.1,0.1,1e-07,0.10000000149011612]")
  }

  @Test func writesNullForNumbersThatJSONLacks() {
    let value: OrderedJSON = [.float(.nan), .float(.infinity), .double(.nan), .double(-.infinity)]
    #expect(value.text() == "[null,null,null,null]")
  }

  @Test func escapesOnlyWhatJSONRequires() throws {
    let text = "\"\\/\u{0}\n\u{1F}\u{7F}é😀\u{2028}"
    let json = OrderedJSON.string(text).text()
    #expect(json == "\"\\\"\\\\/\\u0000\\u000a\\u001f\u{7F}é😀\u{2028}\"")
    #expect(try JSONDecoder().decode(String.self, from: Data(json.utf8)) == text)
  }
}
