import Foundation
import Training

/// Prints a message to stderr. Results go to stdout.
func printError(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Prints a line immediately, even if stdout is a file or a pipe.
func printLine(_ text: String) {
  FileHandle.standardOutput.write(Data((text + "\n").utf8))
}

/// Writes to stdout immediately, like `printLine`, but reports failures.
///
/// A process whose output is no longer read (`| head`) dies from SIGPIPE. If the parent process had the signal ignored or
/// blocked, the process ends here, just as quietly and with the same code.
///
/// - Throws: `CommandError`, for example if the disk is full.
func writeOutput(_ text: String) throws {
  var text = text
  try text.withUTF8 { bytes in
    var written = 0
    while written < bytes.count {
      let count = write(STDOUT_FILENO, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EPIPE { _exit(128 + SIGPIPE) }
      guard count > 0 else {
        throw CommandError(
          path: "standard output", "can't be written (\(String(cString: strerror(errno))))",
          advice: "check that there is enough free space")
      }
      written += count
    }
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
