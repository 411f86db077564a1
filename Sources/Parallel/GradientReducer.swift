import Foundation
import RecurrentNetwork

/// Adds the shards' sums in a balanced binary tree over the shard numbers, an order that depends on nothing else.
///
/// On each level neighbors 2n and 2n + 1 are added; a last one without a neighbor moves up unchanged. Whichever worker
/// brings the second of two neighbors adds them and goes on with the sum, so there is about one buffer for each level of
/// the tree, besides one for each worker.
///
/// Where ranks share the shards, a node belongs to the rank of its first shard. A right neighbor that is another rank's
/// is sent to the rank of the left one, and added there.
package final class GradientReducer {
  private struct Node: Hashable {
    var level = 0
    var index: Int
    var parent: Node { Node(level: level + 1, index: index / 2) }
  }

  private let shardCount: Int
  private let makeBuffer: () -> ShardGradient
  private let lock = NSLock()
  // All of these are guarded by the lock.
  private var waiting: [Node: ShardGradient] = [:]
  private var free: [ShardGradient]
  private var root: ShardGradient?

  /// - Parameter free: buffers of an earlier batch.
  package init(shardCount: Int, free: [ShardGradient], makeBuffer: @escaping () -> ShardGradient) {
    self.shardCount = shardCount
    self.free = free
    self.makeBuffer = makeBuffer
  }

  /// A buffer for a shard's sums, with arbitrary contents.
  package func buffer() -> ShardGradient {
    lock.withLock { free.popLast() } ?? makeBuffer()
  }

  /// Takes a shard's complete sums.
  package func add(_ gradient: ShardGradient, shard: Int) { add(gradient, at: Node(index: shard)) }

  private func width(_ level: Int) -> Int { (shardCount + (1 << level) - 1) >> level }

  private func add(_ gradient: ShardGradient, at node: Node) {
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

  /// Sends what other ranks add to theirs, and adds what they send, once this rank's shards are all in.
  ///
  /// Each rank goes through the nodes in the same order. So of the messages yet to be passed, the first has both its ends
  /// ready, and none waits forever.
  ///
  /// - Parameter tokenCount: the batch's distinct tokens, as for `ShardGradient.clear`.
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

  /// The sum over all shards, nil where it is another rank's, and all buffers for the next batch (the sum's among them).
  package func takeSum() -> (sum: ShardGradient?, free: [ShardGradient]) {
    precondition(waiting.isEmpty, "a shard is missing")
    return (root, free + (root.map { [$0] } ?? []))
  }
}
