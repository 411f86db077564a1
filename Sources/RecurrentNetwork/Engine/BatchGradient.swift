/// A batch's gradient in the parameters' layout. Rows of tokens that the batch lacks are zero.
///
/// Clearing costs as much as the batch has written, not as the vocabulary is large.
package struct BatchGradient {
  package var parameters: Parameters
  /// The tokens whose rows may be other than zero.
  private var tokens: [Int32] = []

  package init(_ layout: ParameterLayout) { parameters = Parameters(zeros: layout) }

  /// Sets the rows of the last batch's tokens to zero, for a batch that will write those of `tokens`.
  ///
  /// - Parameter others: whether to set all other numbers to zero, too, because nothing will write them.
  package mutating func clear(for tokens: [Int32], others: Bool) {
    let layout = parameters.layout
    let byToken = layout.tablesByToken
    parameters.values.withUnsafeMutableBufferPointer { values in
      func clear(_ range: Range<Int>) { UnsafeMutableBufferPointer(rebasing: values[range]).update(repeating: 0) }
      for tensor in layout.tensors {
        if byToken.contains(tensor) {
          let size = tensor.shape[1]
          for token in self.tokens {
            clear(tensor.offset + Int(token) * size..<tensor.offset + (Int(token) + 1) * size)
          }
        } else if others {
          clear(tensor.range)
        }
      }
    }
    self.tokens = tokens
  }
}
