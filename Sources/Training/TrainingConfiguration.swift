import RecurrentNetwork

/// Everything that the outcome of a run depends on, beside the data; the defaults are the tutorial's.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
  /// V: tokens below this number are kept, padding, start and unknown counted.
  public var vocabularySize = 1000
  /// T: the last so many tokens of a review are read; shorter ones are padded in front.
  public var maxLength = 400
  /// E: length of a token's vector.
  public var embeddingSize = 128
  /// H: LSTM units.
  public var hiddenSize = 128
  /// How many times all reviews are gone through.
  public var epochs = 3
  /// Reviews a step.
  public var batchSize = 1000
  /// Adam's step size.
  public var learningRate = 0.001
  /// Of the initial weights and of the order of the reviews.
  public var seed: UInt64 = 0
  /// Whether each epoch has an order of its own.
  public var shuffles = true

  /// The tutorial's.
  public init() {}

  /// The network.
  public var architecture: Architecture {
    Architecture(vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize)
  }

  /// About how many bytes of memory training takes, the data not counted.
  public func memoryNeed(threads: Int) -> Double {
    let (v, e, h) = (Double(vocabularySize), Double(embeddingSize), Double(hiddenSize))
    // Weights, gradient and two moments; a block's history for each thread; packed copies and sums.
    let parameters = v * e + 4 * h * (e + h)
    let history = Double(threads * maxLength * ShardWorker.tilesPerBlock * RowTile.rowCount) * 6 * h
    return 4 * (4 * parameters + history + Double(threads + 8) * 4 * h * h)
  }
}

extension TrainingConfiguration {
  /// What makes a configuration out of a file impossible, or nil; the limits are those of `lstm train`.
  package var problem: String? {
    let limits: [(String, Int, ClosedRange<Int>)] = [
      ("vocabularySize", vocabularySize, 3...10_000_000), ("maxLength", maxLength, 1...1_000_000),
      ("embeddingSize", embeddingSize, 1...65_536), ("hiddenSize", hiddenSize, 1...65_536),
      ("epochs", epochs, 1...1_000_000), ("batchSize", batchSize, 1...100_000_000),
    ]
    for (name, value, range) in limits where !range.contains(value) {
      return "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)"
    }
    return learningRate.isFinite && learningRate > 0 ? nil : "learningRate is \(learningRate), expected above 0"
  }
}
