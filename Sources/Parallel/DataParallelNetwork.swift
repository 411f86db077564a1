import Corpus
import RecurrentNetwork

/// The network on all threads of all ranks: a batch's gradient from its shards, and evaluation.
///
/// The arithmetic is a matter of the batch (`ShardPlan`, `GradientReducer`); threads and ranks merely take parts of it,
/// so the bits are the same for any number of them.
package final class DataParallelNetwork {
  private let layout: ParameterLayout
  private let maxLength: Int
  private let shardCount: Int
  private let ranks: Ranks
  private let sumsInAnyOrder: Bool
  package let team: WorkerTeam
  private let weights: FoldedWeights
  private let workers: [ShardWorker]
  private let injections: InjectionSlots
  private let assembly: GradientAssembly
  private var freeGradients: [ShardGradient] = []

  /// - Parameters:
  ///   - shardCount: how many shards a large batch has; the order of addition follows from it.
  ///   - communicator: the ranks, which all make the same calls with the same arguments, their threads aside.
  ///   - sumsInAnyOrder: the ranks' gradients are added by `Communicator.sum`, so that the bits depend on the ranks.
  package init(
    _ layout: ParameterLayout, maxLength: Int, threads: Int, shardCount: Int = ShardPlan.shardCount,
    communicator: any Communicator = SingleRank(), sumsInAnyOrder: Bool = false
  ) {
    self.layout = layout
    self.maxLength = maxLength
    self.shardCount = shardCount
    self.sumsInAnyOrder = sumsInAnyOrder
    ranks = Ranks(communicator, layout)
    team = WorkerTeam(count: threads)
    weights = FoldedWeights(layout)
    workers = (0..<threads).map { _ in ShardWorker(layout.architecture, steps: maxLength) }
    injections = InjectionSlots(layout.architecture)
    assembly = GradientAssembly(weights)
  }

  /// Forward, loss and gradient of the mean loss of a batch.
  ///
  /// - Parameters:
  ///   - batch: places in `data`.
  ///   - classWeights: how much the losses of each label count; nil for all alike.
  ///   - dropout: what this step drops; nil for nothing.
  ///   - gradient: overwritten; it must be the one of the call before, or zeros.
  package func gradient(
    of batch: some Collection<Int>, in data: LabelledSequences, classWeights: [Double]? = nil,
    dropout: DropoutDraw? = nil, parameters: Parameters, into gradient: inout Parameters
  ) -> Metrics {
    let outcomes = withSequences(batch, data, classWeights) { sequences, outcomes in
      let plan = prepare(parameters, for: sequences, dropout: dropout, shardCount: shardCount)
      freeGradients.removeAll { !$0.fits(weights) }
      injections.reserve(tiles: plan.tiles.count)
      let own = ranks.share(of: plan.shards.count, rank: ranks.rank)
      // Without a tree across ranks, each has one of its own.
      let firstNumber = sumsInAnyOrder ? own.lowerBound : 0
      let reducer = GradientReducer(
        shardCount: sumsInAnyOrder ? own.count : plan.shards.count, free: freeGradients
      ) { [weights] in ShardGradient(weights) }
      team.perform(own.count) { worker, part in
        let shard = own.lowerBound + part
        let gradient = reducer.buffer()
        gradient.clear(tokenCount: weights.tokens.count)
        workers[worker].addGradient(
          of: plan.shards[shard], in: sequences, weights: weights, to: gradient, injections: injections,
          outcomes: outcomes)
        reducer.add(gradient, shard: shard - firstNumber)
      }
      if !sumsInAnyOrder { reducer.exchange(ranks, tokenCount: weights.tokens.count) }
      let (sum, free) = reducer.finish()
      freeGradients = free
      ranks.gather(
        { plan.shards[ranks.share(of: plan.shards.count, rank: $0)].flatMap(\.self) }, outcomes: outcomes,
        injections: sumsInAnyOrder || weights.padding != .chained ? nil : injections)
      ranks.clear(&gradient)
      if let sum {
        let tiles = sumsInAnyOrder ? plan.shards[own].flatMap(\.self) : plan.tiles
        assembly.begin(sum, parameters: parameters)
        team.perform(assembly.parts(sum)) { _, part in
          assembly.compute(part: part, of: sum, injections: injections, tiles: tiles)
        }
        assembly.finish(sum, sampleCount: sequences.count, parameters: parameters, into: &gradient)
      }
      if ranks.count > 1 { ranks.share(&gradient, tokens: weights.tokens, sums: sumsInAnyOrder) }
    }
    return metrics(of: outcomes, batch, data)
  }

  /// Forward and loss of all of `data`, shared out over the ranks.
  ///
  /// - Parameter progress: told after every thousand samples or so how many are done; false ends it, and the result is
  ///   nil. All ranks must answer alike.
  package func evaluate(
    _ data: LabelledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> Metrics? {
    outcomes(of: data, parameters: parameters, progress: progress).map { metrics(of: $0, 0..<data.count, data) }
  }

  /// What comes out for each sample of `data`, in its order; all of it on rank 0, elsewhere a part.
  ///
  /// - Parameter progress: as for `evaluate`.
  package func outcomes(
    of data: LabelledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Outcome]? {
    var isComplete = true
    let outcomes = withSequences(0..<data.count, data, nil) { sequences, outcomes in
      let plan = prepare(parameters, for: sequences)
      isComplete = plan.forEachBlock(on: team, of: ranks, progress: progress) { worker, tiles in
        workers[worker].evaluate(tiles, in: sequences, weights: weights, outcomes: outcomes)
      }
      if isComplete {
        ranks.gather({ plan.tiles(inBlocksOf: $0, of: ranks) }, outcomes: outcomes)
      }
    }
    return isComplete ? outcomes : nil
  }

  /// Makes what the workers read, and deals the sequences to shards.
  private func prepare(
    _ parameters: Parameters, for sequences: [TokenSequence], dropout: DropoutDraw? = nil,
    shardCount: Int = ShardPlan.shardCount
  ) -> ShardPlan {
    weights.pack(parameters, for: sequences, dropout: dropout)
    let plan = ShardPlan(
      lengths: sequences.map { weights.padding.length($0.count, maxLength: maxLength) }, maxLength: maxLength,
      shardCount: shardCount)
    let chainLength = plan.tiles.last?.start ?? 0
    team.perform(weights.preparationParts) { _, part in
      weights.prepare(part: part, chainLength: chainLength, parameters: parameters)
    }
    return plan
  }

  /// Lends the sequences of some samples to `body`, which fills in their outcomes.
  private func withSequences(
    _ batch: some Collection<Int>, _ data: LabelledSequences, _ classWeights: [Double]?,
    _ body: ([TokenSequence], UnsafeMutablePointer<Outcome>) -> Void
  ) -> [Outcome] {
    var outcomes = [Outcome](repeating: Outcome(), count: batch.count)
    data.sequences.tokens.withUnsafeBufferPointer { tokens in
      let sequences = batch.map { sample in
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

  /// Adds outcomes up in the batch's own order, since sums of floats need one: rank 0's, given to all.
  private func metrics(of outcomes: [Outcome], _ batch: some Collection<Int>, _ data: LabelledSequences) -> Metrics {
    var metrics = Metrics()
    for (outcome, sample) in zip(outcomes, batch) { metrics.add(outcome, label: data.labels[sample]) }
    ranks.communicator.broadcast(&metrics)
    return metrics
  }
}
