import Foundation

/// Lets the process end with a message and EX_OSERR where memory that it needs can't be had.
///
/// An array can't say that it can't grow: Swift's runtime aborts, and some libraries use what they didn't get. What else
/// ends a process by such a signal does so as before.
func endWithMessageOnShortageOfMemory() {
  for number in [SIGABRT, SIGSEGV, SIGILL, SIGTRAP] {
    sigaction(number, nil, &formerActions[Int(number)])
    signal(number) { number in
      guard errno == ENOMEM else {
        // The runtime's own handler prints where a program crashed.
        sigaction(number, &formerActions[Int(number)], nil)
        raise(number)
        return
      }
      // A handler may call little, and allocate nothing.
      let message: StaticString =
        "Error: there is too little memory; free some, or choose a smaller network or fewer texts\n"
      _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
      _exit(EX_OSERR)
    }
  }
}

nonisolated(unsafe) private let formerActions: UnsafeMutablePointer<sigaction> = {
  let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 32)
  actions.initialize(repeating: sigaction(), count: 32)
  return actions
}()
