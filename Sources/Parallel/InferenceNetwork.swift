import Corpus
import Foundation
import RecurrentNetwork

/// A network for use alone: its weights are prepared once, for every token, and any number of threads may ask at once.
///
/// An outcome is a matter of its sequence alone. Each row of a tile goes through the same operations in the same order,
/// whatever is in the other rows, and the chain of padding does the same arithmetic as a row; so the bits are the same
/// alone, in any batch, on any number of threads, and in `DataParallelNetwork.outcomes`.
// @unchecked: `weights` are written in `init` and then only read; `freeWorkers` is touched under the lock alone, and a
// worker that was taken from it is one thread's until it is put back.
package final class InferenceNetwork: @unchecked Sendable {
  private let architecture: Architecture
  private let maxLength: Int
  private let team: WorkerTeam
  private let weights: FoldedWeights
  private let lock = NSLock()
  private var freeWorkers: [ShardWorker] = []

  /// - Parameter threads: how many of them a call works on.
  package init(_ parameters: Parameters, maxLength: Int, threads: Int) {
    architecture = parameters.architecture
    self.maxLength = maxLength
    team = WorkerTeam(count: threads)
    weights = FoldedWeights(parameters.layout)
    let everyToken = (0..<Int32(architecture.vocabularySize)).map { $0 }
    everyToken.withUnsafeBufferPointer { tokens in
      weights.pack(parameters, for: [TokenSequence(tokens: tokens.baseAddress!, count: tokens.count, label: 0)])
    }
    team.perform(weights.preparationParts) { [weights] _, part in
      weights.prepare(part: part, chainLength: maxLength, parameters: parameters)
    }
  }

  /// What comes out for each sequence, in their order.
  ///
  /// - Parameters:
  ///   - data: sequences of at most `maxLength` tokens of the network's vocabulary; the labels tell the losses.
  ///   - communicator: this is rank 0, which gives a part of the data to each of the others; they are in `help`.
  ///   - progress: told after every thousand sequences or so how many are done; false ends it, and the result is nil.
  ///     Where others help it can't be ended.
  package func outcomes(
    of data: LabelledSequences, on communicator: any Communicator = SingleRank(),
    progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Outcome]? {
    if data.count == 0 { return [] }
    var data = data
    communicator.broadcast(&data)
    let outcomes = outcomes(of: data, Ranks(communicator, ParameterLayout(architecture)), progress)
    precondition(outcomes != nil || communicator.count == 1, "the others go on")
    return outcomes
  }

  private func outcomes(of data: LabelledSequences, _ ranks: Ranks, _ progress: (_ done: Int) -> Bool) -> [Outcome]? {
    let vocabulary = 0..<Int32(architecture.vocabularySize)
    precondition(data.sequences.tokens.allSatisfy(vocabulary.contains), "a token is out of the vocabulary")
    let lengths = (0..<data.count).map(data.sequences.length)
    let plan = ShardPlan(
      lengths: lengths.map { weights.padding.length($0, maxLength: maxLength) }, maxLength: maxLength)
    precondition(lengths.allSatisfy { $0 <= maxLength }, "sequences must be cut to maxLength")
    var outcomes = [Outcome](repeating: Outcome(), count: data.count)
    let isComplete = data.sequences.tokens.withUnsafeBufferPointer { tokens in
      // Of sequences that are all empty there is no address, and none is read.
      let base = tokens.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Int32>.alignment)!
      let sequences = lengths.indices.map { index in
        TokenSequence(
          tokens: base + data.sequences.offsets[index], count: lengths[index], label: data.labels[index])
      }
      return outcomes.withUnsafeMutableBufferPointer { outcomes in
        // Parts write outcomes of their own.
        nonisolated(unsafe) let outcomes = outcomes
        let isComplete = plan.forEachBlock(on: team, of: ranks, progress: progress) { _, tiles in
          withWorker { $0.evaluate(tiles, in: sequences, weights: weights, outcomes: outcomes.baseAddress!) }
        }
        if isComplete, let base = outcomes.baseAddress {
          ranks.gather({ plan.tiles(inBlocksOf: $0, of: ranks) }, outcomes: base)
        }
        return isComplete
      }
    }
    return isComplete ? outcomes : nil
  }

  // MARK: For others

  /// Works on what rank 0 asks about, until it says that this was all.
  package func help(_ communicator: any Communicator) {
    let ranks = Ranks(communicator, ParameterLayout(architecture))
    while true {
      var data = LabelledSequences(sequences: TokenSequences([]), labels: [])
      communicator.broadcast(&data)
      if data.count == 0 { return }
      _ = outcomes(of: data, ranks) { _ in true }
    }
  }

  /// Lets those go who are in `help`.
  package static func dismiss(_ communicator: any Communicator) {
    var none = LabelledSequences(sequences: TokenSequences([]), labels: [])
    communicator.broadcast(&none)
  }

  /// Lends a worker: as many are made as are ever in use at once.
  private func withWorker(_ body: (ShardWorker) -> Void) {
    let worker = lock.withLock { freeWorkers.popLast() } ?? ShardWorker(architecture, steps: maxLength, learns: false)
    body(worker)
    lock.withLock { freeWorkers.append(worker) }
  }
}

extension Communicator {
  /// Gives rank 0's samples to all.
  fileprivate func broadcast(_ data: inout LabelledSequences) {
    if count == 1 { return }
    var (tokens, offsets, labels) = (data.sequences.tokens, data.sequences.offsets, data.labels)
    broadcast(&tokens)
    broadcast(&offsets)
    broadcast(&labels)
    data = LabelledSequences(sequences: TokenSequences(tokens: tokens, offsets: offsets), labels: labels)
  }
}
