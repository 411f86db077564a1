import Classification
import Corpus
import EngineSelection
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

/// A training run in a folder: it begins or resumes there, trains, writes histories and checkpoints, and leaves its
/// model.
///
///     let start = try Checkpoint(configuration: TrainingConfiguration(), source: DataSource(path: "Data/imdb.npz"))
///     let run = try Run(beginning: "Data/run", from: start)
///     try run.train { event in .goOn }
///
/// However a run ends, `Run(resuming: "Data/run")` goes on from its last checkpoint to the same bits.
///
/// Where several ranks share a run, each makes a `Run` with the same arguments. Rank 0 alone reads and writes the folder,
/// and gives the others what it found there.
public final class Run {
  /// What a process may decide for itself: none of it changes the outcome, except `sumsInAnyOrder`.
  public struct Options {
    /// How many threads this process works on.
    public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
    /// Where this process reads the data; nil for the source's own path.
    public var dataPath: String?
    /// Whether a run that is in the folder may be replaced.
    public var overwrites = false
    /// The ranks that share the run.
    public var communicator: any Communicator = SingleRank()
    /// What messages call a rank.
    public var rankName: (Int) -> String = { "rank \($0)" }
    /// Whether the ranks' gradients may be added in any order; the outcome then depends on the number of ranks.
    public var sumsInAnyOrder = false
    /// What this process's own settings make of rank 0's: all ranks must agree about them.
    public var settings: (TrainingConfiguration) throws -> TrainingConfiguration = { $0 }

    /// One process, on all cores.
    public init() {}
  }

  /// What happens before the first step.
  public enum Preparation: Sendable {
    /// A checkpoint can't be used; the one before it is tried.
    case damagedCheckpoint(any Error & Sendable)
    /// The run was begun by an engine of this name, whose bits are others: it goes on, but to other last bits.
    case otherKernels(String)
    /// Of the data, this share has been read.
    case reading(Double)
    /// Of the training of n-grams, about this share is done.
    case ngrams(Double)
    /// Something was chosen or left out in reading the data, in a sentence.
    case note(String)
  }

  /// The version of this package, which run.json names.
  public static let version = "0.2.0"

  /// Does the steps; its state tells how far they have come.
  public let trainer: Trainer
  /// Where the data come from.
  public let source: DataSource
  /// What is written beside the histories and the model.
  public let output: OutputSettings
  /// The data. Training texts that are held out by the settings are their validation part.
  public let dataset: Dataset
  /// How many texts are trained on.
  public let trainingCount: Int
  /// How many texts are validated on.
  public let validationCount: Int
  /// Nil on all ranks but the first.
  let folder: RunFolder?
  /// Nil on all ranks but the first, and where there is none.
  private let wide: WidePart?
  /// The threshold that was chosen when the run ended, with its precision and recall on the validation texts; nil where
  /// none was to be chosen, or none met the condition.
  package private(set) var threshold: PrecisionRecallCurve.Point?
  /// The validation accuracy of the model that the run has left, whose parts are weighed; nil before, and where nothing
  /// depended on it.
  private var finalAccuracy: Double?
  /// How well the wide part alone does on the validation texts; nil where there is none.
  public var wideMetrics: Metrics? { wide?.metrics }

  /// The settings.
  public var configuration: TrainingConfiguration { trainer.configuration }

  // MARK: Beginning and resuming

  /// Begins a run, and makes its folder once the data have been read and fit the settings.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - start: what to begin from; asked for on rank 0 alone, after the folder has been looked at.
  ///   - options: what this process decides for itself.
  ///   - report: told of each preparation.
  /// - Throws: `TrainingError`, `CorpusError`, `FileError`, `ModelError`; where several ranks share the run,
  ///   `RankFailure` on all of them at once.
  public init(
    beginning path: String, from start: @autoclosure () throws -> Checkpoint, options: Options = Options(),
    report: (Preparation) -> Void = { _ in }
  ) throws {
    let start = try options.communicator.checkpointOfFirstRank {
      try RunFolder.check(path, overwrite: options.overwrites)
      return try start()
    }!
    let parts = try Self.prepare(start, expectedFingerprint: nil, options, report)
    (trainer, dataset, source, output) = (parts.trainer, parts.dataset, parts.source, start.output)
    wide = parts.wide
    (trainingCount, validationCount) = (parts.trainingCount, parts.validationCount)
    folder =
      options.communicator.rank == 0
      ? try RunFolder(beginning: path, trainer.configuration, overwrite: options.overwrites) : nil
    try begin(parts, isChanged: true, options)
  }

  /// Goes on with a run from its newest checkpoint that is whole.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - options: what this process decides for itself.
  ///   - change: changes what the checkpoint holds, on rank 0 alone: more epochs, say, by `Checkpoint.extend`.
  ///   - report: told of each preparation.
  /// - Returns: nil where the run is finished and nothing is left to do.
  /// - Throws: as `init(beginning:from:options:report:)` does; also where the data are no longer the same.
  public init?(
    resuming path: String, options: Options = Options(), change: (inout Checkpoint) throws -> Void = { _ in },
    report: (Preparation) -> Void = { _ in }
  ) throws {
    var opened: RunFolder?
    var before: TrainingConfiguration?
    let found = try options.communicator.checkpointOfFirstRank { () -> Checkpoint? in
      let folder = try RunFolder(resuming: path)
      var checkpoint = try folder.latestCheckpoint { report(.damagedCheckpoint($0)) }
      if let kernels = checkpoint.kernels, !Engines.giveSameBits(kernels, Engines.current.name) {
        report(.otherKernels(kernels))
      }
      (opened, before) = (folder, checkpoint.configuration)
      try change(&checkpoint)
      return checkpoint.state.isFinished ? nil : checkpoint
    }
    guard let start = found else { return nil }
    let parts = try Self.prepare(start, expectedFingerprint: start.source.fingerprint, options, report)
    (trainer, dataset, source, output) = (parts.trainer, parts.dataset, parts.source, start.output)
    wide = parts.wide
    (trainingCount, validationCount) = (parts.trainingCount, parts.validationCount)
    folder = opened
    try folder?.goOn(from: start)
    try begin(parts, isChanged: before != trainer.configuration, options)
  }

  /// What a rank needs for its steps.
  private struct Parts {
    var trainer: Trainer
    var dataset: Dataset
    var source: DataSource
    var trainingCount, validationCount: Int
    var best: BestModelWriter
    var wide: WidePart?
  }

  /// Reads the data and makes a trainer, on each rank.
  private static func prepare(
    _ start: Checkpoint, expectedFingerprint: String?, _ options: Options, _ report: (Preparation) -> Void
  ) throws -> Parts {
    try options.communicator.agree(options) {
      var source = start.source
      // Messages name the data as the caller did.
      source.path = options.dataPath ?? source.path
      var dataset = try source.load(start.configuration, threads: options.threads) { report(.reading($0)) }
      for note in dataset.notes { report(.note(note)) }
      let configuration = start.configuration
      let (training, validation) =
        configuration.wordPrediction == nil
        ? try dataset.parts(validationSplit: configuration.validationSplit)
        : try dataset.wordParts(validationSplit: configuration.validationSplit, maxLength: configuration.maxLength)
      if validation.count == 0 { report(.note("there are no texts to validate on: the run is not validated")) }
      // What is learned from is all that is needed of the data.
      dataset.unlabeled = nil
      if configuration.wordPrediction == nil, configuration.validationSplit != nil {
        (dataset.training, dataset.validation) = (training, validation)
      }
      ProcessMemory.returnFreed()
      let fingerprint = Dataset.fingerprint(training: training, validation: validation)
      guard expectedFingerprint ?? fingerprint == fingerprint else {
        throw TrainingError.otherData(path: source.path)
      }
      (source.path, source.fingerprint) = (start.source.path, fingerprint)
      let isFirst = options.communicator.rank == 0
      let wide =
        isFirst
        ? try WidePart(
          start.configuration, training: training, validation: validation, threads: options.threads
        ) { report(.ngrams($0)) } : nil
      ProcessMemory.returnFreed()
      let best = BestModelWriter(dataset, wide)
      let trainer = try Trainer(
        start.configuration, state: start.state, training: training,
        validation: validation.count > 0 ? validation : nil,
        wideLogits: wide?.validationLogits, threads: options.threads,
        callbacks: isFirst ? best.callbacks(start.configuration) + start.output.callbacks : [],
        communicator: options.communicator, sumsInAnyOrder: options.sumsInAnyOrder)
      return (
        Parts(
          trainer: trainer, dataset: dataset, source: source, trainingCount: training.count,
          validationCount: validation.count, best: best, wide: wide),
        try options.settings(start.configuration), fingerprint
      )
    }
  }

  /// Writes what the folder must hold before the first step.
  private func begin(_ parts: Parts, isChanged: Bool, _ options: Options) throws {
    parts.best.folder = folder
    if isChanged { try writeCheckpoint() }
    try folder?.describe(configuration, source: source, threads: options.threads)
  }

  // MARK: Training

  /// Trains until the run is finished or `report` answers `.stop`; either way the folder then holds the model, and a
  /// checkpoint to go on from.
  ///
  /// - Throws: what `Trainer.run` does, `FileError`, and what `report` throws.
  @discardableResult
  public func train(_ report: (TrainingEvent) throws -> TrainingAnswer = { _ in .goOn }) throws -> TrainingEnding {
    let ending = try trainer.run { event in
      try record(event)
      return try report(event)
    }
    // All ranks share this work.
    let weighsParts = configuration.wide != nil && ending == .completed && validationCount > 0
    let logits = weighsParts || configuration.threshold != nil ? trainer.validationLogits() : nil
    // The n-grams' memory comes in its place.
    trainer.releaseMemory()
    ProcessMemory.returnFreed()
    // The model first: a run that its checkpoint calls finished has its model.
    var failure: (any Error)?
    let finished = try dataset.finishedModel(
      trainer.parameters, configuration, wide, networkLogits: logits, weighsParts: weighsParts,
      validationLabels: trainer.validationData.labels
    ) { share in
      do { _ = try report(.ngrams(share)) } catch { failure = error }
    }
    if let failure { throw failure }
    threshold = finished.threshold
    finalAccuracy = finished.validationAccuracy
    leavesNetworkOut = configuration.hasNetwork && !finished.model.configuration.hasNetwork
    try folder?.write(finished.model)
    try writeCheckpoint()
    return ending
  }

  /// The model as it is now; with a wide part, the mean of its logits and the network's. Its threshold is 0.5.
  public var model: Model {
    get throws { try dataset.model(trainer.parameters, configuration, wide) }
  }

  /// Whether the model is the n-grams alone, as the network added nothing to them on the validation texts; known when the
  /// run has ended.
  public private(set) var leavesNetworkOut = false

  /// What a user should know before the model is used, in sentences; best asked for when the run has ended.
  public var warnings: [String] {
    guard validationCount > 0, configuration.wordPrediction == nil,
      let accuracy = finalAccuracy ?? bestValidationAccuracy
    else { return [] }
    var warnings: [String] = []
    let data = trainer.validationData
    let counts = data.labels.reduce(into: [Int](repeating: 0, count: configuration.labelCount)) { $0[Int($1)] += 1 }
    let largest = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) }!
    if accuracy <= Double(counts[largest]) / Double(data.count) {
      warnings.append(
        "the model is no better than answering \(CorpusError.quoted(dataset.labels[largest])) to everything; it needs more "
          + "texts or more steps")
    }
    if let wideAccuracy = wideMetrics?.accuracy, accuracy < wideAccuracy {
      warnings.append(
        "the n-grams alone classify \(percent(wideAccuracy)) of the validation texts correctly, but only "
          + "\(percent(accuracy)) together with the network; more epochs may help")
    }
    if case .precision(let least) = configuration.threshold, threshold == nil {
      warnings.append("no threshold reaches a precision of \(least) on the validation texts: it stays at 0.5")
    }
    guard configuration.hasNetwork else { return warnings }
    let unknown = data.sequences.tokens.count { $0 == TextCoder.unknownToken }
    let words = data.sequences.tokens.count - data.count
    if dataset.vocabulary != nil, words > 0, unknown * 2 > words {
      warnings.append(
        "the network doesn't know \(percent(Double(unknown) / Double(words))) of the words in the validation texts; a "
          + "larger vocabulary or other tokens may help")
    }
    return warnings
  }

  /// The validation accuracy of the epoch whose weights the model has; without a network, of the n-grams.
  private var bestValidationAccuracy: Double? {
    guard configuration.hasNetwork else { return wideMetrics?.accuracy }
    let epochs = trainer.current.epochs
    guard let stopping = configuration.earlyStopping, stopping.restoresBestWeights else {
      return epochs.last?.validation.accuracy
    }
    var best = BestValue()
    let records = epochs.filter {
      best.update(stopping.monitor.value(in: $0), of: stopping.monitor, minDelta: stopping.minDelta)
    }
    return records.last?.validation.accuracy
  }

  /// How well the model does on the texts that were validated on, unless these are the test part; nil without such texts.
  /// Of a model with a wide part, before that learned from them, too.
  var validationEvaluation: MulticlassEvaluation? {
    guard hasValidationPart, validationCount > 0 else { return nil }
    let labels = trainer.validationData.labels
    let own = trainer.validationLogits()
    let outcomes = Outcome.outcomes(logits: wide?.crossValidatedLogits(networkLogits: own) ?? own, labels: labels)
    return MulticlassEvaluation(
      predicted: outcomes.map(\.label), labels: labels, labelCount: configuration.labelCount)
  }

  /// Whether other texts than the test part are validated on.
  package var hasValidationPart: Bool { configuration.validationSplit != nil || dataset.validation != nil }

  /// How well the model that the run has left does on the test part; nil without one.
  ///
  /// - Throws: `ModelError`.
  package func testEvaluation(
    threads: Int, progress: (Double) -> Void = { _ in }
  ) throws -> MulticlassEvaluation? {
    guard let folder, dataset.test.count > 0 else { return nil }
    let path = folder.path + "/" + RunFiles.model
    return try Model(contentsOf: path).evaluation(of: dataset.test, threads: threads, path: path, progress: progress)
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  private func record(_ event: TrainingEvent) throws {
    var isTimeForCheckpoint = false
    switch event {
    case .step(let record):
      try folder?.append(record, seconds: trainer.current.seconds)
      isTimeForCheckpoint = output.checkpointEvery.map { record.step.isMultiple(of: $0) } ?? false
    case .epoch:
      try folder?.appendLast(of: trainer.current.epochs)
      isTimeForCheckpoint = output.checkpointEvery == nil
    case .begin, .validation, .ngrams: break
    }
    if isTimeForCheckpoint && !trainer.current.isFinished { try writeCheckpoint() }
  }

  private func writeCheckpoint() throws {
    try folder?.write(Checkpoint(trainer.state, configuration: configuration, source: source, output: output))
  }
}

/// Writes best.safetensors whenever an epoch is the best so far.
private final class BestModelWriter {
  /// Where it goes; a run's folder is made only after its trainer has accepted the data.
  var folder: RunFolder?
  private let dataset: Dataset
  private let wide: WidePart?

  init(_ dataset: Dataset, _ wide: WidePart?) { (self.dataset, self.wide) = (dataset, wide) }

  func callbacks(_ configuration: TrainingConfiguration) -> [any TrainingCallback] {
    guard let monitor = configuration.bestModel else { return [] }
    return [
      BestModel(monitor: monitor) { [self] parameters in
        try folder?.write(dataset.model(parameters, configuration, wide), isBest: true)
      }
    ]
  }
}

extension Dataset {
  /// A model trained on this data set; with a wide part, the mean of its logits and the network's.
  func model(
    _ parameters: Parameters, _ configuration: TrainingConfiguration, _ wide: WidePart?
  ) throws -> Model {
    try model(parameters, configuration, wide, networkLogits: nil, weighsParts: false) { _ in }.model
  }

  /// The model that training leaves; the threshold that its settings choose, nil if they don't, or none meets the
  /// condition; and its validation accuracy with a threshold of 0.5, nil without the network's logits.
  ///
  /// - Parameters:
  ///   - parameters: the network's weights.
  ///   - wide: the wide part; nil for none.
  ///   - networkLogits: what the network makes of the validation texts; nil where nothing depends on it.
  ///   - weighsParts: whether the shares of the parts in the logits follow from that, rather than being equal.
  ///   - validationLabels: the labels of the validation texts.
  ///   - progress: told about which share of the n-grams' training is done, by one thread at a time.
  func finishedModel(
    _ parameters: Parameters, _ configuration: TrainingConfiguration, _ wide: WidePart?, networkLogits: [Float]?,
    weighsParts: Bool, validationLabels labels: [UInt8], progress: (Double) -> Void = { _ in }
  ) throws -> (model: Model, threshold: PrecisionRecallCurve.Point?, validationAccuracy: Double?) {
    let (trained, logits) = try model(
      parameters, configuration, wide, networkLogits: networkLogits, weighsParts: weighsParts, progress: progress)
    guard let logits else { return (trained, nil, nil) }
    let outcomes = Outcome.outcomes(logits: logits, labels: labels)
    let accuracy = Double(zip(outcomes, labels).count { $0.label == $1 }) / Double(labels.count)
    guard let rule = configuration.threshold else { return (trained, nil, accuracy) }
    let curve = PrecisionRecallCurve(probabilities: outcomes.map(\.probability), labels: labels)
    let point =
      switch rule {
      case .bestF1: curve.bestF1
      case .precision(let least): curve.point(minimumPrecision: least)
      }
    var model = trained
    if let point { model.threshold = point.threshold }
    return (model, point, accuracy)
  }

  /// A model trained on this data set, and what it makes of the validation texts.
  private func model(
    _ parameters: Parameters, _ configuration: TrainingConfiguration, _ wide: WidePart?, networkLogits: [Float]?,
    weighsParts: Bool, progress: (Double) -> Void
  ) throws -> (model: Model, validationLogits: [Float]?) {
    guard let wide else { return (try model(parameters, configuration), networkLogits) }
    let joined = wide.joined(
      with: parameters, networkLogits: networkLogits, weighsParts: weighsParts, progress: progress)
    var configuration = configuration
    // A model doesn't carry a network that has no say.
    if joined.parameters == nil { configuration.removeNetwork() }
    var model = try model(joined.parameters ?? Parameters(zeros: configuration.layout), configuration)
    try model.setWide(joined.wide)
    return (model, joined.validationLogits)
  }
}

extension Model {
  /// How well it does on labeled texts.
  ///
  /// - Parameter path: its file, for messages; nil where it has none.
  /// - Throws: `ModelError`.
  func evaluation(
    of data: LabeledSequences, threads: Int, path: String? = nil, progress: (Double) -> Void = { _ in }
  ) throws -> MulticlassEvaluation {
    let outcomes = try outcomes(of: data, threads: threads, path: path, progress: progress)
    return MulticlassEvaluation(
      predicted: outcomes.map(predictedLabel), labels: data.labels, labelCount: architecture.labelCount)
  }
}

extension OutputSettings {
  /// What of the output is written by callbacks.
  fileprivate var callbacks: [any TrainingCallback] { tensorBoard.map { [TensorBoardLog(folder: $0)] } ?? [] }
}
