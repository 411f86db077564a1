import Foundation
import RecurrentNetwork

/// Adds the shards' sums in a balanced binary tree over the shard numbers: an order that depends on nothing else.
///
/// On each level neighbours 2n and 2n + 1 are added; a last one without a neighbour moves up as it is. Whoever brings
/// the second of two neighbours adds them and goes on with the sum, so that beside a buffer a worker there is about one
/// for each level of the tree.
///
/// Where ranks share the shards, a node is its first shard's rank's: a right neighbour that is another rank's is sent to
/// where the left one is, and added there.
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
  package func add(_ gradient: ShardGradient, shard: Int) { add(gradient, at: Node(index: shard)) }

  private func width(_ level: Int) -> Int { (shardCount + (1 << level) - 1) >> level }

  private func add(_ gradient: ShardGradient, at node: Node) {
    var (sum, node) = (gradient, node)
    while width(node.level) > 1 {
      let neighbour = Node(level: node.level, index: node.index ^ 1)
      if neighbour.index < width(node.level) {
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
      node = parent(of: node)
    }
    lock.withLock { root = sum }
  }

  private func parent(of node: Node) -> Node { Node(level: node.level + 1, index: node.index / 2) }

  /// Sends what other ranks add to theirs, and adds what they send, once this rank's shards are all in.
  ///
  /// Each rank goes through the nodes in the same order, so of the messages that are still to be passed the first has
  /// both its ends ready: none waits forever.
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
          add(sum, at: parent(of: left))
        }
      }
      level += 1
    }
  }

  /// The sum over all shards, on rank 0, and the buffers for the next batch (the sum's own among them).
  package func finish() -> (sum: ShardGradient?, free: [ShardGradient]) {
    precondition(waiting.isEmpty, "a shard is missing")
    return (root, free + (root.map { [$0] } ?? []))
  }
}
