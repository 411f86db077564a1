import Corpus
import RecurrentNetwork

/// The network on all threads of all ranks: a batch's gradient from its shards, and evaluation.
///
/// The arithmetic follows from the batch alone (`ShardPlan`, `GradientReducer`). Threads and ranks merely take jobs of
/// it, so the bits are the same for any number of them.
package final class DataParallelNetwork {
  private let maxLength: Int
  private let shardCount: Int
  private let ranks: Ranks
  private let sumsInAnyOrder: Bool
  package let team: WorkerTeam
  private let batch: PreparedBatch
  private let workers: [ShardWorker]
  private let injections: ChainInjections
  private let assembly: GradientAssembly
  private var freeGradients: [ShardGradient] = []
  private var gradient: BatchGradient

  /// - Parameters:
  ///   - shardCount: how many shards a large batch has; the order of addition follows from it.
  ///   - communicator: the ranks, which all make the same calls with the same arguments, except for `threads`.
  ///   - sumsInAnyOrder: the ranks' gradients are added by `Communicator.sum`, so the bits depend on the ranks.
  package init(
    _ layout: ParameterLayout, maxLength: Int, threads: Int, shardCount: Int = ShardPlan.shardCount,
    communicator: any Communicator = SingleRank(), sumsInAnyOrder: Bool = false
  ) {
    self.maxLength = maxLength
    self.shardCount = shardCount
    self.sumsInAnyOrder = sumsInAnyOrder
    ranks = Ranks(communicator, layout)
    team = WorkerTeam(count: threads)
    batch = PreparedBatch(layout)
    workers = (0..<threads).map { _ in ShardWorker(layout.architecture, steps: maxLength) }
    injections = ChainInjections(layout.architecture)
    assembly = GradientAssembly(batch)
    gradient = BatchGradient(layout)
  }

  /// Forward, loss and gradient of the mean loss of a batch.
  ///
  /// - Parameters:
  ///   - samples: indices of the batch's sequences in `data`.
  ///   - classWeights: a factor for the losses of each label; nil for 1.
  ///   - dropout: what this step drops; nil for nothing.
  /// - Returns: the batch's metrics, and its gradient in the network's own memory: to keep it beyond the next call makes
  ///   that call copy it.
  package func gradient(
    of samples: some Collection<Int>, in data: LabeledSequences, classWeights: [Double]? = nil,
    dropout: DropoutDraw? = nil, parameters: Parameters
  ) -> (metrics: Metrics, gradient: Parameters) {
    let outcomes = withSequences(samples, data, classWeights) { sequences, outcomes in
      let plan = prepare(parameters, for: sequences, dropout: dropout, shardCount: shardCount)
      let own = ranks.share(of: plan.shards.count, rank: ranks.rank)
      let sum = addShards(own, of: plan, sequences, outcomes)
      ranks.gather(
        { plan.shards[ranks.share(of: plan.shards.count, rank: $0)].flatMap(\.self) }, outcomes: outcomes,
        injections: sumsInAnyOrder || batch.padding != .chained ? nil : injections)
      gradient.clear(for: batch.tokens.tokens)
      if let sum {
        let tiles = sumsInAnyOrder ? plan.shards[own].flatMap(\.self) : plan.tiles
        team.perform(assembly.jobs(of: sum, parameters: parameters)) { _, job in
          assembly.perform(job, of: sum, injections: injections, tiles: tiles)
        }
        assembly.write(sum, sampleCount: sequences.count, parameters: parameters, to: &gradient)
      }
      if ranks.count > 1 { ranks.share(&gradient.parameters, tokens: batch.tokens.tokens, sums: sumsInAnyOrder) }
    }
    return (metrics(of: outcomes, samples, data), gradient.parameters)
  }

  /// Takes this rank's shards through the network.
  ///
  /// - Returns: the sum over all ranks' shards on rank 0, and nil elsewhere; with `sumsInAnyOrder` that over its own, nil
  ///   where it has none.
  private func addShards(
    _ own: Range<Int>, of plan: ShardPlan, _ sequences: [TokenSequence], _ outcomes: UnsafeMutablePointer<Outcome>
  ) -> ShardGradient? {
    freeGradients.removeAll { !$0.fits(batch) }
    injections.reserve(tiles: plan.tiles.count)
    // Without a tree across ranks, each has one of its own.
    let firstShard = sumsInAnyOrder ? own.lowerBound : 0
    let reducer = GradientReducer(
      shardCount: sumsInAnyOrder ? own.count : plan.shards.count, free: freeGradients
    ) { [batch] in ShardGradient(batch) }
    team.perform(Array(own)) { worker, shard in
      let gradient = reducer.buffer()
      gradient.clear(tokenCount: batch.tokens.count)
      workers[worker].addGradient(
        of: plan.shards[shard], in: sequences, batch: batch, to: gradient, injections: injections,
        outcomes: outcomes)
      reducer.add(gradient, shard: shard - firstShard)
    }
    if !sumsInAnyOrder { reducer.exchange(ranks, tokenCount: batch.tokens.count) }
    let (sum, free) = reducer.takeSum()
    freeGradients = free
    return sum
  }

  /// Forward and loss of all of `data`, shared out over the ranks.
  ///
  /// - Parameter progress: called after every 500 samples or so of each rank with how many are done; false ends it, and
  ///   the result is nil. All ranks must answer alike.
  package func evaluate(
    _ data: LabeledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> Metrics? {
    outcomes(of: data, parameters: parameters, progress: progress).map { metrics(of: $0, 0..<data.count, data) }
  }

  /// The outcome of each sample of `data`, in its order: all on rank 0, elsewhere that rank's share, the rest being blank.
  ///
  /// - Parameter progress: as for `evaluate`.
  package func outcomes(
    of data: LabeledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Outcome]? {
    var isComplete = true
    let outcomes = withSequences(0..<data.count, data, nil) { sequences, outcomes in
      let plan = prepare(parameters, for: sequences)
      isComplete = plan.forEachBlock(on: team, of: ranks, progress: progress) { worker, tiles in
        workers[worker].evaluate(tiles, in: sequences, batch: batch, outcomes: outcomes)
      }
      if isComplete {
        ranks.gather({ plan.tiles(inRoundsOf: $0, ranks: ranks.count) }, outcomes: outcomes)
      }
    }
    return isComplete ? outcomes : nil
  }

  /// Makes what the workers read, and deals the sequences to shards.
  private func prepare(
    _ parameters: Parameters, for sequences: [TokenSequence], dropout: DropoutDraw? = nil,
    shardCount: Int = ShardPlan.shardCount
  ) -> ShardPlan {
    batch.load(parameters, for: sequences, dropout: dropout)
    let plan = ShardPlan(
      lengths: sequences.map { batch.padding.length($0.count, maxLength: maxLength) }, maxLength: maxLength,
      shardCount: shardCount)
    team.perform(batch.jobs(chainLength: plan.tiles.last?.start ?? 0)) { _, job in batch.perform(job, parameters) }
    return plan
  }

  /// Lends the sequences of some samples to `body`, which writes their outcomes.
  private func withSequences(
    _ samples: some Collection<Int>, _ data: LabeledSequences, _ classWeights: [Double]?,
    _ body: ([TokenSequence], UnsafeMutablePointer<Outcome>) -> Void
  ) -> [Outcome] {
    var outcomes = [Outcome](repeating: Outcome(), count: samples.count)
    data.sequences.tokens.withUnsafeBufferPointer { tokens in
      let sequences = samples.map { sample in
        let range = data.sequences.offsets[sample]..<data.sequences.offsets[sample + 1]
        precondition(range.count <= maxLength, "sequences must be cut to maxLength")
        return TokenSequence(
          tokens: tokens.baseAddress! + range.lowerBound, count: range.count, label: data.labels[sample],
          weight: Float(classWeights?[Int(data.labels[sample])] ?? 1))
      }
      outcomes.withUnsafeMutableBufferPointer { body(sequences, $0.baseAddress!) }
    }
    return outcomes
  }

  /// Adds outcomes up in the batch's own order, since sums of floats need one: rank 0's sums, given to all.
  private func metrics(of outcomes: [Outcome], _ samples: some Collection<Int>, _ data: LabeledSequences) -> Metrics {
    var metrics = Metrics()
    for (outcome, sample) in zip(outcomes, samples) { metrics.add(outcome, label: data.labels[sample]) }
    ranks.communicator.broadcast(&metrics)
    return metrics
  }
}
