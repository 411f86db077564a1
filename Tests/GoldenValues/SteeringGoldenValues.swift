import Hyperparameters

/// What Keras decided and computed, made by Scripts/golden/steering.py.
package struct SteeringGoldenValues: Decodable, Sendable {
  /// How Keras makes a callback of which nothing is said.
  package struct Defaults: Decodable, Sendable {
    package struct EarlyStopping: Decodable, Sendable {
      package var monitor: MonitoredQuantity
      package var patience: Int
      package var minDelta: Double
      package var restoresBestWeights: Bool
    }
    package struct Plateau: Decodable, Sendable {
      package var monitor: MonitoredQuantity
      package var factor: Double
      package var patience: Int
      package var minDelta: Double
      package var cooldown: Int
      package var minLearningRate: Double
    }
    package var earlyStopping: EarlyStopping
    package var plateau: Plateau
  }
  /// Callbacks over one history.
  package struct Callbacks: Decodable, Sendable, CustomStringConvertible {
    package var description: String { "\(monitor.rawValue) of \(history.count) epochs" }

    package struct EarlyStopping: Decodable, Sendable {
      package var patience: Int
      package var minDelta: Double
      package var waits: [Int]
      package var bestEpochs: [Int]
      package var best: Double?
      package var restoredEpoch: Int
      package var stoppedEpoch: Int?
    }
    package struct Plateau: Decodable, Sendable {
      package var factor: Double
      package var patience: Int
      package var minDelta: Double
      package var cooldown: Int
      package var minLearningRate: Double
      package var learningRate: Double
      package var rates: [Double]
      package var waits: [Int]
      package var cooldownCounters: [Int]
    }
    package var monitor: MonitoredQuantity
    package var history: [Double?]
    package var bestEpochs: [Int]
    package var earlyStopping: [EarlyStopping]
    package var plateau: [Plateau]

    /// The history as it was, NaN included.
    package var values: [Float] { history.map { $0.map { Float($0) } ?? .nan } }
  }
  package struct Schedule: Decodable, Sendable {
    package var kind: String
    package var learningRate: Double
    package var warmupSteps: Int?
    package var stepCount: Int?
    package var alpha: Double?
    package var factor: Double?
    package var everySteps: Int?
    package var steps: [Int]
    package var rates: [Double]
  }
  package struct Clipping: Decodable, Sendable {
    package var kind: String
    package var limit: Double
    package var clipped: [Double]
  }
  package struct AdamW: Decodable, Sendable {
    package var parameters: [Double]
    package var gradients: [[Double]]
    package var defaults: [[Double]]
    package var scheduled: [[Double]]
  }
  package struct Split: Decodable, Sendable {
    package var count: Int
    package var share: Double
    package var start: Int?
  }
  package var v: Int
  package var e: Int
  package var h: Int
  package var defaults: Defaults
  package var callbacks: [Callbacks]
  package var schedules: [Schedule]
  package var gradient: [Double]
  package var clipping: [Clipping]
  package var adamw: AdamW
  package var splits: [Split]

  /// The committed file.
  package static let all: Self = {
    do { return try goldenValues("HyperparametersTests/Golden/steering.json") } catch {
      fatalError("steering.json: \(error)")
    }
  }()
}
