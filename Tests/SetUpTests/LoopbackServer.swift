import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A web server of this machine that answers every request in one scripted way.
final class LoopbackServer: Sendable {
  /// What is sent for a path, and how.
  enum Answer: Sendable {
    case whole([UInt8])
    /// Announces the whole body and hangs up in the middle.
    case cutShort([UInt8])
    /// Sends this much of a body and then nothing, without hanging up.
    case silent(after: [UInt8], of: Int)
    /// Accepts the request and never answers.
    case mute
    case error(Int)
    /// Sends to another address.
    case redirect(String)
    /// Announces no length and doesn't stop (short of 64 MB).
    case endless
  }

  private let listener: Int32
  private let port: UInt16
  private let answers: [String: Answer]
  private let requested = Mutex<[String]>([])
  private let sentAll = Mutex(false)

  var address: String { "http://127.0.0.1:\(port)" }

  /// The paths asked for so far.
  var requests: [String] { requested.withLock { $0 } }

  /// Whether somebody took an endless body until this server gave up.
  var isDrained: Bool { sentAll.withLock { $0 } }

  init(_ answers: [String: Answer]) throws {
    (listener, port) = try Self.listen()
    self.answers = answers
    Thread.detachNewThread { self.serve() }
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  /// An address of this machine at which nobody listens.
  static func deadAddress() throws -> String {
    let (socket, port) = try listen()
    close(socket)
    return "http://127.0.0.1:\(port)"
  }

  private static func listen() throws -> (socket: Int32, port: UInt16) {
    #if os(Linux)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let socket = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(socket, pointer, length) == 0
          // Without a backlog a connection waits for nobody's answer.
          && systemListen(socket, 16) == 0
          && getsockname(socket, pointer, &length) == 0
      }
    }
    guard socket >= 0, bound else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    return (socket, UInt16(bigEndian: address.sin_port))
  }

  private func serve() {
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 { return }
      #if canImport(Darwin)
        var on: Int32 = 1
        setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
      #endif
      answer(connection)
      close(connection)
    }
  }

  private func answer(_ connection: Int32) {
    var request: [UInt8] = []
    while !request.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      guard let more = receive(connection) else { return }
      request += more
    }
    let words = String(decoding: request, as: UTF8.self).split(separator: " ")
    let path = words.count > 1 ? String(words[1]) : ""
    requested.withLock { $0.append(path) }

    switch answers[path] ?? .error(404) {
    case .whole(let body):
      send(connection, head("200 OK", length: body.count) + body)
    case .cutShort(let body):
      send(connection, head("200 OK", length: body.count) + body.prefix(body.count / 2))
    case .silent(let sent, let length):
      send(connection, head("200 OK", length: length) + sent)
      untilHangUp(connection)
    case .mute:
      untilHangUp(connection)
    case .error(let code):
      send(connection, head("\(code) No", length: 0))
    case .redirect(let address):
      send(connection, Array("HTTP/1.1 302 Found\r\nLocation: \(address)\r\nContent-Length: 0\r\n\r\n".utf8))
    case .endless:
      send(connection, head("200 OK", length: nil))
      let block = [UInt8](repeating: 0x61, count: 1 << 16)
      for _ in 0..<1024 { if !send(connection, block) { return } }
      sentAll.withLock { $0 = true }
    }
  }

  private func head(_ status: String, length: Int?) -> [UInt8] {
    Array("HTTP/1.1 \(status)\r\nConnection: close\r\n\(length.map { "Content-Length: \($0)\r\n" } ?? "")\r\n".utf8)
  }

  private func untilHangUp(_ connection: Int32) {
    while receive(connection) != nil {}
  }

  /// What has arrived, or nil at the end.
  private func receive(_ connection: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(connection, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }

  /// Whether the other side took all of it.
  @discardableResult
  private func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    #if os(Linux)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        systemSend(connection, $0.baseAddress! + sent, bytes.count - sent, flags)
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }
}

// The system's functions, under names that the methods above don't hide.

private func systemListen(_ socket: Int32, _ backlog: Int32) -> Int32 { listen(socket, backlog) }

private func systemSend(_ socket: Int32, _ bytes: UnsafeRawPointer, _ count: Int, _ flags: Int32) -> Int {
  send(socket, bytes, count, flags)
}
