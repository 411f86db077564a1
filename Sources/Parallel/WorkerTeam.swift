import Dispatch
import Synchronization

/// Threads that share out the jobs of some work; which of them takes which job is left to chance.
package struct WorkerTeam: Sendable {
  /// How many workers there are; `concurrentPerform` runs no more of them at once than there are cores.
  package let count: Int

  package init(count: Int) {
    precondition(count > 0)
    self.count = count
  }

  /// Calls `body` once for each of `jobCount` jobs, on at most `count` workers; returns when all calls have returned.
  ///
  /// A worker never waits for another: they may run one after the other. Jobs must not write the same memory.
  package func perform(_ jobCount: Int, _ body: (_ worker: Int, _ job: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      // Jobs are independent by contract: each writes what is its own, or its worker's, and what they share is only
      // read or guarded by a lock. `concurrentPerform` returns after the last of them.
      nonisolated(unsafe) let body = body
      let next = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: min(count, jobCount)) { worker in
        while true {
          let job = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if job >= jobCount { return }
          body(worker, job)
        }
      }
    }
  }

  /// Calls `body` once for each job of a list, as `perform` does for numbers; the first ones are begun first.
  package func perform<Job>(_ jobs: [Job], _ body: (_ worker: Int, _ job: Job) -> Void) {
    perform(jobs.count) { worker, index in body(worker, jobs[index]) }
  }
}
