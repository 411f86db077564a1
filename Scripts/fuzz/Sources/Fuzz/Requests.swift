import Foundation

#if Serve
  import Serving
  import Synchronization

  /// Connections to a server in this process.
  enum Requests {
    /// Where the server listens, once it does.
    private static let port = startedServer()

    /// Sends what a client may send, and waits for the server to close.
    static func send(_ bytes: Data) {
      let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      precondition(client >= 0, "no socket")
      defer { close(client) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let connected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      precondition(connected == 0, "the server doesn't accept connections")
      // It may have answered and closed before all is sent.
      _ = bytes.withUnsafeBytes { Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      shutdown(client, Int32(SHUT_WR))
      // A server that never closes is what libFuzzer's own limit on time is for.
      var answer = [UInt8](repeating: 0, count: 1 << 14)
      while recv(client, &answer, answer.count, 0) > 0 {}
      // Closed by a reset, so that no port has to wait.
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }

    private static func startedServer() -> UInt16 {
      let (listening, port) = (DispatchSemaphore(value: 0), Box())
      let path = scratchPath + ".model"
      try! Seeds.model.write(toSafetensors: path)
      var options = ServerOptions()
      (options.port, options.maximumWait) = (0, .zero)
      let server = try! InferenceServer(
        [ModelSource(name: "model", path: path)], options: options, threads: 1, version: "0"
      ) { event in
        if case .started(_, let number) = event {
          port.number.store(UInt16(number), ordering: .relaxed)
          listening.signal()
        }
      }
      Task.detached { try await server.run() }
      listening.wait()
      return port.number.load(ordering: .relaxed)
    }

    private final class Box: Sendable {
      let number = Atomic<UInt16>(0)
    }
  }
#else
  enum Requests {
    static func send(_: Data) { fatalError("built without the trait Serve") }
  }
#endif
