import Corpus
import Foundation
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork

extension Model {
  /// The network, ready for use.
  ///
  /// - Parameter path: the model's file, for messages.
  /// - Throws: `ModelError` where it does not fit into this machine's memory.
  package func inferenceNetwork(threads: Int, path: String? = nil) throws -> InferenceNetwork {
    let need = architecture.inferenceMemory(maxLength: configuration.maxLength)
    guard need < Double(ProcessInfo.processInfo.physicalMemory) else {
      throw ModelError(
        .tooLarge, path: path, problem: "the network needs about \(Int(need / 1e9)) GB of memory, more than there is",
        advice: "use it on a larger machine")
    }
    return InferenceNetwork(parameters, maxLength: configuration.maxLength, threads: threads)
  }

  /// What comes out for each of some samples.
  ///
  /// - Parameters:
  ///   - data: coded as the model is; cut to its length here.
  ///   - communicator: this is rank 0; the others are in `help`.
  ///   - path: the model's file, for messages.
  ///   - progress: told the share that is done.
  /// - Throws: `ModelError` as `inferenceNetwork` does, or where the weights give no probabilities.
  package func outcomes(
    of data: LabeledSequences, on communicator: any Communicator = SingleRank(), threads: Int, path: String? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws -> [Outcome] {
    var data = data
    data.sequences.truncate(to: configuration.maxLength)
    let network = try inferenceNetwork(threads: threads, path: path)
    share(on: communicator)
    let outcomes = network.outcomes(of: data, on: communicator) { done in
      progress(Double(done) / Double(data.count))
      return true
    }!
    InferenceNetwork.dismiss(communicator)
    if let index = outcomes.firstIndex(where: { $0.probability.isNaN }) {
      throw ModelError(
        .notFinite, path: path, problem: "the probability of sample \(index) is not a number",
        advice: "the weights are unusable; train again")
    }
    return outcomes
  }

  // MARK: On several ranks

  /// Gives the network to those in `help`, who then work on each `InferenceNetwork.outcomes(of:on:)` of this rank, the
  /// first, until `InferenceNetwork.dismiss`.
  package func share(on communicator: any Communicator) {
    if communicator.count == 1 { return }
    var values = parameters.values
    _ = communicator.broadcast((try? JSONEncoder().encode(configuration)) ?? Data())
    communicator.broadcast(&values)
  }

  /// Works for rank 0, with the network and the samples that it hands out, until it has no more.
  ///
  /// - Throws: `ModelError` where the network does not fit into this machine's memory.
  package static func help(_ communicator: any Communicator, threads: Int) throws {
    var values: [Float] = []
    let json = communicator.broadcast(Data())
    communicator.broadcast(&values)
    let configuration = try JSONDecoder().decode(TrainingConfiguration.self, from: json)
    var parameters = Parameters(zeros: ParameterLayout(configuration.architecture))
    parameters.values = values
    try Model(parameters, configuration: configuration).inferenceNetwork(threads: threads).help(communicator)
  }
}
