import Foundation
import Training

/// Messages go to stderr, results to stdout.
func printError(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Prints a line at once, though stdout be a file or a pipe.
func printLine(_ text: String) {
  FileHandle.standardOutput.write(Data((text + "\n").utf8))
}

/// Writes to stdout at once, as `printLine` does, and says where that fails.
///
/// A process whose output nobody reads any more (`| head`) dies by SIGPIPE. Where whoever started it has had the signal
/// ignored or blocked, it ends here, as quietly and with the same code.
///
/// - Throws: `CommandError` where the disk is full, say.
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
          advice: "see to the space where it goes")
      }
      written += count
    }
  }
}

/// A whole number with its thousands marked: 25,000.
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
