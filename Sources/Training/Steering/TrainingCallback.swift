import Foundation
import RecurrentNetwork

/// Sees a run begin, each of its steps and each of its epochs, and may steer it: the built-in ones are written with it
/// too.
public protocol TrainingCallback: AnyObject {
  /// Its key in checkpoints, different from all others of a run.
  var name: String { get }

  /// Sees an event and the state that it has led to, of which it may change the learning rate and the weights.
  ///
  /// - Returns: `.stop` where the run is to be over.
  func handle(_ event: Trainer.Event, _ state: inout TrainingState) throws -> Trainer.Answer

  /// What a checkpoint must hold of it.
  func saved() throws -> CallbackState

  /// Goes on from what a checkpoint holds.
  ///
  /// - Throws: where that is not its own.
  func restore(_ saved: CallbackState) throws

  /// The weights that a finished run is to leave, where they aren't its last.
  var finalParameters: [Float]? { get }
}

extension TrainingCallback {
  /// Nothing.
  public func saved() -> CallbackState { CallbackState() }
  /// Nothing to do.
  public func restore(_ saved: CallbackState) {}
  /// The last weights.
  public var finalParameters: [Float]? { nil }
}

/// What a checkpoint holds of a callback.
public struct CallbackState: Sendable, Equatable {
  /// JSON, or empty.
  public var json: String
  /// Weights in the layout of the parameters, or none.
  public var weights: [Float]?

  /// A value as JSON, and weights.
  public init(json: String = "", weights: [Float]? = nil) {
    self.json = json
    self.weights = weights
  }

  init(_ value: some Encodable, weights: [Float]? = nil) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    self.init(json: String(decoding: try encoder.encode(value), as: UTF8.self), weights: weights)
  }

  func value<Value: Decodable>() throws -> Value { try JSONDecoder().decode(Value.self, from: Data(json.utf8)) }
}

// MARK: The built-in ones

/// `EarlyStopping` at work.
final class EarlyStoppingCallback: TrainingCallback {
  let name = "early_stopping"
  private let settings: EarlyStopping
  private var state = EarlyStopping.State()
  private(set) var finalParameters: [Float]?

  init(_ settings: EarlyStopping) { self.settings = settings }

  func handle(_ event: Trainer.Event, _ run: inout TrainingState) -> Trainer.Answer {
    guard case .epoch(let record) = event else { return .goOn }
    switch settings.epochEnded(record.epoch, value: settings.monitor.value(in: record), &state) {
    case .improved:
      if settings.restoresBestWeights { finalParameters = run.parameters.values }
      return .goOn
    case .goOn: return .goOn
    case .stop: return .stop
    }
  }

  func saved() throws -> CallbackState { try CallbackState(state, weights: finalParameters) }

  func restore(_ saved: CallbackState) throws {
    state = try saved.value()
    finalParameters = saved.weights
  }
}

/// `ReduceLROnPlateau` at work.
final class ReduceLROnPlateauCallback: TrainingCallback {
  let name = "reduce_lr_on_plateau"
  private let settings: ReduceLROnPlateau
  private var state = ReduceLROnPlateau.State()

  init(_ settings: ReduceLROnPlateau) { self.settings = settings }

  func handle(_ event: Trainer.Event, _ run: inout TrainingState) -> Trainer.Answer {
    if case .epoch(let record) = event {
      run.learningRate = settings.epochEnded(
        value: settings.monitor.value(in: record), learningRate: run.learningRate, &state)
    }
    return .goOn
  }

  func saved() throws -> CallbackState { try CallbackState(state) }
  func restore(_ saved: CallbackState) throws { state = try saved.value() }
}

/// `LearningRateSchedule` at work: before each step it sets that step's rate.
final class LearningRateScheduleCallback: TrainingCallback {
  let name = "learning_rate_schedule"
  private let schedule: LearningRateSchedule
  private let learningRate: Double
  private let stepCount: Int

  init(_ schedule: LearningRateSchedule, learningRate: Double, stepCount: Int) {
    self.schedule = schedule
    self.learningRate = learningRate
    self.stepCount = stepCount
  }

  func handle(_ event: Trainer.Event, _ run: inout TrainingState) -> Trainer.Answer {
    switch event {
    case .begin, .step:
      run.learningRate = schedule.rate(atStep: run.steps.count, of: stepCount, learningRate: learningRate)
    case .validation, .epoch: break
    }
    return .goOn
  }
}

/// Hands on the weights of the best epoch so far, as Keras's `ModelCheckpoint(save_best_only=True)` does.
public final class BestModel: TrainingCallback {
  /// "best_model".
  public let name = "best_model"
  private let monitor: MonitoredQuantity
  private let write: (Parameters) throws -> Void
  private var best = BestValue()

  /// - Parameter write: called after each epoch that is better than all before.
  public init(monitor: MonitoredQuantity, write: @escaping (Parameters) throws -> Void) {
    self.monitor = monitor
    self.write = write
  }

  /// Judges an epoch.
  public func handle(_ event: Trainer.Event, _ run: inout TrainingState) throws -> Trainer.Answer {
    if case .epoch(let record) = event, best.update(monitor.value(in: record), of: monitor) {
      try write(run.parameters)
    }
    return .goOn
  }

  /// The best value.
  public func saved() throws -> CallbackState { try CallbackState(best) }
  /// Goes on from it.
  public func restore(_ saved: CallbackState) throws { best = try saved.value() }
}
