import Foundation

/// A progress bar in one line of a terminal. If stderr is not a terminal, it does nothing.
struct ProgressBar {
  private let isShown: Bool
  private var isDrawn = false
  private var lastDrawn = ContinuousClock.now - .seconds(1)

  /// - Parameter isQuiet: whether to show nothing, even on a terminal.
  init(isQuiet: Bool) {
    isShown = !isQuiet && isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Whether the bar is shown.
  var isInteractive: Bool { isShown }

  /// Redraws the line, at most ten times per second, as wide as the terminal allows.
  ///
  /// - Parameters:
  ///   - title: the text before the bar.
  ///   - done: the share that is done, from 0 to 1.
  ///   - details: the texts after the bar; those that don't fit are left out.
  mutating func draw(_ title: String, done: Double, details: [String]) {
    guard isShown, done >= 1 || ContinuousClock.now - lastDrawn > .milliseconds(100) else { return }
    lastDrawn = ContinuousClock.now
    // The last column stays empty, because some terminals break the line there.
    let width = max(terminalWidth - 1, 10)
    let barWidth = 16
    var line = title
    if title.count + 1 + barWidth <= width {
      let full = Int((done * Double(barWidth)).rounded(.down))
      line += " " + String(repeating: "━", count: full) + String(repeating: "╌", count: barWidth - full)
    }
    for detail in details where !detail.isEmpty && line.count + 2 + detail.count <= width { line += "  " + detail }
    FileHandle.standardError.write(Data("\r\u{1B}[K\(line.prefix(width))".utf8))
    isDrawn = true
  }

  /// Removes the line, so that another can be printed.
  mutating func clear() {
    guard isDrawn else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    isDrawn = false
  }

  private var terminalWidth: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
