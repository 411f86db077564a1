import Corpus
import Foundation

/// Reads the lines of a stream as they arrive: a thread reads ahead, and each call returns all lines that have arrived in
/// the meantime.
///
/// That way, a typed line is answered immediately, a fast pipe is processed in large batches, and memory is bounded in
/// both cases.
// @unchecked: whatever both threads access is guarded by the condition's lock; `count`, `block` and `place` are only used by
// the caller's thread.
final class LineReader: @unchecked Sendable {
  /// The length limit of a line, in bytes.
  static let longestLine = 64 << 20
  /// The number of bytes at which the thread stops reading ahead, once there is a complete line.
  private static let readAhead = 4 << 20
  private static let chunk = 256 << 10

  private enum Ending {
    case end
    case failure(Int32)
    case overlong
  }

  /// The number of lines of one call: an empty one takes a byte here, but a hundred and more to be answered.
  private static let linesPerCall = 1 << 13

  private let name: String
  /// What a call has taken over from the thread, from `place` on not yet returned; only used by the caller's thread.
  private var block: [UInt8] = []
  private var place = 0
  private let condition = NSCondition()
  private var bytes: [UInt8] = []
  /// The index in `bytes` after its last complete line.
  private var end = 0
  private var ending: Ending?
  /// The number of lines returned so far.
  private var count = 0

  /// - Parameters:
  ///   - descriptor: the stream, which is not closed.
  ///   - name: the stream's name in messages.
  init(_ descriptor: Int32, name: String) {
    self.name = name
    Thread.detachNewThread { [self] in fill(from: descriptor) }
  }

  /// Waits until there is at least one line, and returns the lines since the last call, some thousand at most, without their
  /// line endings. At the end of the stream, there are none.
  ///
  /// - Throws: `CorpusError` after the last line that could be read.
  func next() throws -> [ArraySlice<UInt8>] {
    if place == block.count {
      let (taken, failure) = take()
      if let failure { throw failure }
      (block, place) = (taken, 0)
    }
    var lines: [ArraySlice<UInt8>] = []
    while place < block.endIndex, lines.count < Self.linesPerCall {
      let end = block[place...].firstIndex(of: UInt8(ascii: "\n")) ?? block.endIndex
      let hasReturn = end > place && block[end - 1] == UInt8(ascii: "\r")
      lines.append(block[place..<(hasReturn ? end - 1 : end)])
      place = min(end + 1, block.endIndex)
    }
    // A byte order mark isn't part of the text.
    if count == 0, let first = lines.first, first.starts(with: [0xEF, 0xBB, 0xBF]) { lines[0] = first.dropFirst(3) }
    count += lines.count
    return lines
  }

  private func take() -> (block: [UInt8], failure: CorpusError?) {
    condition.lock()
    defer { condition.unlock() }
    while end == 0 && ending == nil { condition.wait() }
    if end > 0 {
      let rest = Array(bytes[end...])
      bytes.removeLast(bytes.count - end)
      defer { (bytes, end) = (rest, 0) }
      condition.signal()
      return (bytes, nil)
    }
    switch ending! {
    case .end:
      defer { bytes = [] }
      return (bytes, nil)
    case .failure(let code):
      return (
        [],
        CorpusError(
          .unreadableFile, file: name, found: "can't be read (\(String(cString: strerror(code))))",
          advice: "give a file or a pipe")
      )
    case .overlong:
      return (
        [],
        CorpusError(
          .tooLarge, file: name, entry: "line \(count + 1)",
          expected: "a text of at most \(Self.longestLine >> 20) MiB",
          found: "a longer one", advice: "check that it is a text file with one text per line")
      )
    }
  }

  private func fill(from descriptor: Int32) {
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 1)
    defer { chunk.deallocate() }
    while true {
      let count = read(descriptor, chunk.baseAddress, chunk.count)
      let code = errno
      if count < 0 && code == EINTR { continue }
      condition.lock()
      defer { condition.unlock() }
      if count > 0 {
        let new = chunk[..<count]
        if let newline = new.lastIndex(of: UInt8(ascii: "\n")) { end = bytes.count + newline + 1 }
        bytes += new
        if bytes.count - end > Self.longestLine { ending = .overlong }
      } else {
        ending = count == 0 ? .end : .failure(code)
      }
      condition.signal()
      if ending != nil { return }
      while end > 0 && bytes.count >= Self.readAhead { condition.wait() }
    }
  }
}
