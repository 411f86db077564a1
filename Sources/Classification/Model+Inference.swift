import Corpus
import Files
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

extension Model {
  /// The network, prepared for inference.
  ///
  /// - Parameters:
  ///   - threads: the number of threads that share the work of a call.
  ///   - path: the model's file, for messages.
  /// - Throws: `ModelError` if the network has impossible sizes, or doesn't fit into this machine's memory.
  package func inferenceNetwork(threads: Int, path: String? = nil) throws -> InferenceNetwork {
    guard configuration.wordPrediction == nil else {
      throw ModelError(
        .unsupported, path: path, problem: "has learned to predict words, and knows no labels yet",
        advice: "train a classifier that begins with it")
    }
    let need = architecture.inferenceMemory(maxLength: configuration.maxLength)
    guard need < ProcessInfo.processInfo.memoryLimit else {
      throw ModelError(
        .tooLarge, path: path,
        problem: "the network needs about \(described(bytes: need)) of memory, more than there is",
        advice: "use it on a machine with more memory")
    }
    if let setting = architecture.invalidSetting
      ?? InvalidSetting("maxLength", configuration.maxLength, in: 1...1_000_000)
    {
      throw ModelError(
        .unsupported, path: path, problem: "its \(setting.name) \(setting.rule)",
        advice: "give the model the settings that it was trained with")
    }
    return InferenceNetwork(parameters, maxLength: configuration.maxLength, threads: threads)
  }

  /// The network's outcome for each sample, in order.
  ///
  /// - Parameters:
  ///   - data: samples in the model's own tokens and labels; they are truncated to its length here.
  ///   - communicator: the communicator of rank 0; the other ranks are in `help`.
  ///   - threads: the number of threads that share this rank's work.
  ///   - path: the model's file, for messages.
  ///   - progress: called with the share of the samples that are done.
  /// - Throws: `ModelError` as `inferenceNetwork` does, or if a probability is not a number.
  package func outcomes(
    of data: LabeledSequences, on communicator: any Communicator = SingleRank(), threads: Int, path: String? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws -> [Outcome] {
    Outcome.outcomes(
      logits: try logits(of: data, on: communicator, threads: threads, path: path, progress: progress),
      labels: data.labels)
  }

  /// The label that is predicted: of two, label 1 where its probability is above the threshold; of more the most probable.
  package func predictedLabel(_ outcome: Outcome) -> UInt8 {
    labels.count == 2 ? outcome.probability > threshold ? 1 : 0 : outcome.label
  }

  /// The logits of each sample, in order, [count][logits] in one array; the parameters and errors are those of
  /// `outcomes`.
  package func logits(
    of data: LabeledSequences, on communicator: any Communicator = SingleRank(), threads: Int, path: String? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws -> [Float] {
    var data = data
    data.sequences.truncate(to: configuration.maxLength, at: coding.truncation)
    let network = try inferenceNetwork(threads: threads, path: path)
    let wideLogits = try wideLogits(of: data, threads: threads, path: path)
    share(on: communicator)
    var logits = network.logits(of: data, on: communicator) { done in
      progress(Double(done) / Double(data.count))
      return true
    }!
    InferenceNetwork.dismiss(communicator)
    if let wideLogits { logits = zip(logits, wideLogits).map { $0 + $1 } }
    let outcomes = Outcome.outcomes(logits: logits, labels: data.labels)
    if let index = outcomes.firstIndex(where: { $0.probability.isNaN }) {
      throw ModelError(
        .notFinite, path: path, problem: "the probability of sample \(index) is not a number",
        advice: "the weights are unusable; train again")
    }
    return logits
  }

  /// The logits that the wide part gives samples, [count][logits] in one array; nil if the model has none.
  ///
  /// - Throws: `ModelError` if the samples came without their words.
  private func wideLogits(of data: LabeledSequences, threads: Int, path: String?) throws -> [Float]? {
    guard let wide else { return nil }
    guard let texts = data.texts else {
      throw ModelError(
        .noVocabulary, path: path, problem: "the model reads n-grams of words, and the data are numbers",
        advice: "give it texts")
    }
    return wide.logits(of: texts, threads: threads)
  }

  // MARK: On several ranks

  /// Sends the network from this rank, the first, to the others, which are in `help`. They then share the work of each
  /// `InferenceNetwork.outcomes(of:on:)`, until `InferenceNetwork.dismiss`.
  package func share(on communicator: any Communicator) {
    if communicator.count == 1 { return }
    var values = parameters.values
    _ = communicator.broadcast((try? JSONEncoder().encode(configuration)) ?? Data())
    communicator.broadcast(&values)
  }

  /// Shares rank 0's work, with the network and the samples that it sends, until it dismisses the ranks.
  ///
  /// - Throws: `ModelError` if the network doesn't fit into this machine's memory, `RankError` if rank 0's messages can't be
  ///   read.
  package static func help(_ communicator: any Communicator, threads: Int) throws {
    var values: [Float] = []
    let json = communicator.broadcast(Data())
    communicator.broadcast(&values)
    guard let configuration = try? JSONDecoder().decode(TrainingConfiguration.self, from: json),
      configuration.architecture.invalidSetting == nil,
      let parameters = Parameters(values, layout: ParameterLayout(configuration.architecture))
    else { throw RankError.otherVersions }
    try Model(parameters, configuration: configuration).inferenceNetwork(threads: threads).help(communicator)
  }
}
