import Corpus
import RecurrentNetwork

/// The network on all threads: a batch's gradient from its shards, and evaluation.
///
/// The arithmetic is a matter of the batch (`ShardPlan`, `GradientReducer`); threads merely take parts of it, so the
/// bits are the same for any number of them.
package final class DataParallelNetwork {
  private let layout: ParameterLayout
  private let maxLength: Int
  package let team: WorkerTeam
  private let weights: FoldedWeights
  private let workers: [ShardWorker]
  private let injections: InjectionSlots
  private let assembly: GradientAssembly
  private var freeGradients: [ShardGradient] = []

  package init(_ layout: ParameterLayout, maxLength: Int, threads: Int) {
    self.layout = layout
    self.maxLength = maxLength
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
  ///   - classWeights: how much the losses of label 0 and of label 1 count.
  ///   - gradient: overwritten; it must be the one of the call before, or zeros.
  package func gradient(
    of batch: some Collection<Int>, in data: LabelledSequences, classWeights: [Double] = [1, 1],
    parameters: Parameters, into gradient: inout Parameters
  ) -> Metrics {
    let outcomes = withSequences(batch, data, classWeights) { sequences, outcomes in
      let plan = ShardPlan(lengths: sequences.map(\.count), maxLength: maxLength)
      prepare(parameters, for: sequences, plan)
      injections.reserve(tiles: plan.tiles.count)
      let reducer = GradientReducer(shardCount: plan.shards.count, free: freeGradients) {
        [weights] in ShardGradient(weights)
      }
      team.perform(plan.shards.count) { worker, shard in
        let gradient = reducer.buffer()
        gradient.clear(tokenCount: weights.tokens.count)
        workers[worker].addGradient(
          of: plan.shards[shard], in: sequences, weights: weights, to: gradient, injections: injections,
          outcomes: outcomes)
        reducer.add(gradient, shard: shard)
      }
      let (sum, free) = reducer.finish()
      freeGradients = free
      assembly.begin(sum, parameters: parameters)
      team.perform(assembly.parts(sum)) { _, part in
        assembly.compute(part: part, of: sum, injections: injections, tiles: plan.tiles)
      }
      assembly.finish(sum, sampleCount: sequences.count, parameters: parameters, into: &gradient)
    }
    return metrics(of: outcomes, batch, data)
  }

  /// Forward and loss of all of `data`.
  ///
  /// - Parameter progress: told after every thousand samples or so how many are done; false ends it, and the result is
  ///   nil.
  package func evaluate(
    _ data: LabelledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> Metrics? {
    outcomes(of: data, parameters: parameters, progress: progress).map { metrics(of: $0, 0..<data.count, data) }
  }

  /// What comes out for each sample of `data`, in its order.
  ///
  /// - Parameter progress: as for `evaluate`.
  package func outcomes(
    of data: LabelledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Outcome]? {
    var isComplete = true
    let outcomes = withSequences(0..<data.count, data, [1, 1]) { sequences, outcomes in
      let plan = ShardPlan(lengths: sequences.map(\.count), maxLength: maxLength)
      prepare(parameters, for: sequences, plan)
      isComplete = plan.forEachBlock(on: team, progress: progress) { worker, tiles in
        workers[worker].evaluate(tiles, in: sequences, weights: weights, outcomes: outcomes)
      }
    }
    return isComplete ? outcomes : nil
  }

  private func prepare(_ parameters: Parameters, for sequences: [TokenSequence], _ plan: ShardPlan) {
    weights.pack(parameters, for: sequences)
    let chainLength = plan.tiles.last?.start ?? 0
    team.perform(weights.preparationParts) { _, part in
      weights.prepare(part: part, chainLength: chainLength, parameters: parameters)
    }
  }

  /// Lends the sequences of some samples to `body`, which fills in their outcomes.
  private func withSequences(
    _ batch: some Collection<Int>, _ data: LabelledSequences, _ classWeights: [Double],
    _ body: ([TokenSequence], UnsafeMutablePointer<Outcome>) -> Void
  ) -> [Outcome] {
    var outcomes = [Outcome](repeating: Outcome(), count: batch.count)
    data.sequences.tokens.withUnsafeBufferPointer { tokens in
      let sequences = batch.map { sample in
        let range = data.sequences.offsets[sample]..<data.sequences.offsets[sample + 1]
        precondition(range.count <= maxLength, "sequences must be cut to maxLength")
        return TokenSequence(
          tokens: tokens.baseAddress! + range.lowerBound, count: range.count, label: Float(data.labels[sample]),
          weight: Float(classWeights[data.labels[sample] == 0 ? 0 : 1]))
      }
      outcomes.withUnsafeMutableBufferPointer { body(sequences, $0.baseAddress!) }
    }
    return outcomes
  }

  /// Adds outcomes up in the batch's own order, since sums of floats need one.
  private func metrics(of outcomes: [Outcome], _ batch: some Collection<Int>, _ data: LabelledSequences) -> Metrics {
    var metrics = Metrics()
    for (outcome, sample) in zip(outcomes, batch) { metrics.add(outcome, label: data.labels[sample]) }
    return metrics
  }
}
