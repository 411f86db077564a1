import Foundation
import Parallel

/// Ranks that are threads of the test: messages pass through memory.
package final class ThreadRank: Communicator {
  package let rank: Int
  package var count: Int { world.count }
  package let traffic = Traffic()
  private let world: World

  /// What all ranks share: the messages under way, by sender and receiver.
  private final class World: @unchecked Sendable {
    // `messages` is only touched under the condition's lock.
    let count: Int
    private let condition = NSCondition()
    private var messages: [[[UInt8]]]

    init(count: Int) {
      self.count = count
      messages = Array(repeating: [], count: count * count)
    }

    func send(_ bytes: [UInt8], from sender: Int, to receiver: Int) {
      condition.withLock {
        messages[sender * count + receiver].append(bytes)
        condition.broadcast()
      }
    }

    func receive(from sender: Int, to receiver: Int) -> [UInt8] {
      condition.withLock {
        while messages[sender * count + receiver].isEmpty { condition.wait() }
        return messages[sender * count + receiver].removeFirst()
      }
    }
  }

  private init(_ rank: Int, _ world: World) { (self.rank, self.world) = (rank, world) }

  /// Runs `body` on each of some ranks at once.
  ///
  /// - Returns: what it gave on each, or the error that it threw.
  package static func run<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (ThreadRank) throws -> Value
  ) -> [Result<Value, any Error>] {
    let world = World(count: count)
    let results = Results<Value>()
    let group = DispatchGroup()
    for rank in 0..<count {
      group.enter()
      // Threads of their own: they wait for each other, which a pool's might not survive.
      Thread.detachNewThread {
        let result = Result { try body(ThreadRank(rank, world)) }
        results.set(result, rank)
        group.leave()
      }
    }
    group.wait()
    return (0..<count).map { results[$0] }
  }

  private final class Results<Value: Sendable>: @unchecked Sendable {
    // Only touched under the lock.
    private var values: [Int: Result<Value, any Error>] = [:]
    private let lock = NSLock()
    func set(_ value: Result<Value, any Error>, _ rank: Int) { lock.withLock { values[rank] = value } }
    subscript(rank: Int) -> Result<Value, any Error> { lock.withLock { values[rank]! } }
  }

  package func send(_ message: UnsafeRawBufferPointer, to receiver: Int) {
    world.send(Array(message), from: rank, to: receiver)
  }

  package func receive(into buffer: UnsafeMutableRawBufferPointer, from sender: Int) -> Int {
    let message = world.receive(from: sender, to: rank)
    buffer.copyBytes(from: message)
    return message.count
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
    if rank == 0 {
      for other in 1..<max(count, 1) { send(UnsafeRawBufferPointer(bytes), to: other) }
    } else {
      _ = receive(into: bytes, from: 0)
    }
  }

  /// From the last rank to the first: an order of its own.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) {
    if rank > 0 { send(UnsafeRawBufferPointer(values), to: 0) }
    if rank == 0 {
      let other = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
      defer { other.deallocate() }
      for sender in (1..<max(count, 1)).reversed() {
        _ = receive(into: UnsafeMutableRawBufferPointer(other), from: sender)
        for i in values.indices { values[i] += other[i] }
      }
    }
    broadcast(UnsafeMutableRawBufferPointer(values))
  }

  package func abort(_ code: Int32) -> Never { fatalError("aborted") }
}
