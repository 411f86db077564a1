import Foundation

/// How the ranks of a run communicate: processes, numbered from 0, that all run the same program.
///
/// Calls block, and are made from one thread. Every rank makes the same collective calls (`broadcast`, `sum`) in the same
/// order; messages from one rank to another arrive in the order in which they were sent. If a rank dies, calls don't
/// return: the launcher ends all ranks.
public protocol Communicator: AnyObject {
  /// This process's number.
  var rank: Int { get }
  /// Number of ranks.
  var count: Int { get }
  /// What this rank's calls have cost so far.
  var traffic: Traffic { get }

  /// Sends bytes, which may be changed again on return.
  func send(_ message: UnsafeRawBufferPointer, to rank: Int)
  /// Waits for the next message of a rank, which must fit.
  ///
  /// - Returns: its length in bytes.
  func receive(into buffer: UnsafeMutableRawBufferPointer, from rank: Int) -> Int
  /// Gives rank 0's bytes to all ranks, which pass buffers of the same size.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer)
  /// Replaces each value by its sum over all ranks, added in an order that may depend on their number.
  func sum(_ values: UnsafeMutableBufferPointer<Float>)
  /// Ends all ranks at once, this one too, with an exit code.
  func abort(_ code: Int32) -> Never
}

/// The cost of a communicator's calls, summed.
public struct Traffic: Sendable, Equatable {
  /// Seconds spent in calls: moving bytes, and waiting for the others.
  public var seconds: Double = 0
  /// Bytes that this rank received, whatever way they took; a sum counts with what it needs, 2 (n − 1) / n of the values.
  public var bytes = 0
  /// Messages that this rank received; a sum counts as one.
  public var messages = 0

  /// No calls.
  public init() {}
}

/// A run of one process.
public final class SingleRank: Communicator {
  /// 0.
  public let rank = 0
  /// 1.
  public let count = 1
  /// Nothing.
  public let traffic = Traffic()

  /// The only rank.
  public init() {}
  /// Not to be called: there is no other rank.
  public func send(_ message: UnsafeRawBufferPointer, to rank: Int) { preconditionFailure("there is one rank") }
  /// Not to be called: there is no other rank.
  public func receive(into buffer: UnsafeMutableRawBufferPointer, from rank: Int) -> Int {
    preconditionFailure("there is one rank")
  }
  /// Nothing to do.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {}
  /// Nothing to do.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) {}
  /// Exits.
  public func abort(_ code: Int32) -> Never { exit(code) }
}

extension Communicator {
  /// Gives rank 0's value, of a type without references, to all ranks.
  package func broadcast<Value: BitwiseCopyable>(_ value: inout Value) {
    withUnsafeMutableBytes(of: &value) { broadcast($0) }
  }

  /// Gives rank 0's values, of a type without references, to all ranks, which need not know how many there are.
  package func broadcast<Value: BitwiseCopyable>(_ values: inout [Value]) {
    var size = values.count
    broadcast(&size)
    if size == 0 {
      values = []
    } else if rank == 0 {
      values.withUnsafeMutableBytes { broadcast($0) }
    } else {
      values = Array(unsafeUninitializedCapacity: size) { buffer, initializedCount in
        broadcast(UnsafeMutableRawBufferPointer(buffer))
        initializedCount = size
      }
    }
  }

  /// Gives rank 0's data to all ranks.
  package func broadcast(_ data: Data) -> Data {
    if count == 1 { return data }
    var bytes = [UInt8](data)
    broadcast(&bytes)
    return Data(bytes)
  }

  /// The texts of all ranks on rank 0, and none on the others.
  package func gather(_ text: String) -> [String] {
    var text = text
    if rank > 0 {
      var size = text.utf8.count
      withUnsafeBytes(of: &size) { send($0, to: 0) }
      text.withUTF8 { send(UnsafeRawBufferPointer($0), to: 0) }
      return []
    }
    return [text]
      + (1..<max(count, 1)).map { rank in
        var size = 0
        _ = withUnsafeMutableBytes(of: &size) { receive(into: $0, from: rank) }
        var bytes = [UInt8](repeating: 0, count: size)
        _ = bytes.withUnsafeMutableBytes { receive(into: $0, from: rank) }
        return String(decoding: bytes, as: UTF8.self)
      }
  }
}
