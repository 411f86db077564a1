#if Serve
  import Foundation

  /// Answers texts of several requests at once, on a thread of its own.
  ///
  /// Requests that arrive while a batch is being answered wait, and are answered together. A small batch is held back until
  /// it has as many texts as the one before: clients that were just answered tend to ask again at once. But no text waits
  /// for others longer than `maximumWait`, and one that comes alone to an idle queue, after another alone, doesn't wait.
  // @unchecked: `jobs`, `textCount`, `expectedCount` and `state` are only accessed under the condition's lock.
  package final class BatchQueue<Model: AnyObject & Sendable, Answer: Sendable>: @unchecked Sendable {
    /// What is told about a batch when it is begun.
    package struct Batch: Sendable {
      package var textCount: Int
      /// How long each request of the batch has waited.
      package var waits: [Duration]
    }

    private struct Job {
      let texts: [String]
      /// The model that was in use when the request came. It answers, whatever replaces it meanwhile.
      let model: Model
      let arrival: ContinuousClock.Instant
      let date: Date
      let continuation: CheckedContinuation<[Answer], Never>
    }

    /// The number of texts that may wait.
    package let capacity: Int
    /// The number of texts at which a batch is full. A request is never divided, so one of more texts is a batch alone.
    package let batchSize: Int
    /// How long a text may wait for others.
    package let maximumWait: Duration

    private let work: @Sendable (Model, [String]) -> [Answer]
    private let observe: @Sendable (Batch) -> Void
    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var textCount = 0
    /// The number of texts in the last batch.
    private var expectedCount = 1
    private var isStopped = false

    /// - Parameters:
    ///   - name: the thread's name.
    ///   - work: answers texts, in order.
    ///   - observe: called on the queue's thread when a batch is begun.
    package init(
      name: String, capacity: Int, batchSize: Int, maximumWait: Duration,
      observe: @escaping @Sendable (Batch) -> Void = { _ in }, work: @escaping @Sendable (Model, [String]) -> [Answer]
    ) {
      (self.capacity, self.batchSize, self.maximumWait) = (capacity, batchSize, maximumWait)
      (self.observe, self.work) = (observe, work)
      let thread = Thread { [self] in run() }
      thread.name = name
      thread.start()
    }

    /// The number of texts that wait.
    package var waitingTextCount: Int { condition.withLock { textCount } }

    /// The answers to texts, in order.
    ///
    /// - Throws: `RequestError` at once if there is no room for them to wait, or if the queue was stopped.
    package func answers(to texts: [String], by model: Model) async throws(RequestError) -> [Answer] {
      if texts.isEmpty { return [] }
      var refusal: RequestError?
      let answers: [Answer] = await withCheckedContinuation { continuation in
        let job = Job(texts: texts, model: model, arrival: .now, date: Date(), continuation: continuation)
        refusal = append(job)
        if refusal != nil { continuation.resume(returning: []) }
      }
      if let refusal { throw refusal }
      return answers
    }

    /// Answers what waits, refuses what comes later, and ends the thread.
    package func stop() {
      condition.withLock {
        isStopped = true
        condition.signal()
      }
    }

    private func append(_ job: Job) -> RequestError? {
      condition.withLock {
        if isStopped { return RequestError(.unavailable, "the server is about to stop") }
        // An empty queue takes a request of any size: otherwise, it would be refused forever.
        guard textCount == 0 || textCount + job.texts.count <= capacity else {
          return RequestError(
            .tooManyRequests, "\(textCount) texts are waiting already, and at most \(capacity) may; try again later")
        }
        jobs.append(job)
        textCount += job.texts.count
        // While it is held back, the thread need not look after each request.
        if jobs.count == 1 || textCount >= expectedCount { condition.signal() }
        return nil
      }
    }

    // MARK: The thread

    private func run() {
      while let batch = nextBatch() {
        let now = ContinuousClock.now
        let texts = batch.count == 1 ? batch[0].texts : batch.flatMap(\.texts)
        observe(Batch(textCount: texts.count, waits: batch.map { now - $0.arrival }))
        let answers = work(batch[0].model, texts)
        precondition(answers.count == texts.count, "each text needs an answer")
        var start = 0
        for job in batch {
          job.continuation.resume(returning: Array(answers[start..<start + job.texts.count]))
          start += job.texts.count
        }
      }
    }

    /// Waits for requests, and takes the oldest and as many others for the same model as fit into a batch with it.
    private func nextBatch() -> [Job]? {
      condition.withLock {
        while jobs.isEmpty {
          if isStopped { return nil }
          condition.wait()
        }
        let (seconds, attoseconds) = maximumWait.components
        let limit = jobs[0].date.addingTimeInterval(Double(seconds) + Double(attoseconds) * 1e-18)
        while textCount < min(expectedCount, batchSize), !isStopped, condition.wait(until: limit) {}
        let model = jobs[0].model
        var (batch, others) = ([Job](), [Job]())
        var count = 0
        for job in jobs {
          if job.model === model, batch.isEmpty || count + job.texts.count <= batchSize {
            batch.append(job)
            count += job.texts.count
          } else {
            others.append(job)
          }
        }
        jobs = others
        textCount -= count
        expectedCount = count
        return batch
      }
    }
  }
#endif
