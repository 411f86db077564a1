import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Training

/// Shows the progress of a run: on a terminal with a heading and a bar, and always with a line for each epoch.
struct TrainingProgress {
  private let configuration: TrainingConfiguration
  private let stepsPerEpoch: Int
  private let isQuiet: Bool
  private var bar: ProgressBar
  /// The losses of the run so far.
  private var curve = Sparkline()
  private var epochStart = ContinuousClock.now
  private var currentEpoch: Int
  /// The steps and texts of the epoch that were done before `epochStart`, by an earlier process.
  private var before: (steps: Int, texts: Int)

  private let run: Run

  init(_ run: Run, isQuiet: Bool) {
    let trainer = run.trainer
    self.run = run
    configuration = run.configuration
    self.isQuiet = isQuiet
    stepsPerEpoch = trainer.stepsPerEpoch
    currentEpoch = trainer.state.epoch
    before = (trainer.state.steps.count - currentEpoch * stepsPerEpoch, trainer.state.epochMetrics.sampleCount)
    bar = ProgressBar(isQuiet: isQuiet)
    for step in trainer.state.steps { curve.add(step.loss) }
  }

  mutating func begin(data: String, threads: Int) {
    epochStart = .now
    guard bar.isInteractive, configuration.hasNetwork else { return }
    let c = configuration
    printError(
      """
      \(data): \(grouped(run.trainingCount)) training and \(grouped(run.validationCount)) \
      \(c.validationSplit == nil ? "test" : "validation") \(texts(c)), \
      \(grouped(c.vocabularySize)) different ones\(run.dataset.vocabulary != nil ? "" : " (without a word index, so the model gets no words)")
      \(c.architecture): \(grouped(ParameterLayout(c.architecture).count)) parameters\
      \(c.dropout == Dropout() ? "" : "; dropout: \(c.dropout)")
      Adam \(c.learningRate)\(c.epsilon == TrainingConfiguration().epsilon ? "" : " with ε \(c.epsilon)"), batches of \(grouped(c.batchSize)), \(c.epochs) epoch\(c.epochs == 1 ? "" : "s"), \
      \(threads) thread\(threads == 1 ? "" : "s"), kernels for \(Processor.kernels)
      """)
  }

  mutating func show(_ event: TrainingEvent) {
    switch event {
    case .step(let record):
      curve.add(Float(record.metrics.loss))
      let step = record.step - record.epoch * stepsPerEpoch
      let seconds = (ContinuousClock.now - epochStart) / .seconds(1)
      let left = Int((seconds / Double(step - before.steps) * Double(stepsPerEpoch - step)).rounded(.up))
      bar.draw(
        title(record.epoch), done: Double(step) / Double(stepsPerEpoch),
        details: [
          "\(step)/\(stepsPerEpoch)",
          "\(grouped(Int(Double(record.epochMetrics.sampleCount - before.texts) / seconds))) texts/s",
          "\(left / 60):\(left % 60 < 10 ? "0" : "")\(left % 60) left",
          "loss \(fixed(record.epochMetrics.loss, 4))",
        ] + (predictsWords ? [] : ["accuracy \(fixed(record.epochMetrics.accuracy, 4))"]) + [curve.text])
    case .begin: break
    case .validation(let done, let count):
      bar.draw(
        title(currentEpoch), done: Double(done) / Double(count),
        details: ["validating", "\(grouped(done))/\(grouped(count))"])
    case .ngrams(let share): bar.draw("Training n-grams", done: share, details: [])
    case .epoch(let record):
      currentEpoch = record.epoch + 1
      epochStart = .now
      before = (0, 0)
      bar.clear()
      guard !isQuiet else { return }
      func figures(_ metrics: Metrics, _ prefix: String) -> String {
        " - \(prefix)loss: \(fixed(metrics.loss, 4))"
          + (predictsWords ? "" : " - \(prefix)accuracy: \(fixed(metrics.accuracy, 4))")
      }
      printProgress(
        "\(title(record.epoch)) - \(fixed(record.seconds, 1)) s" + figures(record.training, "")
          + (run.validationCount == 0 ? "" : figures(record.validation, "val_"))
          + (record.validationF1.map { " - val_f1_score: \(fixed($0, 4))" } ?? ""))
    }
  }

  /// - Parameter command: goes on with a run in a folder.
  mutating func end(_ ending: TrainingEnding, folder: String, command: String = "lstm train") {
    bar.clear()
    guard !isQuiet else { return }
    if ending == .stopped {
      printError("Stopped after the current batch. Continue with: \(command) --resume \(folder)")
      return
    }
    if let metrics = run.wideMetrics, metrics.sampleCount > 0, !configuration.hasNetwork {
      printProgress("N-grams - val_loss: \(fixed(metrics.loss, 4)) - val_accuracy: \(fixed(metrics.accuracy, 4))")
    }
    if run.leavesNetworkOut {
      printError(
        "\(folder): the network adds nothing to the n-grams on the validation texts, and is left out of the model")
    }
    if bar.isInteractive {
      printError("\(folder): model.safetensors, history.csv, steps.csv, checkpoints")
    }
  }

  private func texts(_ configuration: TrainingConfiguration) -> String {
    let length = configuration.maxLength
    return predictsWords ? "pieces of at most \(length) tokens" : "texts; the last \(length) tokens of each"
  }

  private var predictsWords: Bool { configuration.wordPrediction != nil }

  private func title(_ epoch: Int) -> String { "Epoch \(epoch + 1)/\(configuration.epochs)" }
}
