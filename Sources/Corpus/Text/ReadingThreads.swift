import Foundation

/// What one thread keeps from batch to batch while it reads texts.
///
/// It numbers words in the order in which it meets them, so that the texts need to be read only once: the tokens depend
/// on the counts of all words, which are known at the end.
struct ReadingThread {
  /// The words that the thread has numbered; none where the vocabulary is known.
  fileprivate(set) var words = WordTable()
  /// Opened when first needed.
  private var files: FileSet?
  private let coding: TextCoding
  /// Where the vocabulary is known, the words' numbers are its tokens.
  private let coder: TextCoder?
  /// Whether the texts are kept as they are, too.
  private let keepsOriginals: Bool
  /// Whether words matter, and not only which texts there are.
  private let keepsTokens: Bool

  fileprivate init(
    _ coding: TextCoding, _ coder: TextCoder?, keepsOriginals: Bool, keepsTokens: Bool, files: FileSet?
  ) {
    (self.coding, self.coder, self.files) = (coding, coder, files)
    (self.keepsOriginals, self.keepsTokens) = (keepsOriginals, keepsTokens)
  }

  /// The thread's own way to the files.
  ///
  /// - Throws: `CorpusError` if the archive has been removed or replaced since.
  mutating func opened(_ shared: FileSet) throws -> FileSet {
    if let files { return files }
    let files = try shared.reopened()
    self.files = files
    return files
  }

  /// Closes the files.
  fileprivate mutating func close() { files = nil }

  /// Adds a text's words to a chunk.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - label: the number of its label in the ``LabelTable``.
  ///   - file: the index of its file.
  ///   - line: its line in the file, or 0.
  ///   - scratch: memory that is reused from text to text.
  mutating func add(
    _ text: UnsafeBufferPointer<UInt8>, label: Int, file: Int, line: Int = 0, to chunk: inout WordChunk,
    scratch: inout [UInt8]
  ) {
    chunk.origins.append(
      TextOrigin(hash: TextHashes.hash(of: text), file: Int32(file), line: Int32(clamping: line)))
    if keepsOriginals { chunk.originals.append(String(decoding: text, as: UTF8.self)) }
    if keepsTokens {
      coding.makeRoom(for: text, in: &scratch)
      scratch.withUnsafeMutableBufferPointer { memory in
        if let coder {
          coder.forEachToken(of: text, memory: memory) { token in
            chunk.words.appendNumbers(atMost: 1) { $0.append(token) }
          }
        } else {
          addNumbers(of: text, to: &chunk, memory: memory)
        }
      }
    }
    chunk.words.endSequence()
    chunk.labels.append(label)
  }

  private mutating func addNumbers(
    of text: UnsafeBufferPointer<UInt8>, to chunk: inout WordChunk, memory: UnsafeMutableBufferPointer<UInt8>
  ) {
    // A copy, since the compiler would read the property again for every byte.
    let coding = coding
    // Some words at a time: few enough to stay in the cache, and enough to be looked up together.
    var queries: [WordTable.Query] = []
    var place = 0
    while place < text.count {
      queries.removeAll(keepingCapacity: true)
      words.withSearcher { searcher in
        place = coding.forEachWord(in: text, from: place, limit: 256, memory: memory) { word, _ in
          queries.append(searcher.query(word))
        }
      }
      chunk.words.appendNumbers(atMost: queries.count) { packer in
        for query in queries { packer.append(words.add(query)) }
      }
    }
  }
}

/// The threads that read texts.
final class ReadingThreads {
  private let threads: UnsafeMutableBufferPointer<ReadingThread>
  /// The number by which chunks call the first of the threads.
  private let firstNumber: Int
  /// Whether chunks have the texts' words, and not only where these come from.
  let keepsTokens: Bool

  /// - Parameters:
  ///   - count: the number of threads, at least 1.
  ///   - coding: how texts become words.
  ///   - coder: what turns words into tokens, where the vocabulary is known.
  ///   - keepsOriginals: whether the texts are kept as they are, too.
  ///   - keepsTokens: whether chunks have the texts' words, and not only where these come from.
  ///   - firstNumber: the number by which chunks call the first of the threads: that of the threads before them whose
  ///     words are merged with theirs.
  ///   - files: lent to the first thread; each of the others opens them for itself. Nil if there are none to open.
  init(
    count: Int, _ coding: TextCoding, _ coder: TextCoder?, keepsOriginals: Bool = false, keepsTokens: Bool = true,
    firstNumber: Int = 0, files: FileSet?
  ) {
    func thread(_ files: FileSet?) -> ReadingThread {
      ReadingThread(coding, coder, keepsOriginals: keepsOriginals, keepsTokens: keepsTokens, files: files)
    }
    (self.keepsTokens, self.firstNumber) = (keepsTokens, firstNumber)
    threads = .allocate(capacity: count)
    threads.initialize(repeating: thread(nil))
    threads[0] = thread(files)
  }

  deinit {
    threads.deinitialize()
    threads.deallocate()
  }

  /// The number of threads.
  var count: Int { threads.count }

  /// Has the threads read one batch after the other.
  ///
  /// - Parameters:
  ///   - next: gives the next batch, or nil if there are no more; called by one thread at a time.
  ///   - read: makes a chunk of a batch; called by several threads at once.
  /// - Returns: the chunks, in the order of their batches.
  /// - Throws: the error of the first batch that failed, whatever the number of threads.
  func chunks<Batch>(
    of next: () throws -> Batch?, read: (inout ReadingThread, Batch, inout WordChunk) throws -> Void
  ) throws -> [WordChunk] {
    try withoutActuallyEscaping(next) { next in
      try withoutActuallyEscaping(read) { read in
        // `next`, `chunks` and `failure` are only used under the lock, which ThreadSanitizer knows; `read` changes
        // nothing but its arguments, and each thread has an element of `threads` to itself. `concurrentPerform` returns
        // when all threads are done.
        let lock = NSLock()
        nonisolated(unsafe) let (next, read, threads) = (next, read, threads)
        let firstNumber = firstNumber
        nonisolated(unsafe) var chunks: [WordChunk] = []
        nonisolated(unsafe) var failure: (batch: Int, error: any Error)?
        DispatchQueue.concurrentPerform(iterations: threads.count) { thread in
          while true {
            nonisolated(unsafe) var taken: (index: Int, batch: Batch)?
            lock.withLock {
              guard failure == nil else { return }
              do {
                guard let batch = try next() else { return }
                taken = (chunks.count, batch)
                chunks.append(WordChunk())
              } catch { failure = (chunks.count, error) }
            }
            guard let (index, batch) = taken else {
              // Here, since closing an archive takes a while, and the threads do it side by side.
              threads[thread].close()
              return
            }
            var chunk = WordChunk(thread: firstNumber + thread)
            do {
              try read(&threads[thread], batch, &chunk)
              let made = chunk
              lock.withLock { chunks[index] = made }
            } catch {
              lock.withLock { if index < failure?.batch ?? .max { failure = (index, error) } }
            }
          }
        }
        if let failure { throw failure.error }
        return chunks
      }
    }
  }

  /// Hands over the words that each thread has numbered; the threads start anew.
  func takeWords() -> [WordTable] {
    threads.indices.map { thread in
      defer { threads[thread].words = WordTable() }
      return threads[thread].words
    }
  }
}
