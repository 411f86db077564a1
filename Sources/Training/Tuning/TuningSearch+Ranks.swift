import Corpus
import Foundation
import Hyperparameters
import Parallel

/// A fold of a trial.
struct TrialFold {
  /// The trial's number.
  let trial: Int
  let fold: Int
}

/// What rank 0 gives all ranks to measure.
struct RankWork: Codable {
  let record: TuningSearch.Record
  let folds: [Fold]

  struct Fold: Codable {
    let trial: Trial
    let fold: Int
    /// How many seconds it may take; nil for any number.
    let limit: Double?

    var isOutOfTime: Bool { trial.configuration.hasNetwork && limit ?? 1 <= 0 }
  }

  /// The places of a rank's share.
  func share(of rank: Int, among ranks: Int) -> StrideTo<Int> { stride(from: rank, to: folds.count, by: ranks) }
}

extension TuningSearch {
  /// Measures folds on all ranks, each its share one after the other.
  ///
  /// - Parameter measure: measures one here.
  /// - Returns: what came of each, in the order of the folds.
  func measure(
    _ work: RankWork, on communicator: any Communicator, _ measure: (RankWork.Fold) throws -> TrialMeasurement
  ) throws -> [TrialMeasurement] {
    if communicator.count > 1 { _ = communicator.broadcast(try Self.encode(work)) }
    let own = Result { try work.share(of: 0, among: communicator.count).map { try measure(work.folds[$0]) } }
    // The others have to be heard even if this rank has failed.
    let others = communicator.count > 1 ? communicator.gather("").dropFirst() : []
    var result = [TrialMeasurement?](repeating: nil, count: work.folds.count)
    for (place, measurement) in zip(work.share(of: 0, among: communicator.count), try own.get()) {
      result[place] = measurement
    }
    for (rank, text) in others.enumerated() {
      let measurements = try Self.decode([TrialMeasurement].self, from: Data(text.utf8))
      for (place, measurement) in zip(work.share(of: rank + 1, among: communicator.count), measurements) {
        result[place] = measurement
      }
    }
    return result.map { $0! }
  }

  /// Ends `help` on the other ranks.
  static func dismiss(_ communicator: any Communicator) {
    if communicator.count > 1 { _ = communicator.broadcast(Data()) }
  }

  /// Measures what rank 0 asks for, until it calls `dismiss`.
  ///
  /// - Parameter isStopped: asked after each step.
  /// - Throws: `CorpusError` and `TrainingError.otherData` where this rank doesn't find rank 0's texts.
  static func help(_ communicator: any Communicator, threads: Int, isStopped: () -> Bool) throws {
    var data: [TextCoding.Tokens: TuningData] = [:]
    func texts(_ tokens: TextCoding.Tokens, _ record: Record) throws -> TuningData {
      if let known = data[tokens] { return known }
      let space = space(record)
      let dataset = try load(record, tokens, space, threads)
      if tokens == space.start.tokens, fingerprint(dataset) != record.source.fingerprint {
        throw TrainingError.otherData(path: record.source.path)
      }
      let result = TuningData(dataset, folds: try partCount(dataset, record.options))
      data[tokens] = result
      return result
    }
    while true {
      let message = communicator.broadcast(Data())
      if message.isEmpty { return }
      let work = try decode(RankWork.self, from: message)
      let measurements = try work.share(of: communicator.rank, among: communicator.count).map { place in
        let (fold, record) = (work.folds[place], work.record)
        return try fold.trial.measure(
          fold: fold.fold, of: texts(fold.trial.tokens, record), record.options, limit: fold.limit, threads: threads
        ) { _ in isStopped() ? .stop : .goOn }
      }
      _ = communicator.gather(String(decoding: try encode(measurements), as: UTF8.self))
    }
  }
}
