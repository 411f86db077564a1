import Dispatch
import Synchronization

/// Threads that share jobs. Which thread takes which job is arbitrary.
package struct WorkerTeam: Sendable {
  /// The number of workers. `concurrentPerform` runs no more of them at once than there are cores.
  package let count: Int

  package init(count: Int) {
    precondition(count > 0)
    self.count = count
  }

  /// Calls `body` once for each of `jobCount` jobs, on at most `count` workers, and returns when all calls have returned.
  ///
  /// No worker waits for another, so they may also run one after the other. Jobs must not write to the same memory.
  package func perform(_ jobCount: Int, _ body: (_ worker: Int, _ job: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      // Jobs are independent by contract: each writes only to its own memory or its worker's, and shared memory is only
      // read, or guarded by a lock. `concurrentPerform` returns after the last job.
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

  /// Calls `body` once for each job in a list, as `perform` does for numbers. Jobs are started in the list's order.
  package func perform<Job>(_ jobs: [Job], _ body: (_ worker: Int, _ job: Job) -> Void) {
    perform(jobs.count) { worker, index in body(worker, jobs[index]) }
  }
}
