import Corpus
import Fixtures
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Testing
import Training

/// Runs that ranks share: the same as of one process, to the bit.
@Suite struct RanksTests {
  /// A batch of this has 32 shards, or fewer at the epoch's end.
  static let configuration: TrainingConfiguration = {
    var configuration = smallConfiguration
    configuration.batchSize = 150
    configuration.clipping = .globalNorm(limit: 0.5)
    configuration.earlyStopping = EarlyStopping()
    configuration.earlyStopping?.restoresBestWeights = true
    return configuration
  }()

  static func run(
    _ communicator: any Communicator = SingleRank(), threads: Int = 1, sumsInAnyOrder: Bool = false,
    state: TrainingState? = nil, shards: Int? = nil, layerCount: Int = 1, embeddingSize: Int? = nil,
    denseLayers: [Architecture.DenseLayer] = [],
    callbacks: [any TrainingCallback] = [],
    report: (TrainingEvent, Trainer) -> TrainingAnswer = { _, _ in .goOn }
  ) throws -> TrainingState {
    var configuration = Self.configuration
    configuration.shards = shards
    (configuration.layerCount, configuration.denseLayers) = (layerCount, denseLayers)
    if let embeddingSize { configuration.embeddingSize = embeddingSize }
    let trainer = try Trainer(
      configuration, state: state, training: smallReviews(310, seed: 1), validation: smallReviews(700, seed: 2),
      threads: threads, callbacks: callbacks, communicator: communicator, sumsInAnyOrder: sumsInAnyOrder)
    _ = try trainer.run { report($0, trainer) }
    return trainer.state
  }

  static func expectSame(_ state: TrainingState, _ other: TrainingState, _ place: Comment? = nil) {
    #expect(state.parameters == other.parameters, place)
    #expect(state.adam == other.adam, place)
    #expect(state.steps == other.steps, place)
    #expect(state.epochs.map(\.training) == other.epochs.map(\.training), place)
    #expect(state.epochs.map(\.validation) == other.epochs.map(\.validation), place)
    #expect(state.callbacks == other.callbacks, place)
    #expect(state.isFinished && other.isFinished, place)
  }

  /// Some of these have more ranks than a batch has shards, or subtrees that lie across three ranks.
  @Test(arguments: [1, 2, 3, 4, 5, 7, 33], [nil, 5, 64])
  func ranksDoNotChangeABit(count: Int, shards: Int?) throws {
    let alone = try Self.run(shards: shards)
    let results = ThreadRank.run(count) { try Self.run($0, threads: 1 + $0.rank % 2, shards: shards) }
    for (rank, result) in results.enumerated() { Self.expectSame(try result.get(), alone, "rank \(rank)") }
  }

  /// Of two layers both padding chains get what the ranks' tiles send.
  @Test(arguments: [(2, nil), (1, 0), (2, 0)] as [(Int, Int?)])
  func ranksDoNotChangeABitOfOtherNetworks(layerCount: Int, embeddingSize: Int?) throws {
    @Sendable func run(_ communicator: any Communicator = SingleRank()) throws -> TrainingState {
      try Self.run(
        communicator, layerCount: layerCount, embeddingSize: embeddingSize,
        denseLayers: layerCount == 2 ? [.init(5, .tanh)] : [])
    }
    let alone = try run()
    let results = ThreadRank.run(3) { try run($0) }
    for (rank, result) in results.enumerated() { Self.expectSame(try result.get(), alone, "rank \(rank)") }
  }

  @Test func shardsDecideTheBits() throws {
    #expect(try Self.run(shards: 5).parameters != Self.run().parameters)
  }

  /// Stopped on three ranks by the first of them, and gone on with on two.
  @Test func anotherNumberOfRanksCanGoOn() throws {
    let alone = try Self.run()
    let stopped = ThreadRank.run(3) { communicator in
      try Self.run(communicator) { communicator.rank == 0 && $1.state.steps.count == 4 ? .stop : .goOn }
    }
    let states = try stopped.map { try $0.get() }
    for state in states { #expect(state.steps.count == 4 && !state.isFinished) }
    for result in ThreadRank.run(2, { try Self.run($0, state: states[0]) }) { Self.expectSame(try result.get(), alone) }
  }

  /// As the caller of the first rank answers in validation.
  private static func stopInValidation(_ event: TrainingEvent, _ trainer: Trainer) -> TrainingAnswer {
    if case .validation = event { return .stop }
    return .goOn
  }

  @Test func aStopInValidationStopsAllRanks() throws {
    let results = ThreadRank.run(3) { communicator in
      communicator.rank == 0
        ? try Self.run(communicator, report: Self.stopInValidation) : try Self.run(communicator)
    }
    for result in results {
      let state = try result.get()
      #expect(state.position == 310 && state.epochs.isEmpty && !state.isFinished)
    }
  }

  /// Sums in another order: nearly the same, and the same on all ranks.
  @Test(arguments: [2, 3, 33])
  func sumsInAnyOrderAreClose(count: Int) throws {
    let alone = try Self.run()
    let states = try ThreadRank.run(count) { try Self.run($0, sumsInAnyOrder: true) }.map { try $0.get() }
    for state in states {
      Self.expectSame(state, states[0])
      #expect(
        zip(state.parameters.values, alone.parameters.values).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($1)) })
    }
    #expect(states[0].parameters != alone.parameters, "the numbers must tell orders apart")
  }

  /// A rank whose weights went wrong is found at the epoch's end.
  @Test func findsARankWithOtherWeights() {
    // The first, which would wait for the other, ends then too.
    let results = ThreadRank.run(2) { communicator in
      communicator.rank == 0
        ? try Self.run(communicator, report: Self.stopInValidation)
        : try Self.run(communicator, callbacks: [Disturbance()])
    }
    #expect(throws: RankError.differentWeights(rank: 1)) { try results[1].get() }
  }

  private final class Disturbance: TrainingCallback {
    let name = "disturbance"
    func handle(_ event: TrainingEvent, _ state: inout TrainingState) -> TrainingAnswer {
      if case .step = event { state.parameters.values[7].negate() }
      return .goOn
    }
  }

  @Test func theFirstRankHasAllOutcomes() throws {
    let layout = ParameterLayout(Self.configuration.architecture)
    var generator = RandomGenerator(seed: 1)
    let parameters = Parameters(kerasInitial: layout, using: &generator)
    let data = smallReviews(2000, seed: 3)
    let alone = DataParallelNetwork(layout, maxLength: 10, threads: 1).outcomes(of: data, parameters: parameters)
    let results = ThreadRank.run(3) {
      DataParallelNetwork(layout, maxLength: 10, threads: 1, communicator: $0)
        .outcomes(of: data, parameters: parameters)
    }
    #expect(try results[0].get() == alone)
  }
}
