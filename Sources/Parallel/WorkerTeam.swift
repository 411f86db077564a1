import Dispatch
import Synchronization

/// Threads that share out numbered parts of some work; who takes which part is left to chance.
package struct WorkerTeam: Sendable {
  /// How many workers there are; `concurrentPerform` runs no more of them at once than there are cores.
  package let count: Int

  package init(count: Int) {
    precondition(count > 0)
    self.count = count
  }

  /// Calls `body` once for each part, on at most `count` workers; returns when all have returned.
  ///
  /// A worker never waits for another: they may run one after the other. Parts must not write the same memory.
  package func perform(_ parts: Int, _ body: (_ worker: Int, _ part: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      // Parts are independent by contract: each writes what is its own, or its worker's, and what they share is only
      // read or guarded by a lock. `concurrentPerform` returns after the last of them.
      nonisolated(unsafe) let body = body
      let next = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: min(count, parts)) { worker in
        while true {
          let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if part >= parts { return }
          body(worker, part)
        }
      }
    }
  }
}
