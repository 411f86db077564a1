extension Architecture {
  /// A dense layer below the output layer: f(x W + b).
  public struct DenseLayer: Sendable, Hashable, Codable {
    /// The number of units.
    public var size: Int
    /// f, of each unit.
    public var activation: Activation

    /// The function that a layer's sums go through.
    public enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
      /// max(x, 0)
      case relu
      /// The hyperbolic tangent.
      case tanh
    }

    /// Describes a layer.
    public init(_ size: Int, _ activation: Activation) { (self.size, self.activation) = (size, activation) }
  }
}
