import Corpus
import EngineSelection
import Foundation
import RecurrentNetwork

/// A network for inference: its weights are prepared once, for every token, and any number of threads can use it at once.
///
/// An outcome depends on its sequence alone. Each row of a tile goes through the same operations in the same order,
/// whatever is in the other rows, and the padding chain does the same arithmetic as a row. So the bits are the same for a
/// sequence alone, in any batch, on any number of threads, and in `DataParallelNetwork.outcomes`.
// @unchecked: `batch` is written in `init` and then only read; `freeWorkers` is only accessed under the lock, and a worker
// that was taken from it belongs to one thread until it is put back.
package final class InferenceNetwork: @unchecked Sendable {
  private let engine: any Engine
  private let architecture: Architecture
  private let maxLength: Int
  /// [logits].
  private let bias: [Float]
  private let team: WorkerTeam
  /// Prepared for every token of the vocabulary, and padding of any length.
  private let batch: any EngineBatch
  private let lock = NSLock()
  /// By their number of steps.
  private var freeWorkers: [Int: [any EngineWorker]] = [:]

  /// - Parameters:
  ///   - parameters: the weights.
  ///   - maxLength: T, the number of steps.
  ///   - threads: the number of threads that share the work of a call.
  ///   - engine: computes it.
  package init(_ parameters: Parameters, maxLength: Int, threads: Int, engine: any Engine = Engines.current) {
    self.engine = engine
    architecture = parameters.architecture
    bias = Array(parameters[parameters.layout.denseBias])
    self.maxLength = maxLength
    team = WorkerTeam(count: threads)
    batch = engine.makeBatch(parameters.layout)
    let everyToken = (0..<Int32(architecture.vocabularySize)).map { $0 }
    everyToken.withUnsafeBufferPointer { tokens in
      batch.load(
        parameters, for: [TokenSequence(tokens: tokens.baseAddress!, count: tokens.count, label: 0)],
        dropout: nil, samples: nil)
    }
    team.perform(batch.jobs(chainLength: maxLength, learns: false)) { [batch] _, job in batch.perform(job, parameters) }
  }

  /// The outcome of each sequence, in order.
  ///
  /// - Parameters:
  ///   - data: sequences of at most `maxLength` tokens of the network's vocabulary, with the labels for which the losses
  ///     are computed. If there are none, there are no outcomes.
  ///   - communicator: the communicator of rank 0, which sends the data to the other ranks, in `help`, to share the work.
  ///   - progress: called after every 500 sequences or so of each rank, with the number of sequences that are done. If it
  ///     returns false, the call ends, and the result is nil. It must return true if there are other ranks.
  package func outcomes(
    of data: LabeledSequences, on communicator: any Communicator = SingleRank(),
    progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Outcome]? {
    logits(of: data, on: communicator, progress: progress).map { Outcome.outcomes(logits: $0, labels: data.labels) }
  }

  /// The logits of each sequence, in order: [count][logits] in one array.
  ///
  /// The parameters are those of `outcomes`.
  package func logits(
    of data: LabeledSequences, on communicator: any Communicator = SingleRank(),
    progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Float]? {
    if data.count == 0 { return [] }
    var data = data
    communicator.broadcast(&data)
    let logits = logits(of: data, Ranks(communicator, ParameterLayout(architecture)), progress)
    precondition(logits != nil || communicator.count == 1, "the other ranks can't be interrupted")
    return logits
  }

  private func logits(of data: LabeledSequences, _ ranks: Ranks, _ progress: (_ done: Int) -> Bool) -> [Float]? {
    let vocabulary = 0..<Int32(architecture.vocabularySize)
    precondition(data.sequences.tokens.allSatisfy(vocabulary.contains), "a token is outside the vocabulary")
    let lengths = (0..<data.count).map(data.sequences.length)
    if architecture.hiddenSize == 0 { return (0..<data.count).flatMap { _ in bias } }
    let steps = lengths.map { batch.padding.length($0, maxLength: maxLength) }
    precondition(lengths.allSatisfy { $0 <= maxLength }, "sequences must be truncated to maxLength")
    let span = span(of: steps.max() ?? 0)
    let width = architecture.logitCount
    var logits = [Float](repeating: 0, count: data.count * width)
    let isComplete = data.sequences.tokens.withUnsafeBufferPointer { tokens in
      // If all sequences are empty, there is no address, and none is read.
      let base = tokens.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Int32>.alignment)!
      let sequences = lengths.indices.map { index in
        TokenSequence(
          tokens: base + data.sequences.offsets[index], count: lengths[index], label: data.labels[index])
      }
      return logits.withUnsafeMutableBufferPointer { logits in
        // Each block writes the logits of its own sequences.
        nonisolated(unsafe) let logits = logits
        func evaluate(_ tiles: [RowTile]) {
          withWorker(steps: span) { $0.evaluate(tiles, in: sequences, batch: batch, logits: logits.baseAddress!) }
        }
        // Few sequences: the same number of tiles for each thread. Blocks would leave some of them with one more.
        if ranks.count == 1, lengths.count <= 8 * team.count * RowTile.rowsPerBlock {
          let plan = ShardPlan(lengths: steps, maxLength: span, threads: team.count)
          team.perform(plan.shards) { _, tiles in evaluate(tiles) }
          return progress(lengths.count)
        }
        let plan = ShardPlan(lengths: steps, maxLength: span)
        let isComplete = plan.forEachBlock(on: team, of: ranks, progress: progress) { _, tiles in evaluate(tiles) }
        if isComplete, let base = logits.baseAddress {
          ranks.gather({ plan.tiles(inRoundsOf: $0, ranks: ranks.count) }, results: base, width: width)
        }
        return isComplete
      }
    }
    return isComplete ? logits : nil
  }

  // MARK: Other ranks

  /// Shares the work of rank 0's calls, until it calls `dismiss`.
  package func help(_ communicator: any Communicator) {
    let ranks = Ranks(communicator, ParameterLayout(architecture))
    while true {
      var data = LabeledSequences(sequences: TokenSequences([]), labels: [])
      communicator.broadcast(&data)
      if data.count == 0 { return }
      _ = logits(of: data, ranks) { _ in true }
    }
  }

  /// Ends `help` on the other ranks.
  package static func dismiss(_ communicator: any Communicator) {
    var none = LabeledSequences(sequences: TokenSequences([]), labels: [])
    communicator.broadcast(&none)
  }

  /// How many of the last steps workers get room for: all, unless those are many more than the longest sequence takes.
  /// Buffers thus follow the texts, not a length that a file claims.
  private func span(of longest: Int) -> Int {
    var span = 4096
    while span < longest { span *= 2 }
    return min(span, maxLength)
  }

  /// Calls `body` with a worker of its own. There are as many workers as have ever been in use at once.
  private func withWorker(steps: Int, _ body: (any EngineWorker) -> Void) {
    let worker =
      lock.withLock { freeWorkers[steps]?.popLast() }
      ?? engine.makeWorker(
        architecture, steps: steps, earlierPaddings: maxLength - steps, learns: false, predictsWords: false)
    body(worker)
    lock.withLock { freeWorkers[steps, default: []].append(worker) }
  }
}

extension Communicator {
  /// Sends rank 0's samples to all ranks.
  fileprivate func broadcast(_ data: inout LabeledSequences) {
    if count == 1 { return }
    var (tokens, offsets, labels) = (data.sequences.tokens, data.sequences.offsets, data.labels)
    broadcast(&tokens)
    broadcast(&offsets)
    broadcast(&labels)
    data = LabeledSequences(sequences: TokenSequences(tokens: tokens, offsets: offsets), labels: labels)
  }
}
