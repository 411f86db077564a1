import Foundation
import Synchronization

/// Handles Ctrl-C (SIGINT) and SIGTERM: the first signal asks for an orderly end, and the second one exits immediately.
enum Interruption {
  /// The signal that was received, or 0. An atomic is one of the few things that a signal handler may access.
  private static let received = Atomic<Int32>(0)

  /// Starts recording signals, which would otherwise end the process.
  static func listen() {
    // This also initializes the atomic, before the handler needs it.
    received.store(0, ordering: .relaxed)
    // The parent process may have blocked the signals, and the mask is inherited.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      Foundation.signal(number) { number in
        if Interruption.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    // A pipe that nobody reads any more costs the lines of progress, not the model.
    Foundation.signal(SIGPIPE, SIG_IGN)
  }

  /// The exit code for the received signal, 130 or 143; nil if there was none.
  static var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }
}
