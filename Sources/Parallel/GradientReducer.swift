import Foundation
import RecurrentNetwork

/// Adds the shards' sums in a balanced binary tree over the shard numbers, in an order that depends on nothing else.
///
/// On each level, the neighbors 2n and 2n + 1 are added; a last one without a neighbor moves up unchanged. The worker that
/// brings the second of two neighbors adds them and continues with the sum, so there is about one buffer per level of the
/// tree, in addition to one per worker.
///
/// If ranks share the shards, a node belongs to the rank of its first shard. If the right one of two neighbors belongs to
/// another rank, it is sent to the rank of the left one, and added there.
package final class GradientReducer {
  private struct Node: Hashable {
    var level = 0
    var index: Int
    var parent: Node { Node(level: level + 1, index: index / 2) }
  }

  private let shardCount: Int
  private let makeBuffer: () -> any EngineGradient
  private let lock = NSLock()
  // These are guarded by the lock.
  private var waiting: [Node: any EngineGradient] = [:]
  private var free: [any EngineGradient]
  private var root: (any EngineGradient)?

  /// - Parameters:
  ///   - shardCount: the number of shards.
  ///   - free: buffers of an earlier batch.
  ///   - makeBuffer: makes another buffer.
  package init(shardCount: Int, free: [any EngineGradient], makeBuffer: @escaping () -> any EngineGradient) {
    self.shardCount = shardCount
    self.free = free
    self.makeBuffer = makeBuffer
  }

  /// A buffer for a shard's sums, with arbitrary contents.
  package func buffer() -> any EngineGradient {
    lock.withLock { free.popLast() } ?? makeBuffer()
  }

  /// Adds a shard's complete sums.
  package func add(_ gradient: any EngineGradient, shard: Int) { add(gradient, at: Node(index: shard)) }

  private func width(_ level: Int) -> Int { (shardCount + (1 << level) - 1) >> level }

  private func add(_ gradient: any EngineGradient, at node: Node) {
    var (sum, node) = (gradient, node)
    while width(node.level) > 1 {
      let neighbor = Node(level: node.level, index: node.index ^ 1)
      if neighbor.index < width(node.level) {
        let other = lock.withLock {
          let other = waiting.removeValue(forKey: neighbor)
          if other == nil { waiting[node] = sum }
          return other
        }
        guard let other else { return }
        let (left, right) = node.index < neighbor.index ? (sum, other) : (other, sum)
        left.add(right)
        lock.withLock { free.append(right) }
        sum = left
      }
      node = node.parent
    }
    lock.withLock { root = sum }
  }

  /// Sends the sums that other ranks add to theirs, and adds those that they send. This rank's shards must be complete.
  ///
  /// All ranks visit the nodes in the same order. Therefore both ends of the first outstanding message are always ready for
  /// it, and no rank waits forever.
  ///
  /// - Parameter tokenCount: the batch's distinct tokens, as for `EngineGradient.clear`.
  func exchange(_ ranks: Ranks, tokenCount: Int) {
    func owner(of node: Node) -> Int { ranks.owner(of: node.index << node.level, among: shardCount) }
    var level = 0
    while width(level) > 1 {
      for index in stride(from: 0, to: width(level) - 1, by: 2) {
        let (left, right) = (Node(level: level, index: index), Node(level: level, index: index + 1))
        let owners = (left: owner(of: left), right: owner(of: right))
        if owners.left == owners.right { continue }
        if owners.right == ranks.rank, let sum = waiting.removeValue(forKey: right) {
          ranks.send(sum, to: owners.left)
          free.append(sum)
        } else if owners.left == ranks.rank, let sum = waiting.removeValue(forKey: left) {
          ranks.add(from: owners.right, to: sum, tokenCount: tokenCount)
          add(sum, at: left.parent)
        }
      }
      level += 1
    }
  }

  /// The sum over all shards, or nil if another rank has it; and all buffers, including the sum's, for the next batch.
  package func takeSum() -> (sum: (any EngineGradient)?, free: [any EngineGradient]) {
    precondition(waiting.isEmpty, "a shard is missing")
    return (root, free + (root.map { [$0] } ?? []))
  }
}
