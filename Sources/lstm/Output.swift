import Foundation

/// Messages go to stderr, results to stdout.
func printError(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Prints a line at once, though stdout be a file or a pipe.
func printLine(_ text: String) {
  FileHandle.standardOutput.write(Data((text + "\n").utf8))
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
