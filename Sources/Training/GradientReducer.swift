import Foundation
import RecurrentNetwork

/// Adds the shards' sums in a balanced binary tree over the shard numbers: an order that depends on nothing else.
///
/// On each level neighbours 2n and 2n + 1 are added; a last one without a neighbour moves up as it is. Whoever brings
/// the second of two neighbours adds them and goes on with the sum, so that beside a buffer a worker there is about one
/// for each level of the tree.
package final class GradientReducer {
  private struct Node: Hashable {
    var level = 0
    var index: Int
  }

  private let shardCount: Int
  private let makeBuffer: () -> ShardGradient
  private let lock = NSLock()
  // All of these under the lock.
  private var waiting: [Node: ShardGradient] = [:]
  private var free: [ShardGradient]
  private var root: ShardGradient?

  /// - Parameter free: buffers of an earlier batch.
  package init(shardCount: Int, free: [ShardGradient], makeBuffer: @escaping () -> ShardGradient) {
    self.shardCount = shardCount
    self.free = free
    self.makeBuffer = makeBuffer
  }

  /// A buffer for a shard's sums; what is in it is of no account.
  package func buffer() -> ShardGradient {
    lock.withLock { free.popLast() } ?? makeBuffer()
  }

  /// Takes a shard's finished sums.
  package func add(_ gradient: ShardGradient, shard: Int) {
    var sum = gradient
    var node = Node(index: shard)
    var width = shardCount
    while width > 1 {
      let neighbour = Node(level: node.level, index: node.index ^ 1)
      if neighbour.index < width {
        let other = lock.withLock {
          let other = waiting.removeValue(forKey: neighbour)
          if other == nil { waiting[node] = sum }
          return other
        }
        guard let other else { return }
        let (left, right) = node.index < neighbour.index ? (sum, other) : (other, sum)
        left.add(right)
        lock.withLock { free.append(right) }
        sum = left
      }
      node = Node(level: node.level + 1, index: node.index / 2)
      width = (width + 1) / 2
    }
    lock.withLock { root = sum }
  }

  /// The sum over all shards, and the buffers for the next batch (the sum's own among them).
  package func finish() -> (sum: ShardGradient, free: [ShardGradient]) {
    precondition(waiting.isEmpty, "a shard is missing")
    return (root!, free + [root!])
  }
}
