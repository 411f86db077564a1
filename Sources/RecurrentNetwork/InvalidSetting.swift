/// A setting with an impossible value, and the rule that it breaks.
public struct InvalidSetting: Error, Equatable, Sendable {
  /// The property's name, such as `hiddenSize` or `dropout.words`.
  public let name: String
  /// The rule, such as `must be from 1 to 65536, not 0`.
  public let rule: String

  package init(_ name: String, _ rule: String) {
    self.name = name
    self.rule = rule
  }

  /// A number that is out of range; nil if it isn't.
  package init?(_ name: String, _ value: Int, in range: ClosedRange<Int>) {
    if range.contains(value) { return nil }
    self.init(name, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
  }
}
