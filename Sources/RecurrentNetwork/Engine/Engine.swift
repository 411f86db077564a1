/// Computes networks fast, with some processors' instructions (legend: Kernels.md).
///
/// The module Kernels, which implements it, is built once for each level of instructions, and `Engines` chooses the one
/// for the processor at hand. The calls through these protocols are few: each is about a batch, a shard or a block.
package protocol Engine: Sendable {
  /// The instructions, by the name that `LSTM_PROCESSOR` has for them.
  var name: String { get }
  /// Whether multiply-adds are fused. All engines that fuse them give the same bits; without, there are others.
  var isFused: Bool { get }
  /// Floating-point operations of a round of `multiplyAddsInRegisters`.
  var flopPerRoundInRegisters: Int { get }

  /// Makes what the shards of a batch share.
  func makeBatch(_ layout: ParameterLayout) -> any EngineBatch
  /// Makes one thread's buffers, for sequences of `steps` steps.
  ///
  /// - Parameters:
  ///   - steps: T; to `evaluate` short sequences of many, their last steps are enough.
  ///   - earlierPaddings: the number of steps before those, in which there is nothing but padding.
  ///   - learns: whether it has the memory for gradients; without, it can only `evaluate`.
  ///   - predictsWords: whether what it learns from is the next words, and not labels.
  func makeWorker(
    _ architecture: Architecture, steps: Int, earlierPaddings: Int, learns: Bool, predictsWords: Bool
  ) -> any EngineWorker
  /// Adam's arithmetic, on memory that somebody else holds.
  func adam(_ moments: AdamMemory) -> any AdamArithmetic
  /// Nothing but independent multiply-adds, as many at once as a register tile has: the processor's peak, to compare with.
  func multiplyAddsInRegisters(rounds: Int) -> Float
}

extension Engine {
  package func makeWorker(_ architecture: Architecture, steps: Int) -> any EngineWorker {
    makeWorker(architecture, steps: steps, earlierPaddings: 0, learns: true, predictsWords: false)
  }
}

/// What all shards of a batch share, in memory that is used again for the next batch.
///
/// The buffers that go with it are made by it, and work with batches of the same engine alone.
package protocol EngineBatch: AnyObject {
  /// The distinct tokens of the batch; padding, token 0, is the first.
  var tokens: [Int32] { get }
  var padding: PaddingTreatment { get }

  /// Packs the weights, and finds the distinct tokens of the sequences, and of the samples.
  ///
  /// - Parameter samples: what the network is to tell words from; nil unless its layout predicts words.
  func load(
    _ parameters: Parameters, for sequences: [TokenSequence], dropout: DropoutDraw?, samples: WordSamples?)
  /// The jobs that `load` leaves, the longest first. They may run at the same time.
  ///
  /// - Parameters:
  ///   - chainLength: the longest padding with which a tile enters, or any sequence where nothing is learned.
  ///   - learns: whether gradients will be computed.
  func jobs(chainLength: Int, learns: Bool) -> [PreparationJob]
  func perform(_ job: PreparationJob, _ parameters: Parameters)

  /// Makes a buffer for the sums of a batch, and of others with the same network and kinds of dropout.
  ///
  /// - Parameter memory: lends it the rows of tokens.
  func makeGradient(memory: any RowMemory) -> any EngineGradient
  func makeInjections() -> any EngineInjections
  func makeAssembly() -> any EngineAssembly
}

/// A piece of a batch's preparation.
package enum PreparationJob: Sendable {
  /// All layers' padding chains, up to a number of paddings; with what gradients need, or the states alone.
  case chains(length: Int, learns: Bool = true)
  /// The input rows of the tokens with these slots.
  case tokenInputs(slots: Range<Int>)
  /// The copies of a layer's weights that only the backward pass reads.
  case transposedWeights(layer: Int, direction: Int)
}

/// Takes a shard through the network, forward, loss and backward, with one thread's buffers.
package protocol EngineWorker: AnyObject {
  /// Forward, loss and backward of a shard.
  ///
  /// - Parameters:
  ///   - tiles: the shard's tiles, in order of their start.
  ///   - sequences: those of the batch.
  ///   - batch: what the shards share, all its jobs done.
  ///   - gradient: gets the sums over the shard added.
  ///   - injections: gets what the shard's tiles send back along the padding chains.
  ///   - outcomes: by sequence of the batch; the shard writes those of its sequences.
  func addGradient(
    of tiles: [RowTile], in sequences: [TokenSequence], batch: any EngineBatch, to gradient: any EngineGradient,
    injections: any EngineInjections, outcomes: UnsafeMutablePointer<Outcome>)
  /// Takes some tiles forward, in order of their start.
  ///
  /// - Parameter logits: by sequence of the batch, [logits] each; those of the tiles' sequences are written.
  func evaluate(
    _ tiles: [RowTile], in sequences: [TokenSequence], batch: any EngineBatch, logits: UnsafeMutablePointer<Float>)
}

/// The sums that a shard's backward pass leaves, and their additions: not yet a gradient.
package protocol EngineGradient: AnyObject {
  /// The slot of each token that has a row of sums, in the order of the rows.
  var slots: [Int32] { get }
  /// d output bias of the first logit.
  var denseBias: Float { get set }

  /// Whether it can take the sums of a batch.
  func fits(_ batch: any EngineBatch) -> Bool
  /// Sets everything to zero, with room for a batch of that many distinct tokens.
  func clear(tokenCount: Int)
  /// Adds the sums of the shards that follow this one's, and gives their rows' memory back.
  func add(_ other: any EngineGradient)
  /// Bytes of a message with so many rows.
  func messageSize(rows: Int) -> Int
  /// Writes the sums as a message, of `messageSize` bytes.
  func write(to message: UnsafeMutableRawBufferPointer)
  /// Adds the sums of a message of the same engine, as `add` does those of another.
  func add(message: UnsafeRawBufferPointer)
}

/// Lends memory to the sums of a batch, on any thread. A shard has far fewer of its tokens' rows than the batch has, and
/// few shards have theirs at the same time.
package protocol RowMemory: AnyObject, Sendable {
  /// So many floats, on a cache line's boundary, with arbitrary contents.
  func take(_ count: Int) -> UnsafeMutablePointer<Float>
  /// Takes back what `take` has lent.
  func give(_ piece: UnsafeMutablePointer<Float>, _ count: Int)
}

/// What each tile of a batch sends back along the padding chains: (dh, dc) of each layer.
package protocol EngineInjections: AnyObject {
  /// Makes room for a batch's tiles.
  func reserve(tiles: Int)
  /// (dh, dc) of a tile in all layers.
  subscript(tile: RowTile) -> UnsafeMutableBufferPointer<Float> { get }
}

/// Makes a batch's gradient from the sum over its shards.
package protocol EngineAssembly: AnyObject {
  /// Gathers what the jobs of a sum need, and lists them, the longest first.
  func jobs(of sum: any EngineGradient, parameters: Parameters) -> [AssemblyJob]
  /// - Parameters:
  ///   - injections: what the tiles send along the padding chains.
  ///   - tiles: those that the sum is over.
  func perform(
    _ job: AssemblyJob, of sum: any EngineGradient, injections: any EngineInjections, tiles: [RowTile])
  /// Writes the mean over `sampleCount` samples, once all jobs are done.
  ///
  /// - Parameter gradient: its rows by token cleared before; those of the batch's tokens are written, and all that is not by
  ///   token.
  func write(
    _ sum: any EngineGradient, sampleCount: Int, parameters: Parameters, to gradient: inout BatchGradient)
}

/// The products that a gradient needs, in pieces that may run at the same time.
package enum AssemblyJob: Sendable {
  /// The backward pass along the padding chains.
  case chains
  /// Some rows of dE.
  case embedding(rows: Range<Int>)
  /// One panel of the first layer's dW and db.
  case kernel(direction: Int, panel: Int)
}
