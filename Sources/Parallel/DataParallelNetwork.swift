import Corpus
import EngineSelection
import RecurrentNetwork

/// A network that runs on all threads of all ranks: it computes the gradient of a batch from its shards, and evaluates.
///
/// The arithmetic depends on the batch alone (`ShardPlan`, `GradientReducer`). Threads and ranks only share out its jobs,
/// so the bits are the same for any number of them.
package final class DataParallelNetwork {
  private let maxLength: Int
  private let shardCount: Int
  private let ranks: Ranks
  private let sumsInAnyOrder: Bool
  private let tokensAtOnce: Int?
  package let team: WorkerTeam
  private let batch: any EngineBatch
  private let workers: [any EngineWorker]
  private let injections: any EngineInjections
  private let assembly: any EngineAssembly
  private let rowMemory = SharedRowMemory()
  private var freeGradients: [any EngineGradient] = []
  private var gradient: BatchGradient

  /// - Parameters:
  ///   - layout: the network's parameters.
  ///   - maxLength: T, the number of steps.
  ///   - threads: the number of threads that share this rank's work.
  ///   - shardCount: the number of shards in a large batch, which determines the order of additions.
  ///   - communicator: the ranks, which all make the same calls with the same arguments, except for `threads`.
  ///   - sumsInAnyOrder: whether `Communicator.sum` adds the ranks' gradients; the bits then depend on the number of ranks.
  ///   - tokensAtOnce: the most distinct tokens for which an evaluation holds rows, unless a single sequence has more;
  ///     nil for as many as suit the network's size.
  ///   - engine: computes it.
  package init(
    _ layout: ParameterLayout, maxLength: Int, threads: Int, shardCount: Int = ShardPlan.shardCount,
    communicator: any Communicator = SingleRank(), sumsInAnyOrder: Bool = false, tokensAtOnce: Int? = nil,
    engine: any Engine = Engines.current
  ) {
    self.maxLength = maxLength
    self.shardCount = shardCount
    self.sumsInAnyOrder = sumsInAnyOrder
    self.tokensAtOnce = tokensAtOnce
    ranks = Ranks(communicator, layout)
    team = WorkerTeam(count: threads)
    batch = engine.makeBatch(layout)
    workers = (0..<threads).map { _ in
      engine.makeWorker(
        layout.architecture, steps: maxLength, earlierPaddings: 0, learns: true, predictsWords: !layout.words.isEmpty)
    }
    injections = batch.makeInjections()
    assembly = batch.makeAssembly()
    gradient = BatchGradient(layout)
  }

  /// Computes the predictions and the loss for a batch, and the gradient of its mean loss.
  ///
  /// - Parameters:
  ///   - samples: the indices of the batch's sequences in `data`.
  ///   - data: the samples, truncated to `maxLength`.
  ///   - classWeights: a factor for the losses of each label; nil for 1.
  ///   - dropout: what this step drops; nil for nothing.
  ///   - parameters: the weights.
  /// - Returns: the batch's metrics, and its gradient in the network's own memory. If the caller still holds the gradient
  ///   at the next call, that call copies it.
  package func gradient(
    of samples: some Collection<Int>, in data: LabeledSequences, classWeights: [Double]? = nil,
    dropout: DropoutDraw? = nil, parameters: Parameters
  ) -> (metrics: Metrics, gradient: Parameters) {
    var outcomes = [Outcome](repeating: Outcome(), count: samples.count)
    withSequences(samples, data, classWeights) { sequences in
      outcomes.withUnsafeMutableBufferPointer { addGradient(of: sequences, dropout, parameters, $0.baseAddress!) }
    }
    return (metrics(of: outcomes, samples, data), gradient.parameters)
  }

  /// Predicts each word of a batch from those before it, and from those after it where the network reads backward, too;
  /// computes the mean loss over these words, and its gradient. The network's layout has to predict words.
  ///
  /// - Parameters:
  ///   - texts: the indices of the batch's sequences in `data`.
  ///   - data: the texts, truncated to `maxLength`; their labels play no part.
  ///   - words: what the right words are to be told from.
  ///   - dropout: what this step drops; nil for nothing.
  ///   - parameters: the weights.
  /// - Returns: the sum of the losses, how many words were predicted, and the gradient, as `gradient` does.
  package func wordGradient(
    of texts: some Collection<Int>, in data: LabeledSequences, words: WordSamples, dropout: DropoutDraw? = nil,
    parameters: Parameters
  ) -> (loss: Double, count: Int, gradient: Parameters) {
    let isBidirectional = parameters.architecture.isBidirectional
    var count = 0
    for text in texts {
      let tokens = data.sequences[text]
      func predicted(_ tokens: some Collection<Int32>) -> Int {
        tokens.count { words.corrections[Int($0)] > -.infinity }
      }
      count += predicted(tokens.dropFirst()) + (isBidirectional ? predicted(tokens.dropLast()) : 0)
    }
    var outcomes = [Outcome](repeating: Outcome(), count: texts.count)
    // The mean over the texts that `addGradient` takes is then that over the words.
    let weight = Float(texts.count) / Float(max(count, 1))
    withSequences(texts, data, nil) { sequences in
      let weighted = sequences.map { TokenSequence(tokens: $0.tokens, count: $0.count, label: 0, weight: weight) }
      outcomes.withUnsafeMutableBufferPointer {
        addGradient(of: weighted, dropout, parameters, words: words, $0.baseAddress!)
      }
    }
    var loss = outcomes.reduce(0) { $0 + $1.loss } / Double(weight)
    ranks.communicator.broadcast(&loss)
    return (loss, count, gradient.parameters)
  }

  /// Computes the outcomes of a batch, and leaves its gradient in `gradient`.
  private func addGradient(
    of sequences: [TokenSequence], _ dropout: DropoutDraw?, _ parameters: Parameters, words: WordSamples? = nil,
    _ outcomes: UnsafeMutablePointer<Outcome>
  ) {
    let plan = prepare(
      parameters, for: sequences, dropout: dropout, words: words, shardCount: shardCount, learns: true)
    let own = ranks.share(of: plan.shards.count, rank: ranks.rank)
    let sum = addShards(own, of: plan, sequences, outcomes)
    ranks.gather(
      { plan.shards[ranks.share(of: plan.shards.count, rank: $0)].flatMap(\.self) }, results: outcomes,
      injections: sumsInAnyOrder || batch.padding != .chained ? nil : injections)
    gradient.clear(for: batch.tokens, others: sum == nil)
    if let sum {
      let tiles = sumsInAnyOrder ? plan.shards[own].flatMap(\.self) : plan.tiles
      team.perform(assembly.jobs(of: sum, parameters: parameters)) { _, job in
        assembly.perform(job, of: sum, injections: injections, tiles: tiles)
      }
      assembly.write(sum, sampleCount: sequences.count, parameters: parameters, to: &gradient)
    }
    if ranks.count > 1 { ranks.share(&gradient.parameters, tokens: batch.tokens, sums: sumsInAnyOrder) }
  }

  /// Runs this rank's shards through the network.
  ///
  /// - Returns: on rank 0 the sum over all ranks' shards, and nil on the others. With `sumsInAnyOrder`, the sum over the
  ///   rank's own shards, or nil if it has none.
  private func addShards(
    _ own: Range<Int>, of plan: ShardPlan, _ sequences: [TokenSequence], _ outcomes: UnsafeMutablePointer<Outcome>
  ) -> (any EngineGradient)? {
    freeGradients.removeAll { !$0.fits(batch) }
    injections.reserve(tiles: plan.tiles.count)
    // If there is no tree across the ranks, each rank has its own.
    let firstShard = sumsInAnyOrder ? own.lowerBound : 0
    let reducer = GradientReducer(
      shardCount: sumsInAnyOrder ? own.count : plan.shards.count, free: freeGradients
    ) { [batch, rowMemory] in batch.makeGradient(memory: rowMemory) }
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

  /// Computes loss and accuracy for all of `data`; the ranks share the work.
  ///
  /// - Parameters:
  ///   - data: the samples, truncated to `maxLength`.
  ///   - parameters: the weights.
  ///   - progress: called after every 500 samples or so of each rank, with the number of samples that are done. If it
  ///     returns false, the evaluation ends, and the result is nil. It must return the same on all ranks.
  package func evaluate(
    _ data: LabeledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> Metrics? {
    outcomes(of: data, parameters: parameters, progress: progress).map { metrics(of: $0, 0..<data.count, data) }
  }

  /// The outcome of each sample, in the order of `data`. Rank 0 has all of them; on the other ranks, those of other ranks
  /// are blank.
  ///
  /// The parameters are those of `evaluate`.
  package func outcomes(
    of data: LabeledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Outcome]? {
    logits(of: data, parameters: parameters, progress: progress).map {
      Outcome.outcomes(logits: $0, labels: data.labels)
    }
  }

  /// The logits of each sample, [count][logits] in one array. Rank 0 has all of them; on the other ranks, those of other
  /// ranks are 0.
  ///
  /// The parameters are those of `evaluate`.
  package func logits(
    of data: LabeledSequences, parameters: Parameters, progress: (_ done: Int) -> Bool = { _ in true }
  ) -> [Float]? {
    if parameters.architecture.hiddenSize == 0 {
      return (0..<data.count).flatMap { _ in parameters[parameters.layout.denseBias] }
    }
    var isComplete = true
    let width = parameters.architecture.logitCount
    var logits = [Float](repeating: 0, count: data.count * width)
    logits.withUnsafeMutableBufferPointer { logits in
      guard let logits = logits.baseAddress else { return }
      // Each block writes the logits of its own sequences.
      for part in parts(of: data.sequences, parameters.architecture) where isComplete {
        nonisolated(unsafe) let pointer = logits + part.lowerBound * width
        withSequences(part, data, nil) { sequences in
          let plan = prepare(parameters, for: sequences, learns: false)
          isComplete = plan.forEachBlock(on: team, of: ranks, progress: { progress(part.lowerBound + $0) }) {
            worker, tiles in
            workers[worker].evaluate(tiles, in: sequences, batch: batch, logits: pointer)
          }
          if isComplete {
            ranks.gather({ plan.tiles(inRoundsOf: $0, ranks: ranks.count) }, results: pointer, width: width)
          }
        }
      }
    }
    return isComplete ? logits : nil
  }

  /// Sequences in parts that have few enough distinct tokens for the table of their rows, which grows with a large
  /// vocabulary's words otherwise.
  private func parts(of sequences: TokenSequences, _ architecture: Architecture) -> [Range<Int>] {
    let rowSize = architecture.embeddingSize + architecture.directionCount * 4 * architecture.hiddenSize
    let limit = tokensAtOnce ?? max(Self.tableSize / rowSize, Self.fewestTokens)
    if architecture.vocabularySize <= limit { return [0..<sequences.count] }
    var parts: [Range<Int>] = []
    // The number of the part in which each token was last met.
    var lastParts = [Int](repeating: -1, count: architecture.vocabularySize)
    var (start, count) = (0, 0)
    func add(_ sequence: Int) {
      for token in sequences[sequence] where lastParts[Int(token)] != parts.count {
        lastParts[Int(token)] = parts.count
        count += 1
      }
    }
    for sequence in 0..<sequences.count {
      add(sequence)
      if count > limit, sequence > start {
        parts.append(start..<sequence)
        (start, count) = (sequence, 0)
        add(sequence)
      }
    }
    return parts + [start..<sequences.count]
  }

  /// In numbers: 32 MB. A batch of a thousand reviews needs about as much.
  private static let tableSize = 1 << 23
  /// So that a part of the texts fills all threads' tiles.
  private static let fewestTokens = 1 << 13

  /// Prepares what the workers read, and divides the sequences into shards.
  private func prepare(
    _ parameters: Parameters, for sequences: [TokenSequence], dropout: DropoutDraw? = nil, words: WordSamples? = nil,
    shardCount: Int = ShardPlan.shardCount, learns: Bool
  ) -> ShardPlan {
    batch.load(parameters, for: sequences, dropout: dropout, samples: words)
    let lengths = sequences.map { batch.padding.length($0.count, maxLength: maxLength) }
    let plan = ShardPlan(lengths: lengths, maxLength: maxLength, shardCount: shardCount)
    // In training a tile's rows enter together, with the longest, which is the first; otherwise each by itself.
    let longestPadding = learns ? plan.tiles.last?.start : lengths.min().map { maxLength - $0 }
    team.perform(batch.jobs(chainLength: longestPadding ?? 0, learns: learns)) { _, job in
      batch.perform(job, parameters)
    }
    return plan
  }

  /// Calls `body` with the sequences of some samples.
  private func withSequences(
    _ samples: some Collection<Int>, _ data: LabeledSequences, _ classWeights: [Double]?,
    _ body: ([TokenSequence]) -> Void
  ) {
    data.sequences.tokens.withUnsafeBufferPointer { tokens in
      let sequences = samples.map { sample in
        let range = data.sequences.offsets[sample]..<data.sequences.offsets[sample + 1]
        precondition(range.count <= maxLength, "sequences must be truncated to maxLength")
        return TokenSequence(
          tokens: tokens.baseAddress! + range.lowerBound, count: range.count, label: data.labels[sample],
          weight: Float(classWeights?[Int(data.labels[sample])] ?? 1))
      }
      body(sequences)
    }
  }

  /// Adds outcomes up in the order of the batch, on which the bits of the sums depend. All ranks get rank 0's sums.
  package func metrics(of outcomes: [Outcome], _ samples: some Collection<Int>, _ data: LabeledSequences) -> Metrics {
    var metrics = Metrics()
    for (outcome, sample) in zip(outcomes, samples) { metrics.add(outcome, label: data.labels[sample]) }
    ranks.communicator.broadcast(&metrics)
    return metrics
  }
}
