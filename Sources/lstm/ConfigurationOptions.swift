import ArgumentParser
import Hyperparameters
import Models
import Training

/// The settings of a run as options; what is not given comes from a file, from a run, or is the default.
struct ConfigurationOptions: ParsableArguments {
  private static let defaults = TrainingConfiguration()

  @Option(help: "Settings to start from: the tutorial's, or those for the best answer (default: tutorial).")
  var preset: Preset?

  @Option(
    help: .init(
      "Settings to start from: a run.json, or a JSON object, over the preset's; options override it.",
      valueName: "file"))
  var configuration: String?

  @OptionGroup
  var network: NetworkOptions

  @Option(help: .init("Times that all reviews are gone through (default: \(defaults.epochs)).", valueName: "count"))
  var epochs: Int?

  @Option(help: .init("Reviews a training step (default: \(defaults.batchSize)).", valueName: "count"))
  var batchSize: Int?

  @Option(
    help: .init(
      "Parts of a batch that threads and ranks share out; their number decides the last bits (default: 32).",
      valueName: "count"))
  var shards: Int?

  @Option(help: .init("Adam's step size (default: \(defaults.learningRate)).", valueName: "rate"))
  var learningRate: Double?

  @Option(
    help: .init(
      "Adam's ε (default: \(defaults.epsilon)); a larger one keeps rare words from being learned by heart.",
      valueName: "number"))
  var epsilon: Float?

  @Option(
    help: .init(
      "Seeds the initial weights and the order of the reviews (default: \(defaults.seed)).", valueName: "number"))
  var seed: UInt64?

  @Flag(
    inversion: .prefixedNo,
    help: "Give each epoch an order of its own, or keep the archive's after Keras's own shuffle (default: --shuffle).")
  var shuffle: Bool?

  @Option(
    help: .init("Set this share of the training reviews apart for validation, the last ones.", valueName: "share"))
  var validationSplit: Double?

  @Option(
    help: .init("How much the loss of each label counts in training, as 1,2.", valueName: "a,b"))
  var classWeights: String?

  @Option(help: .init("Weight decay, which makes Adam AdamW.", valueName: "rate"))
  var weightDecay: Double?

  @Option(help: .init("Scale each tensor's gradient to at most this norm.", valueName: "limit"))
  var clipNorm: Double?

  @Option(help: .init("Scale the whole gradient to at most this norm.", valueName: "limit"))
  var clipGlobalNorm: Double?

  @Option(help: .init("Cut each element of the gradient to at most this.", valueName: "limit"))
  var clipValue: Double?

  enum Schedule: String, ExpressibleByArgument, CaseIterable { case constant, cosine, step }

  @Option(help: "How the learning rate moves: up over --warmup-steps, then down along a cosine; or down in steps.")
  var schedule: Schedule?

  @Option(help: .init("With --schedule cosine: steps from 0 to the full rate (default: 0).", valueName: "steps"))
  var warmupSteps: Int?

  @Option(help: .init("With --schedule cosine: what is left of the rate at the end (default: 0).", valueName: "share"))
  var finalFraction: Double?

  @Option(help: .init("With --schedule step: the factor (default: 0.5).", valueName: "factor"))
  var decayFactor: Double?

  @Option(help: .init("With --schedule step: after how many steps (default: 25).", valueName: "steps"))
  var decaySteps: Int?

  @Option(
    help: .init(
      "Lower the learning rate where this stops improving, as Keras's ReduceLROnPlateau does.", valueName: "quantity"))
  var reduceLROnPlateau: MonitoredQuantity?

  @Option(help: .init("With --reduce-lr-on-plateau: epochs to wait (default: 10).", valueName: "epochs"))
  var plateauPatience: Int?

  @Option(help: .init("With --reduce-lr-on-plateau: the factor (default: 0.1).", valueName: "factor"))
  var plateauFactor: Double?

  @Option(help: .init("With --reduce-lr-on-plateau: what counts as better (default: 0.0001).", valueName: "difference"))
  var plateauMinDelta: Double?

  @Option(help: .init("With --reduce-lr-on-plateau: epochs of rest after it (default: 0).", valueName: "epochs"))
  var plateauCooldown: Int?

  @Option(help: .init("With --reduce-lr-on-plateau: no lower than this (default: 0).", valueName: "rate"))
  var minLearningRate: Double?

  @Option(
    help: .init("End the run where this stops improving, as Keras's EarlyStopping does.", valueName: "quantity"))
  var earlyStopping: MonitoredQuantity?

  @Option(help: .init("With --early-stopping: epochs to wait (default: 0).", valueName: "epochs"))
  var patience: Int?

  @Option(help: .init("With --early-stopping: what counts as better (default: 0).", valueName: "difference"))
  var minDelta: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "With --early-stopping: the model is that of the best epoch (default: --no-restore-best-weights).")
  var restoreBestWeights: Bool?

  @Option(
    help: .init("Keep the model of the epoch with the best of this, as best.safetensors.", valueName: "quantity"))
  var bestModel: MonitoredQuantity?

  /// The settings of the preset, or the given ones, with those of the file and then of the options put over them.
  func applied(to base: TrainingConfiguration?) throws -> TrainingConfiguration {
    let base = preset?.configuration ?? base ?? Self.defaults
    var result = try configuration.map { try TrainingConfiguration(contentsOf: $0, over: base) } ?? base
    func put<Value>(_ value: Value?, _ setting: WritableKeyPath<TrainingConfiguration, Value>) {
      if let value { result[keyPath: setting] = value }
    }
    func putOptional<Value>(_ value: Value?, _ setting: WritableKeyPath<TrainingConfiguration, Value?>) {
      if let value { result[keyPath: setting] = value }
    }
    network.put(into: &result)
    put(epochs, \.epochs)
    put(batchSize, \.batchSize)
    put(learningRate, \.learningRate)
    put(epsilon, \.epsilon)
    put(seed, \.seed)
    put(shuffle, \.shuffles)
    putOptional(shards, \.shards)
    putOptional(validationSplit, \.validationSplit)
    putOptional(weightDecay, \.weightDecay)
    putOptional(bestModel, \.bestModel)
    if let classWeights {
      let texts = classWeights.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = texts.compactMap { Double($0) }
      guard numbers.count == texts.count, numbers.count == result.labelCount else {
        throw ValidationError("--class-weights must be a number of each label, as 1,2, not \(classWeights).")
      }
      result.classWeights = numbers
    }
    try putClipping(into: &result)
    try putSchedule(into: &result)
    try putPlateau(into: &result)
    try putEarlyStopping(into: &result)
    return result
  }

  private func putClipping(into result: inout TrainingConfiguration) throws {
    let clippings =
      [clipNorm.map(GradientClipping.norm), clipGlobalNorm.map(GradientClipping.globalNorm)]
      + [clipValue.map(GradientClipping.value)]
    let given = clippings.compactMap { $0 }
    guard given.count < 2 else {
      throw ValidationError("Give one of --clip-norm, --clip-global-norm and --clip-value.")
    }
    if let clipping = given.first { result.clipping = clipping }
  }

  private func putSchedule(into result: inout TrainingConfiguration) throws {
    switch schedule {
    case .constant: result.schedule = .constant
    case .cosine: result.schedule = .cosineDecay(warmupSteps: 0, alpha: 0)
    case .step: result.schedule = .stepDecay(factor: 0.5, everySteps: 25)
    case nil: break
    }
    var (wantsCosine, wantsStep) = (warmupSteps != nil || finalFraction != nil, decayFactor != nil || decaySteps != nil)
    switch result.schedule {
    case .constant: break
    case .cosineDecay(let steps, let alpha):
      result.schedule = .cosineDecay(warmupSteps: warmupSteps ?? steps, alpha: finalFraction ?? alpha)
      wantsCosine = false
    case .stepDecay(let factor, let steps):
      result.schedule = .stepDecay(factor: decayFactor ?? factor, everySteps: decaySteps ?? steps)
      wantsStep = false
    }
    if wantsCosine { throw ValidationError("--warmup-steps and --final-fraction go with --schedule cosine.") }
    if wantsStep { throw ValidationError("--decay-factor and --decay-steps go with --schedule step.") }
  }

  private func putPlateau(into result: inout TrainingConfiguration) throws {
    var plateau = result.plateau ?? ReduceLROnPlateau()
    if let reduceLROnPlateau { plateau.monitor = reduceLROnPlateau }
    plateau.patience = plateauPatience ?? plateau.patience
    plateau.factor = plateauFactor ?? plateau.factor
    plateau.minDelta = plateauMinDelta ?? plateau.minDelta
    plateau.cooldown = plateauCooldown ?? plateau.cooldown
    plateau.minLearningRate = minLearningRate ?? plateau.minLearningRate
    if result.plateau != nil || reduceLROnPlateau != nil {
      result.plateau = plateau
    } else if plateau != ReduceLROnPlateau() {
      throw ValidationError("The --plateau… options and --min-learning-rate go with --reduce-lr-on-plateau.")
    }
  }

  private func putEarlyStopping(into result: inout TrainingConfiguration) throws {
    var stopping = result.earlyStopping ?? EarlyStopping()
    if let earlyStopping { stopping.monitor = earlyStopping }
    stopping.patience = patience ?? stopping.patience
    stopping.minDelta = minDelta ?? stopping.minDelta
    stopping.restoresBestWeights = restoreBestWeights ?? stopping.restoresBestWeights
    if result.earlyStopping != nil || earlyStopping != nil {
      result.earlyStopping = stopping
    } else if stopping != EarlyStopping() {
      throw ValidationError("--patience, --min-delta and --restore-best-weights go with --early-stopping.")
    }
  }
}

extension MonitoredQuantity: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}
