import Files
import Foundation

/// The IMDB movie reviews as Keras provides them.
///
/// The data set is Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011. The file `imdb.npz` holds
/// each review as a list of its words' ranks by frequency. They are turned into token ids exactly as
/// `keras.datasets.imdb.load_data` does it.
public enum KerasIMDB {
  /// The parameters of Keras's `load_data`, with its defaults.
  public struct Options: Equatable, Sendable {
    /// Only token ids below this one are kept; the others become ``oovChar``. As in Keras, nil and 0 stand for the
    /// largest id present, so that this id itself is not kept.
    public var numWords: Int?
    /// Only token ids from this one on are kept; the others become ``oovChar``, and so does the start token.
    public var skipTop: Int
    /// As in Keras, reviews of this many tokens *or more*, including the start token, are left out; none is cut. Nil
    /// and 0 keep all.
    public var maxLength: Int?
    /// Seeds the shuffle.
    public var seed: UInt32
    /// The token in front of each review, or nil for none.
    public var startChar: Int?
    /// The token in place of each word that is not kept, or nil to drop such words.
    public var oovChar: Int?
    /// What is added to each word's rank.
    public var indexFrom: Int

    /// Keras's parameters; see the properties.
    public init(
      numWords: Int? = nil, skipTop: Int = 0, maxLength: Int? = nil, seed: UInt32 = 113, startChar: Int? = 1,
      oovChar: Int? = 2, indexFrom: Int = 3
    ) {
      self.numWords = numWords
      self.skipTop = skipTop
      self.maxLength = maxLength
      self.seed = seed
      self.startChar = startChar
      self.oovChar = oovChar
      self.indexFrom = indexFrom
    }
  }

  /// Reads and shuffles the reviews and turns them into token ids, exactly as Keras's `keras.datasets.imdb.load_data`
  /// does.
  ///
  /// - Parameters:
  ///   - path: `imdb.npz`, with the entries `x_train.npy`, `y_train.npy`, `x_test.npy` and `y_test.npy`.
  ///   - options: Keras's parameters.
  /// - Returns: the reviews to train on and those to test on.
  /// - Throws: ``CorpusError`` if the file cannot be read or is not such an archive, if a part has no reviews or
  ///   another number of labels than of reviews, if `maxLength` leaves no reviews, or if an option does not fit 32
  ///   bits.
  public static func loadData(
    path: String, options: Options = Options()
  ) throws -> (train: LabeledSequences, test: LabeledSequences) {
    try check(options)
    var parts = try read(path: path)
    // One generator shuffles the first part and goes on to the second.
    var generator = MersenneTwister(seed: options.seed)
    let orders = try zip(parts, ["x_train.npy", "x_test.npy"]).map { part, entry in
      var order = Array(0..<part.count)
      generator.shuffle(&order)
      guard let limit = options.maxLength, limit != 0 else { return order }
      let added = options.startChar == nil ? 0 : 1
      let kept = order.filter { part.sequences.length(of: $0) + added < limit }
      if kept.isEmpty {
        throw CorpusError(
          .emptyPart, file: path, entry: entry, expected: "reviews of fewer than \(limit) tokens", found: "none",
          advice: "increase maxLength")
      }
      return kept
    }
    let bound = try options.numWords.flatMap { $0 == 0 ? nil : $0 } ?? largestToken(parts, orders, options, path: path)
    // One after the other, and the ranks of each part are freed before the next is coded: 24 MB less than both at once.
    let train = coded(parts.removeFirst(), order: orders[0], options: options, bound: bound)
    let test = coded(parts.removeFirst(), order: orders[1], options: options, bound: bound)
    return (train, test)
  }

  // MARK: Steps

  private static func check(_ options: Options) throws {
    let tokens = Int(Int32.min)...Int(Int32.max)
    let limit = PickleReader.maximumNumber
    for (name, value, range) in [
      ("startChar", options.startChar, tokens), ("oovChar", options.oovChar, tokens),
      ("indexFrom", options.indexFrom, -limit...limit),
    ] {
      if let value, !range.contains(value) {
        throw CorpusError(
          .invalidArgument(name), place: .argument(name), expected: "\(range.lowerBound) to \(range.upperBound)",
          found: "\(value)", advice: "token ids have 32 bits")
      }
    }
  }

  /// Both parts as the file holds them, each read by a thread of its own.
  private static func read(path: String) throws -> [LabeledSequences] {
    // A lock that ThreadSanitizer knows, unlike the standard library's `Mutex`. Until all threads are done, the results
    // are only accessed while it is held.
    let lock = NSLock()
    nonisolated(unsafe) var results: [Result<LabeledSequences, any Error>?] = [nil, nil]
    DispatchQueue.concurrentPerform(iterations: 2) { index in
      let result = Result { try readPart(["train", "test"][index], path: path) }
      lock.withLock { results[index] = result }
    }
    return try results.compactMap { try $0?.get() }
  }

  private static func readPart(_ name: String, path: String) throws -> LabeledSequences {
    let archive = try ZipArchive(path: path)
    let labels = try archive.read("y_\(name).npy") { try NPYArray.labels(from: &$0) }
    let sequences = try archive.read("x_\(name).npy") { try NPYArray.sequences(from: &$0) }
    guard sequences.count == labels.count else {
      throw CorpusError(
        .unsupportedArray, file: path, entry: "y_\(name).npy",
        expected: "\(sequences.count) labels, one for each review of x_\(name).npy", found: "\(labels.count)",
        advice: "check that it is the right file")
    }
    guard sequences.count > 0 else {
      throw CorpusError(
        .emptyPart, file: path, entry: "x_\(name).npy", expected: "at least one review", found: "none",
        advice: "check that it is the right file")
    }
    return LabeledSequences(sequences: sequences, labels: labels)
  }

  /// The largest token id of all reviews that are kept.
  private static func largestToken(
    _ parts: [LabeledSequences], _ orders: [[Int]], _ options: Options, path: String
  ) throws -> Int {
    var largest = options.startChar ?? .min
    for (part, order) in zip(parts, orders) {
      for index in order {
        if let rank = part.sequences[index].max() {
          largest = max(largest, Int(rank) + options.indexFrom)
        } else if options.startChar == nil {
          // Keras fails here too, since it takes the maximum of each review's tokens.
          throw CorpusError(
            .invalidArgument("numWords"), file: path, place: .list(index), expected: "at least one word",
            found: "an empty review",
            advice: "give numWords, or a startChar")
        }
      }
    }
    return largest
  }

  /// A part in its new order, as token ids.
  private static func coded(
    _ part: consuming LabeledSequences, order: [Int], options: Options, bound: Int
  ) -> LabeledSequences {
    let ranks = part.sequences
    let kept = order.reduce(0) { $0 + ranks.length(of: $1) }
    let keepsOutside = options.oovChar != nil
    let outside = options.oovChar ?? 0
    var offsets = [0]
    offsets.reserveCapacity(order.count + 1)
    let tokens = [Int32](filling: kept + order.count) { tokens, end in
      // Which words are kept is practically random, so both outcomes take the same instructions, without a branch.
      func add(_ token: Int) {
        let isKept = options.skipTop <= token && token < bound
        tokens[end] = Int32(truncatingIfNeeded: isKept ? token : outside)
        end += isKept || keepsOutside ? 1 : 0
      }
      for index in order {
        if let start = options.startChar { add(start) }
        for rank in ranks[index] { add(Int(rank) + options.indexFrom) }
        offsets.append(end)
      }
    }
    return LabeledSequences(
      sequences: TokenSequences(tokens: tokens, offsets: offsets), labels: order.map { part.labels[$0] })
  }
}
