/// Which n-grams a linear classifier takes, and how it is trained.
public struct NGramSettings: Codable, Sendable, Equatable {
  /// The longest n-gram of words: 3 for single words, pairs and triples.
  public var order = 3
  /// The number of training texts in which an n-gram has to occur.
  public var minimumCount = 2
  /// The shortest n-gram of a word's characters, its boundaries included.
  public var shortestCharacters = 3
  /// The longest n-gram of a word's characters, its boundaries included; 0 for none.
  public var longestCharacters = 5
  /// C: the weight of the losses beside that of the regularization ½‖w‖², as in LIBLINEAR.
  public var cost = 8.0

  /// Words to triples and characters to fives.
  public init() {}

  /// The name of the first setting that is impossible, and what it must be; nil if there is none.
  public var invalidSetting: (name: String, rule: String)? {
    func rule(_ name: String, _ value: Int, _ range: ClosedRange<Int>) -> (String, String)? {
      range ~= value ? nil : (name, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    if !(cost > 0 && cost <= 1e9) { return ("cost", "must be a number above 0, and at most 1e9, not \(cost)") }
    return rule("order", order, 1...9) ?? rule("minimumCount", minimumCount, 1...1_000_000)
      ?? rule("shortestCharacters", shortestCharacters, 1...9) ?? rule("longestCharacters", longestCharacters, 0...9)
  }
}
