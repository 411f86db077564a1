import Files
import RecurrentNetwork

extension Communicator {
  /// Checks that all ranks have rank 0's weights.
  ///
  /// - Throws: `RankError` on the ranks that don't.
  package func verify(_ parameters: Parameters) throws {
    if count == 1 { return }
    var fingerprint = Fingerprint()
    parameters.values.withUnsafeBytes { fingerprint.add($0) }
    let own = fingerprint.state
    var first = own
    broadcast(&first)
    guard first == own else { throw RankError.differentWeights(rank: rank) }
  }
}
