import Foundation
import Synchronization

/// Ctrl-C (SIGINT) and SIGTERM: the first asks for an orderly end, the second leaves at once.
enum Interruption {
  /// The signal that came, or 0. A signal handler may touch an atomic, and little else.
  private static let received = Atomic<Int32>(0)

  /// From now on signals are noted instead of ending the process.
  static func listen() {
    // Also makes the atomic exist before the handler needs it.
    received.store(0, ordering: .relaxed)
    // Whoever started this process may have blocked them: the mask is inherited.
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

  /// The exit code that the signal asks for, 130 or 143; nil where none came.
  static var exitCode: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : 128 + number
  }
}
