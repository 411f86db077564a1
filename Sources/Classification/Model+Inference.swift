import Corpus
import Foundation
import RecurrentNetwork
import Training

extension Model {
  /// The network, ready for use.
  ///
  /// - Parameter path: the model's file, for messages.
  /// - Throws: `TrainingError` where it does not fit into this machine's memory.
  package func inferenceNetwork(threads: Int, path: String? = nil) throws -> InferenceNetwork {
    let need = InferenceNetwork.memoryNeed(parameters.architecture, maxLength: configuration.maxLength)
    guard need < Double(ProcessInfo.processInfo.physicalMemory) else {
      throw TrainingError(
        path: path, problem: "the network needs about \(Int(need / 1e9)) GB of memory, more than there is",
        advice: "use it on a larger machine")
    }
    return InferenceNetwork(parameters, maxLength: configuration.maxLength, threads: threads)
  }

  /// What comes out for each of some samples.
  ///
  /// - Parameters:
  ///   - data: coded as the model is; cut to its length here.
  ///   - path: the model's file, for messages.
  ///   - progress: told the share that is done.
  /// - Throws: `TrainingError` where the network does not fit into memory, or its weights give no probabilities.
  package func outcomes(
    of data: LabelledSequences, threads: Int, path: String? = nil, progress: (Double) -> Void = { _ in }
  ) throws -> [Outcome] {
    var data = data
    data.sequences.truncate(to: configuration.maxLength)
    let outcomes = try inferenceNetwork(threads: threads, path: path).outcomes(of: data) { done in
      progress(Double(done) / Double(data.count))
      return true
    }!
    if let index = outcomes.firstIndex(where: { $0.probability.isNaN }) {
      throw TrainingError(
        path: path, problem: "the probability of sample \(index) is not a number",
        advice: "the weights are beyond use; train again")
    }
    return outcomes
  }
}
