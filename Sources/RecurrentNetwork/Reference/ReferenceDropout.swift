/// The dropout of one sequence in one training step, as the factors by which numbers are multiplied: 0 for those that
/// are dropped, 1 / (1 − rate) for those that are kept, so that the mean stays (Srivastava et al., 2014).
///
/// T counts all steps, padding included, even where it is masked: a step's factors are found by its place in the padded
/// sequence.
public struct ReferenceDropout: Sendable, Equatable {
  /// For the vector of each position as a whole, [T].
  public var words: [Double]
  /// For the elements of each position's vector, T × [E]; ones, T × [V], where tokens are one-hot.
  public var embedding: [[Double]]
  /// For the elements of h that a step reads, the same at every step (Gal and Ghahramani, 2016): [layers][D] × [H].
  public var recurrent: [[[Double]]]
  /// For the outputs that the next layer reads: [layers − 1] × T × [D · H].
  public var layers: [[[Double]]]
  /// For the pooled vector that the first dense layer reads, [D · H].
  public var output: [Double]

  /// Factors of 1, which drop nothing.
  ///
  /// - Parameters:
  ///   - architecture: the network.
  ///   - steps: T.
  public init(none architecture: Architecture, steps: Int) {
    func ones(_ count: Int) -> [Double] { [Double](repeating: 1, count: count) }
    words = ones(steps)
    embedding = (0..<steps).map { _ in ones(architecture.inputSize(ofLayer: 0)) }
    recurrent = (0..<architecture.layerCount).map { _ in
      (0..<architecture.directionCount).map { _ in ones(architecture.hiddenSize) }
    }
    layers = (0..<architecture.layerCount - 1).map { _ in (0..<steps).map { _ in ones(architecture.outputSize) } }
    output = ones(architecture.outputSize)
  }

  /// Draws every factor independently.
  ///
  /// - Parameters:
  ///   - rates: how likely a number is to be dropped, for each place.
  ///   - architecture: the network.
  ///   - steps: T.
  ///   - generator: where the randomness comes from.
  public init(
    _ rates: Dropout, for architecture: Architecture, steps: Int, using generator: inout RandomGenerator
  ) {
    self.init(none: architecture, steps: steps)
    func draw(_ rate: Double) -> Double { generator.uniform() < rate ? 0 : 1 / (1 - rate) }
    words = words.map { _ in draw(rates.words) }
    if architecture.embeddingSize > 0 { embedding = embedding.map { $0.map { _ in draw(rates.embedding) } } }
    recurrent = recurrent.map { $0.map { $0.map { _ in draw(rates.recurrent) } } }
    layers = layers.map { $0.map { $0.map { _ in draw(rates.layers) } } }
    output = output.map { _ in draw(rates.output) }
  }

  /// The factors of the last `count` steps.
  func suffix(_ count: Int) -> ReferenceDropout {
    precondition(count <= words.count, "there are factors for \(words.count) steps, not for \(count)")
    var suffix = self
    suffix.words = words.suffix(count)
    suffix.embedding = embedding.suffix(count)
    suffix.layers = layers.map { $0.suffix(count) }
    return suffix
  }
}

/// Element by element, T × [n].
func elementwiseProduct(_ vectors: [[Double]], _ factors: [[Double]]) -> [[Double]] {
  zip(vectors, factors).map { elementwiseProduct($0, $1) }
}

/// Element by element, [n].
func elementwiseProduct(_ vector: [Double], _ factors: [Double]) -> [Double] {
  precondition(vector.count == factors.count, "there must be a factor for each number")
  return vector.indices.map { vector[$0] * factors[$0] }
}
