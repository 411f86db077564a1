import Foundation
import Synchronization

/// Prints a message to stderr.
///
/// Where that fails, nothing can say so; and a run must not end because its terminal has gone.
func printError(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

/// Prints a line of progress to stdout at once, even where stdout is a file or a pipe.
///
/// The first line that can't be printed is reported on stderr, and the work goes on. Results are written by
/// `writeOutput`, which fails.
func printProgress(_ text: String) {
  guard let code = write(text + "\n", to: STDOUT_FILENO) else { return }
  if hasLostOutput.exchange(true, ordering: .relaxed) { return }
  printError("Warning: standard output can't be written (\(String(cString: strerror(code)))); going on without it")
}

private let hasLostOutput = Atomic(false)

/// Writes a result to stdout at once, even where stdout is a file or a pipe.
///
/// A process whose output nobody reads any more (`| head`) is ended by SIGPIPE. Where the signal is ignored or blocked,
/// it ends here, as quietly and with the same code.
///
/// - Throws: `CommandError` where it can't be written: the disk is full, say.
func writeOutput(_ text: String) throws {
  guard let code = write(text, to: STDOUT_FILENO) else { return }
  if code == EPIPE { _exit(128 + SIGPIPE) }
  throw CommandError(
    path: "standard output", "can't be written (\(String(cString: strerror(code))))",
    advice: "check that there is enough free space")
}

/// Prints a line of a result to stdout at once, and ends the process with a message where that fails.
func printLine(_ text: String) {
  do { try writeOutput(text + "\n") } catch { LSTM.exit(withError: advised(error)) }
}

/// Writes a whole text to a descriptor.
///
/// - Returns: the system's error number, or nil where all went well.
private func write(_ text: String, to file: Int32) -> Int32? {
  var text = text
  return text.withUTF8 { bytes in
    var written = 0
    while written < bytes.count {
      let count = Foundation.write(file, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return count < 0 ? errno : EIO }
      written += count
    }
    return nil
  }
}

/// Opens /dev/null as each standard stream that is closed: the next file that is opened would take its place, and get
/// what is printed.
func openStandardStreams() {
  for file in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(file, F_GETFD) < 0 {
    // The lowest free descriptor, which is this one.
    _ = open("/dev/null", O_RDWR)
  }
}

/// A whole number with separated thousands: 25,000.
func grouped(_ number: Int) -> String {
  var digits = String(number.magnitude)
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// A number with a fixed number of decimals.
func fixed(_ number: Double, _ decimals: Int) -> String {
  String(format: "%.\(decimals)f", number)
}
