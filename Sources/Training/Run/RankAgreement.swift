import Foundation
import Hyperparameters
import Parallel

/// A failure that all ranks of a run know about: it is thrown on all of them, and they can end in order.
public struct RankFailure: Error {
  /// What went wrong; nil on all ranks but the first.
  public let reason: (any Error)?

  /// A failure, and what rank 0 says about it.
  public init(reason: (any Error)?) { self.reason = reason }
}

extension Communicator {
  /// What rank 0 finds, given to all ranks; nil where it finds nothing.
  ///
  /// - Throws: `RankFailure` on all ranks where `find` throws; on a single rank what `find` throws.
  func checkpointOfFirstRank(_ find: () throws -> Checkpoint?) throws -> Checkpoint? {
    if count == 1 { return try find() }
    let found = rank == 0 ? Result(catching: find) : .success(nil)
    var finding: UInt8
    switch found {
    case .success(nil): finding = Finding.nothing.rawValue
    case .success(.some): finding = Finding.checkpoint.rawValue
    case .failure: finding = Finding.failure.rawValue
    }
    broadcast(&finding)
    switch Finding(rawValue: finding) {
    case .failure:
      if case .failure(let error) = found { throw RankFailure(reason: error) }
      throw RankFailure(reason: nil)
    case .checkpoint:
      let checkpoint = try found.get()
      let data = broadcast(try checkpoint?.data() ?? Data())
      return try checkpoint ?? Checkpoint(data, path: "the state of rank 0")
    case .nothing, nil: return nil
    }
  }

  /// Lets each rank prepare its part, and ends all of them if one can't, or doesn't agree with the first.
  ///
  /// - Parameter prepare: returns its result, and what must be the same on all ranks.
  /// - Throws: `RankFailure` on all ranks; on a single rank what `prepare` throws.
  func agree<Value>(
    _ options: Run.Options,
    _ prepare: () throws -> (value: Value, configuration: TrainingConfiguration, fingerprint: String)
  ) throws -> Value {
    if count == 1 { return try prepare().value }
    let prepared = Result { try prepare() }
    var statement = RankStatement(sumsInAnyOrder: options.sumsInAnyOrder)
    switch prepared {
    case .success(let prepared):
      (statement.configuration, statement.fingerprint) = (prepared.configuration, prepared.fingerprint)
    case .failure(let error): statement.problem = "\(error)"
    }
    let statements = try gather(String(decoding: try JSONEncoder().encode(statement), as: UTF8.self)).map {
      try JSONDecoder().decode(RankStatement.self, from: Data($0.utf8))
    }
    var reason: (any Error)?
    if case .failure(let error) = prepared { reason = error }
    if rank == 0 && reason == nil {
      reason =
        statements.enumerated().lazy.compactMap { rank, statement in
          statement.contradiction(of: statements[0], as: options.rankName(rank))
        }.first
    }
    var isOver = reason != nil
    broadcast(&isOver)
    if isOver { throw RankFailure(reason: rank == 0 ? reason : nil) }
    return try prepared.get().value
  }
}

/// What rank 0 tells the others before it sends anything.
private enum Finding: UInt8 { case nothing, failure, checkpoint }

/// What a rank says about its part of a run before the first step.
private struct RankStatement: Codable {
  var problem: String?
  var configuration = TrainingConfiguration()
  var sumsInAnyOrder = false
  var fingerprint = ""

  /// Why a rank that says this can't share a run with the first, or nil.
  func contradiction(of first: Self, as name: String) -> RankError? {
    if let problem { return .cannotBegin(rank: name, reason: problem) }
    let differences = configuration.differences(from: first.configuration)
    if !differences.isEmpty { return .otherSettings(rank: name, differences: differences) }
    if sumsInAnyOrder != first.sumsInAnyOrder {
      return .otherSettings(rank: name, differences: ["sumsInAnyOrder: \(sumsInAnyOrder), \(first.sumsInAnyOrder)"])
    }
    return fingerprint == first.fingerprint ? nil : .otherData(rank: name)
  }
}
