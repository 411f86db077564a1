import GoldenValues
import Hyperparameters
import Testing
import Training

/// What Keras decided and computed, made by Scripts/golden/steering.py.
struct SteeringGoldenValues: Decodable, Sendable {
  /// Callbacks over one history.
  struct Callbacks: Decodable, Sendable, CustomTestStringConvertible {
    var testDescription: String { "\(monitor.rawValue) of \(history.count) epochs" }

    struct EarlyStopping: Decodable, Sendable {
      var patience: Int
      var minDelta: Double
      var waits: [Int]
      var bestEpochs: [Int]
      var best: Double?
      var restoredEpoch: Int
      var stoppedEpoch: Int?
    }
    struct Plateau: Decodable, Sendable {
      var factor: Double
      var patience: Int
      var minDelta: Double
      var cooldown: Int
      var minLearningRate: Double
      var learningRate: Double
      var rates: [Double]
      var waits: [Int]
      var cooldownCounters: [Int]
    }
    var monitor: MonitoredQuantity
    var history: [Double?]
    var bestEpochs: [Int]
    var earlyStopping: [EarlyStopping]
    var plateau: [Plateau]

    /// The history as it was, NaN included.
    var values: [Float] { history.map { $0.map { Float($0) } ?? .nan } }
  }
  struct Schedule: Decodable, Sendable {
    var kind: String
    var learningRate: Double
    var warmupSteps: Int?
    var stepCount: Int?
    var alpha: Double?
    var factor: Double?
    var everySteps: Int?
    var steps: [Int]
    var rates: [Double]
  }
  struct Clipping: Decodable, Sendable {
    var kind: String
    var limit: Double
    var clipped: [Double]
  }
  struct AdamW: Decodable, Sendable {
    var parameters: [Double]
    var gradients: [[Double]]
    var defaults: [[Double]]
    var scheduled: [[Double]]
  }
  struct Split: Decodable, Sendable {
    var count: Int
    var share: Double
    var start: Int?
  }
  var v: Int
  var e: Int
  var h: Int
  var callbacks: [Callbacks]
  var schedules: [Schedule]
  var gradient: [Double]
  var clipping: [Clipping]
  var adamw: AdamW
  var splits: [Split]

  /// The committed file.
  static let all: Self = {
    do { return try goldenValues("TrainingTests/Golden/steering.json") } catch { fatalError("steering.json: \(error)") }
  }()
}
