import ArgumentParser
import Hyperparameters
import Models
import Training

/// The settings of a run, as options. Those that aren't given come from a file or from a run, or are the defaults.
struct ConfigurationOptions: ParsableArguments {
  private static let defaults = TrainingConfiguration()

  @Option(
    help: .init(
      "Settings to start from: the tutorial's, or the best for whole reviews (default: those that suit the texts; with "
        + "imdb.npz the tutorial's).", valueName: "preset"))
  var preset: Preset?

  @Option(
    help: .init(
      "A run.json, or another JSON object of settings, which override the preset's; options override both.",
      valueName: "file"))
  var configuration: String?

  @OptionGroup
  var network: NetworkOptions

  @OptionGroup
  var wide: WideOptions

  @Option(help: .init("Passes over all training texts (default: \(defaults.epochs)).", valueName: "count"))
  var epochs: Int?

  @Option(help: .init("Texts per training step (default: \(defaults.batchSize)).", valueName: "count"))
  var batchSize: Int?

  @Option(
    help: .init(
      "Shards of a batch, which threads and ranks share; the last bits of the weights depend on their number "
        + "(default: 32).",
      valueName: "count"))
  var shards: Int?

  @Option(
    help: .init(
      "Epochs in which only what is above the recurrent layers learns, as a new last layer should (default: 0).",
      valueName: "count"))
  var freezeBody: Int?

  @Option(
    help: .init("Epochs in which the tokens' vectors stay as they are (default: 0).", valueName: "count"))
  var freezeEmbedding: Int?

  @Option(
    help: .init(
      "Step size of the tokens' vectors, as a share of the learning rate (default: 1).", valueName: "share"))
  var embeddingRate: Double?

  @Option(help: .init("Adam's step size (default: \(defaults.learningRate)).", valueName: "rate"))
  var learningRate: Double?

  @Option(
    help: .init(
      "Adam's ε (default: \(defaults.epsilon)); a larger one keeps the network from memorizing rare words.",
      valueName: "number"))
  var epsilon: Float?

  @Option(
    help: .init(
      "Seed of the initial weights and of the order of the texts (default: \(defaults.seed)).", valueName: "number"))
  var seed: UInt64?

  @Flag(
    inversion: .prefixedNo,
    help: "Shuffle the texts before each epoch, or keep their order in the data (default: --shuffle).")
  var shuffle: Bool?

  @Option(
    help: .init("Set this share of the training texts apart for validation: the last ones.", valueName: "share"))
  var validationSplit: Double?

  @Option(
    help: .init(
      "Weights of the labels' losses in training: balanced, by name as in refund=2 (others weigh 1), or one for each label "
        + "as in 1,2.",
      valueName: "weights"))
  var classWeights: String?

  /// Whether the weights depend on the data's labels.
  var weighsLabelsOfData: Bool { classWeights.map { $0 == "balanced" || $0.contains("=") } ?? false }

  @Option(help: .init("Weight decay, which turns Adam into AdamW.", valueName: "rate"))
  var weightDecay: Double?

  @Option(help: .init("Scale each tensor's gradient to at most this norm.", valueName: "limit"))
  var clipNorm: Double?

  @Option(help: .init("Scale the whole gradient to at most this norm.", valueName: "limit"))
  var clipGlobalNorm: Double?

  @Option(help: .init("Clip each element of the gradient to at most this.", valueName: "limit"))
  var clipValue: Double?

  enum Schedule: String, ExpressibleByArgument, CaseIterable { case constant, cosine, step }

  @Option(help: "How the learning rate changes: up during --warmup-steps, then down along a cosine; or down in steps.")
  var schedule: Schedule?

  @Option(help: .init("With --schedule cosine: steps until the full rate is reached (default: 0).", valueName: "steps"))
  var warmupSteps: Int?

  @Option(
    help: .init(
      "With --schedule cosine: the share of the rate that is left at the end (default: 0).", valueName: "share"))
  var finalFraction: Double?

  @Option(help: .init("With --schedule step: the factor of each reduction (default: 0.5).", valueName: "factor"))
  var decayFactor: Double?

  @Option(help: .init("With --schedule step: steps between reductions (default: 25).", valueName: "steps"))
  var decaySteps: Int?

  @Option(
    help: .init(
      "Reduce the learning rate when this stops improving, like Keras's ReduceLROnPlateau.", valueName: "quantity"))
  var reduceLROnPlateau: MonitoredQuantity?

  @Option(
    help: .init("With --reduce-lr-on-plateau: epochs to wait for an improvement (default: 10).", valueName: "epochs"))
  var plateauPatience: Int?

  @Option(help: .init("With --reduce-lr-on-plateau: the factor of each reduction (default: 0.1).", valueName: "factor"))
  var plateauFactor: Double?

  @Option(
    help: .init(
      "With --reduce-lr-on-plateau: the least change that is an improvement (default: 0.0001).", valueName: "difference"
    ))
  var plateauMinDelta: Double?

  @Option(
    help: .init("With --reduce-lr-on-plateau: epochs to pause after a reduction (default: 0).", valueName: "epochs"))
  var plateauCooldown: Int?

  @Option(help: .init("With --reduce-lr-on-plateau: the lowest learning rate (default: 0).", valueName: "rate"))
  var minLearningRate: Double?

  @Option(
    help: .init("End the run when this stops improving, like Keras's EarlyStopping.", valueName: "quantity"))
  var earlyStopping: MonitoredQuantity?

  @Option(help: .init("With --early-stopping: epochs to wait for an improvement (default: 0).", valueName: "epochs"))
  var patience: Int?

  @Option(
    help: .init("With --early-stopping: the least change that is an improvement (default: 0).", valueName: "difference")
  )
  var minDelta: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "With --early-stopping: use the weights of the best epoch for the model (default: --no-restore-best-weights)."
  )
  var restoreBestWeights: Bool?

  @Option(
    help: .init("Keep the model of the epoch in which this is best, as best.safetensors.", valueName: "quantity"))
  var bestModel: MonitoredQuantity?

  enum ThresholdChoice: String, ExpressibleByArgument, CaseIterable { case f1 }

  @Option(
    help: .init(
      "Choose the threshold of two labels by this, on the validation texts: f1, that of label 1 (default: 0.5 stays).",
      valueName: "quantity"))
  var threshold: ThresholdChoice?

  @Option(
    help: .init(
      "Choose the threshold of two labels by this, on the validation texts: at least this precision of label 1, with the "
        + "greatest recall.", valueName: "share"))
  var minPrecision: Double?

  /// The preset's settings, or else the given ones, overridden first by the file's and then by the options.
  func applied(to base: TrainingConfiguration?) throws -> TrainingConfiguration {
    let base = preset?.configuration ?? base ?? Self.defaults
    var result = try configuration.map { try TrainingConfiguration(contentsOf: $0, over: base) } ?? base
    func set<Value>(_ setting: WritableKeyPath<TrainingConfiguration, Value>, _ value: Value?) {
      if let value { result[keyPath: setting] = value }
    }
    func setOptional<Value>(_ setting: WritableKeyPath<TrainingConfiguration, Value?>, _ value: Value?) {
      if let value { result[keyPath: setting] = value }
    }
    try network.apply(to: &result)
    try wide.apply(to: &result)
    set(\.epochs, epochs)
    set(\.batchSize, batchSize)
    set(\.learningRate, learningRate)
    set(\.epsilon, epsilon)
    set(\.seed, seed)
    set(\.shuffles, shuffle)
    setOptional(\.shards, shards)
    setOptional(\.frozenBodyEpochs, freezeBody)
    setOptional(\.frozenEmbeddingEpochs, freezeEmbedding)
    setOptional(\.embeddingRate, embeddingRate)
    setOptional(\.validationSplit, validationSplit)
    setOptional(\.weightDecay, weightDecay)
    setOptional(\.bestModel, bestModel)
    if let classWeights, !weighsLabelsOfData {
      let texts = classWeights.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = texts.compactMap { Double($0) }
      guard numbers.count == texts.count, numbers.count == result.labelCount else {
        throw ValidationError(
          "--class-weights must be balanced, names with numbers such as refund=2, or a number for each label such as 1,2, "
            + "not \(classWeights).")
      }
      result.classWeights = numbers
    }
    if let minPrecision {
      guard threshold == nil else { throw ValidationError("Give either --threshold or --min-precision.") }
      guard 0 < minPrecision, minPrecision <= 1 else {
        throw ValidationError("--min-precision must be a share above 0 and at most 1, not \(minPrecision).")
      }
      result.threshold = .precision(atLeast: minPrecision)
    } else if threshold != nil {
      result.threshold = .bestF1
    }
    try applyClipping(to: &result)
    try applySchedule(to: &result)
    try applyPlateau(to: &result)
    try applyEarlyStopping(to: &result)
    return result
  }

  private func applyClipping(to result: inout TrainingConfiguration) throws {
    let clippings =
      [clipNorm.map(GradientClipping.norm), clipGlobalNorm.map(GradientClipping.globalNorm)]
      + [clipValue.map(GradientClipping.value)]
    let given = clippings.compactMap { $0 }
    guard given.count < 2 else {
      throw ValidationError("Give one of --clip-norm, --clip-global-norm and --clip-value.")
    }
    if let clipping = given.first { result.clipping = clipping }
  }

  private func applySchedule(to result: inout TrainingConfiguration) throws {
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

  private func applyPlateau(to result: inout TrainingConfiguration) throws {
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

  private func applyEarlyStopping(to result: inout TrainingConfiguration) throws {
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

extension MonitoredQuantity: ExpressibleByArgument {
  /// Takes Keras's names, and `f1` for the longest of them.
  public init?(argument: String) { self.init(rawValue: argument == "f1" ? Self.validationF1.rawValue : argument) }
}
extension Preset: ExpressibleByArgument {}
