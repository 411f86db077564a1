/// The real tokens of a sequence that is padded in front; it doesn't own them.
package struct TokenSequence {
  package let tokens: UnsafePointer<Int32>
  package let count: Int
  /// The label's number.
  package let label: UInt8
  /// A factor of the sequence's loss.
  package let weight: Float

  package init(tokens: UnsafePointer<Int32>, count: Int, label: UInt8, weight: Float = 1) {
    self.tokens = tokens
    self.count = count
    self.label = label
    self.weight = weight
  }
}
