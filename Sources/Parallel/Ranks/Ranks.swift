import RecurrentNetwork

/// How ranks share a batch: which rank takes which shards, and what they send each other.
final class Ranks {
  let communicator: any Communicator
  private let layout: ParameterLayout
  private let message = MessageBuffer()

  init(_ communicator: any Communicator, _ layout: ParameterLayout) {
    self.communicator = communicator
    self.layout = layout
  }

  var rank: Int { communicator.rank }
  var count: Int { communicator.count }
  var isFirst: Bool { rank == 0 }

  // MARK: Sharing

  /// A rank's share of the shards: consecutive ones, of which rank 0 has the first.
  func share(of shardCount: Int, rank: Int) -> Range<Int> {
    ShardPlan.share(of: shardCount, rank: rank, ranks: count)
  }

  /// The rank whose share includes a shard.
  func owner(of shard: Int, among shardCount: Int) -> Int {
    ShardPlan.owner(of: shard, among: shardCount, ranks: count)
  }

  // MARK: To rank 0

  /// Sends the sums of a subtree of the shards to a rank.
  func send(_ sum: any EngineGradient, to rank: Int) {
    let bytes = message.reserve(sum.messageSize(rows: sum.slots.count))
    sum.write(to: bytes)
    communicator.send(UnsafeRawBufferPointer(bytes), to: rank)
  }

  /// Adds the sums that a rank sends.
  func add(from rank: Int, to sum: any EngineGradient, tokenCount: Int) {
    let bytes = message.reserve(sum.messageSize(rows: tokenCount))
    let size = communicator.receive(into: bytes, from: rank)
    sum.add(message: UnsafeRawBufferPointer(rebasing: bytes[..<size]))
  }

  /// Collects the results of each rank's tiles on rank 0, and the gradients that enter the padding chain.
  ///
  /// - Parameters:
  ///   - results: by sequence of the batch.
  ///   - width: how many elements of `results` each sequence has.
  func gather<Element: BitwiseCopyable>(
    _ tiles: (_ rank: Int) -> [RowTile], results: UnsafeMutablePointer<Element>, width: Int = 1,
    injections: (any EngineInjections)? = nil
  ) {
    /// Calls `body` for each piece of memory that is sent or received, in order.
    func forEachPiece(of tiles: [RowTile], _ body: (UnsafeMutableRawBufferPointer) -> Void) {
      for tile in tiles {
        for row in tile.rows { body(.init(UnsafeMutableBufferPointer(start: results + row * width, count: width))) }
        if let injections, tile.start > 0 { body(.init(injections[tile])) }
      }
    }
    for rank in isFirst ? 1..<count : rank..<rank + 1 {
      let tiles = tiles(rank)
      var size = 0
      forEachPiece(of: tiles) { size += $0.count }
      if size == 0 { continue }
      let bytes = message.reserve(size)
      var offset = 0
      if isFirst {
        let received = communicator.receive(into: bytes, from: rank)
        precondition(received == size, "rank \(rank) is at another batch")
        forEachPiece(of: tiles) { piece in
          piece.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + piece.count]))
          offset += piece.count
        }
      } else {
        forEachPiece(of: tiles) { piece in
          UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: UnsafeRawBufferPointer(piece))
          offset += piece.count
        }
        communicator.send(UnsafeRawBufferPointer(bytes), to: 0)
      }
    }
  }

  // MARK: To all ranks

  /// Sends rank 0's gradient to all ranks, or adds their gradients up. Of the embedding, only the rows of the batch's
  /// tokens are sent.
  func share(_ gradient: inout Parameters, tokens: [Int32], sums: Bool) {
    let e = layout.architecture.embeddingSize
    let rest = layout.embedding.range.upperBound..<layout.count
    let floats = message.reserve(4 * (tokens.count * e + rest.count)).bindMemory(to: Float.self)
    /// Calls `body` for each run of consecutive elements, with its offset in the message.
    func forEachPiece(_ body: (_ offset: Int, _ range: Range<Int>) -> Void) {
      for (row, token) in tokens.enumerated() {
        let start = layout.embedding.offset + Int(token) * e
        body(row * e, start..<start + e)
      }
      body(tokens.count * e, rest)
    }
    gradient.values.withUnsafeMutableBufferPointer { values in
      let (values, message) = (values.baseAddress!, floats.baseAddress!)
      if isFirst || sums {
        forEachPiece { (message + $0).update(from: values + $1.lowerBound, count: $1.count) }
      }
      if sums { communicator.sum(floats) } else { communicator.broadcast(UnsafeMutableRawBufferPointer(floats)) }
      if isFirst && !sums { return }
      forEachPiece { (values + $1.lowerBound).update(from: message + $0, count: $1.count) }
    }
  }
}

/// Memory that is reused for each message.
private final class MessageBuffer {
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)

  /// A buffer of `count` bytes, with arbitrary contents.
  func reserve(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if count > memory.count {
      memory.deallocate()
      memory = .allocate(byteCount: count, alignment: 64)
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
  }

  deinit { memory.deallocate() }
}
