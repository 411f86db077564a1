import Foundation

/// Communication between the ranks of a run: processes, numbered from 0, that all run the same program.
///
/// Calls block, and are made from one thread. All ranks make the same collective calls (`broadcast`, `sum`) in the same
/// order. Messages from one rank to another arrive in the order in which they were sent. If a rank dies, calls don't
/// return, and the launcher ends all ranks.
public protocol Communicator: AnyObject {
  /// The number of this rank.
  var rank: Int { get }
  /// The number of ranks.
  var count: Int { get }
  /// The cost of this rank's calls so far.
  var traffic: Traffic { get }

  /// Sends bytes. They may be changed as soon as the call returns.
  func send(_ message: UnsafeRawBufferPointer, to rank: Int)
  /// Waits for the next message from a rank, which must fit into the buffer.
  ///
  /// - Returns: the message's length in bytes.
  func receive(into buffer: UnsafeMutableRawBufferPointer, from rank: Int) -> Int
  /// Sends rank 0's bytes to all ranks, which pass buffers of the same size.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer)
  /// Replaces each value by its sum over all ranks. The order of additions may depend on the number of ranks.
  func sum(_ values: UnsafeMutableBufferPointer<Float>)
  /// Ends all ranks immediately, including this one, with an exit code.
  func abort(_ code: Int32) -> Never
}

/// The total cost of a communicator's calls.
public struct Traffic: Sendable, Equatable {
  /// Seconds spent in calls, both moving bytes and waiting for other ranks.
  public var seconds: Double = 0
  /// Bytes that this rank received, by any route. A sum counts as the bytes that it needs, 2 (n − 1) / n of its values'.
  public var bytes = 0
  /// Messages that this rank received. A sum counts as one.
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
  /// No traffic.
  public let traffic = Traffic()

  /// The only rank.
  public init() {}
  /// Must not be called: there is no other rank.
  public func send(_ message: UnsafeRawBufferPointer, to rank: Int) { preconditionFailure("there is one rank") }
  /// Must not be called: there is no other rank.
  public func receive(into buffer: UnsafeMutableRawBufferPointer, from rank: Int) -> Int {
    preconditionFailure("there is one rank")
  }
  /// Does nothing.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {}
  /// Does nothing.
  public func sum(_ values: UnsafeMutableBufferPointer<Float>) {}
  /// Exits with a code.
  public func abort(_ code: Int32) -> Never { exit(code) }
}

extension Communicator {
  /// Sends rank 0's value, of a type without references, to all ranks.
  package func broadcast<Value: BitwiseCopyable>(_ value: inout Value) {
    withUnsafeMutableBytes(of: &value) { broadcast($0) }
  }

  /// Sends rank 0's values, of a type without references, to all ranks, which needn't know their number.
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

  /// Sends rank 0's data to all ranks.
  package func broadcast(_ data: Data) -> Data {
    if count == 1 { return data }
    var bytes = [UInt8](data)
    broadcast(&bytes)
    return Data(bytes)
  }

  /// Collects a text from each rank on rank 0; on the others, the result is empty.
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
