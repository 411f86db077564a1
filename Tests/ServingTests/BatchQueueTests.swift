#if Serve
  import Foundation
  import Serving
  import Synchronization
  import Testing

  /// What a queue calls a model: the tests' only want to be told apart.
  private final class Speaker: Sendable {
    let name: String
    init(_ name: String) { self.name = name }
  }

  /// Answers that wait until they are allowed.
  private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    let batches = Mutex<[[String]]>([])

    func pass() { semaphore.signal() }

    /// Waits for something that the queue's thread does.
    ///
    /// When the test's time is over, every batch may pass: the test would wait for its requests forever.
    func wait(until isTrue: () -> Bool) async throws {
      do {
        while !isTrue() { try await Task.sleep(for: .milliseconds(1)) }
      } catch {
        for _ in 0..<10 { pass() }
        throw error
      }
    }

    func answer(_ speaker: Speaker, _ texts: [String]) -> [String] {
      batches.withLock { $0.append(texts) }
      semaphore.wait()
      return texts.map { "\(speaker.name):\($0)" }
    }
  }

  private typealias Queue = BatchQueue<Speaker, String>

  // Ten minutes, as the tests that run beside these may keep all threads for minutes.
  @Suite("Texts that wait", .timeLimit(.minutes(10)))
  struct BatchQueueTests {
    private let speaker = Speaker("a")

    @Test("What comes while a batch is answered is answered together, and each request gets its own")
    func batches() async throws {
      let gate = Gate()
      let queue = Queue(name: "test", capacity: 100, batchSize: 100, maximumWait: .zero, work: gate.answer)
      defer { queue.stop() }
      async let first = queue.answers(to: ["1"], by: speaker)
      try await gate.wait { gate.batches.withLock { $0.count == 1 } }
      async let second = queue.answers(to: ["2", "3"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 2 }
      async let third = queue.answers(to: ["4"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 3 }
      for _ in 0..<2 { gate.pass() }
      #expect(try await first == ["a:1"])
      #expect(try await second == ["a:2", "a:3"])
      #expect(try await third == ["a:4"])
      #expect(gate.batches.withLock { $0 } == [["1"], ["2", "3", "4"]])
    }

    @Test("A batch is of one model, and no larger than it may be; a request is never divided")
    func limits() async throws {
      let gate = Gate()
      let queue = Queue(name: "test", capacity: 100, batchSize: 3, maximumWait: .zero, work: gate.answer)
      defer { queue.stop() }
      let other = Speaker("b")
      async let first = queue.answers(to: ["1"], by: speaker)
      try await gate.wait { gate.batches.withLock { $0.count == 1 } }
      async let second = queue.answers(to: ["2", "3"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 2 }
      async let third = queue.answers(to: ["4"], by: other)
      try await gate.wait { queue.waitingTextCount == 3 }
      async let fourth = queue.answers(to: ["5", "6", "7", "8"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 7 }
      async let fifth = queue.answers(to: ["9"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 8 }
      for _ in 0..<4 { gate.pass() }
      _ = try await (first, second, fourth, fifth)
      #expect(try await third == ["b:4"])
      #expect(gate.batches.withLock { $0 } == [["1"], ["2", "3", "9"], ["4"], ["5", "6", "7", "8"]])
    }

    @Test("A full queue refuses at once, and an empty one takes a request of any size")
    func full() async throws {
      let gate = Gate()
      let queue = Queue(name: "test", capacity: 2, batchSize: 100, maximumWait: .zero, work: gate.answer)
      defer { queue.stop() }
      async let first = queue.answers(to: ["1"], by: speaker)
      try await gate.wait { gate.batches.withLock { $0.count == 1 } }
      async let second = queue.answers(to: ["2", "3", "4"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 3 }
      let error = await #expect(throws: RequestError.self) { try await queue.answers(to: ["5"], by: speaker) }
      #expect(error?.reason == .tooManyRequests)
      for _ in 0..<2 { gate.pass() }
      _ = try await (first, second)
    }

    @Test("One request after another is not held back for more")
    func alone() async throws {
      let queue = Queue(name: "test", capacity: 9, batchSize: 9, maximumWait: .seconds(3600)) { $1 }
      defer { queue.stop() }
      for number in 0..<3 { #expect(try await queue.answers(to: ["\(number)"], by: speaker) == ["\(number)"]) }
    }

    @Test("A batch is held back until it has as many texts as the last one")
    func held() async throws {
      let gate = Gate()
      let queue = Queue(name: "test", capacity: 9, batchSize: 9, maximumWait: .seconds(3600), work: gate.answer)
      defer { queue.stop() }
      for _ in 0..<2 { gate.pass() }
      _ = try await queue.answers(to: ["1", "2"], by: speaker)
      async let first = queue.answers(to: ["3"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 1 }
      async let second = queue.answers(to: ["4"], by: speaker)
      _ = try await (first, second)
      #expect(gate.batches.withLock { $0 } == [["1", "2"], ["3", "4"]])
    }

    @Test("But no longer than texts may wait")
    func heldNoLonger() async throws {
      let queue = Queue(name: "test", capacity: 9, batchSize: 9, maximumWait: .milliseconds(1)) { $1 }
      defer { queue.stop() }
      _ = try await queue.answers(to: ["1", "2"], by: speaker)
      #expect(try await queue.answers(to: ["3"], by: speaker) == ["3"])
    }

    @Test("A queue that is stopped answers what waits, and refuses the rest")
    func stop() async throws {
      let gate = Gate()
      let queue = Queue(name: "test", capacity: 9, batchSize: 9, maximumWait: .zero, work: gate.answer)
      async let first = queue.answers(to: ["1"], by: speaker)
      try await gate.wait { gate.batches.withLock { $0.count == 1 } }
      async let second = queue.answers(to: ["2"], by: speaker)
      try await gate.wait { queue.waitingTextCount == 1 }
      queue.stop()
      let error = await #expect(throws: RequestError.self) { try await queue.answers(to: ["3"], by: speaker) }
      #expect(error?.reason == .unavailable)
      for _ in 0..<2 { gate.pass() }
      #expect(try await first == ["a:1"])
      #expect(try await second == ["a:2"])
    }
  }
#endif
