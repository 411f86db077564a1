extension String {
  /// Text from a file, made safe for a terminal: without control characters, and shortened.
  ///
  /// Control and format characters could move the cursor or reverse the line on the reader's terminal.
  package func escapedForTerminal(limit: Int = 60) -> String {
    var escaped = ""
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        escaped += scalar.escaped(asASCII: true)
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return unicodeScalars.dropFirst(limit).isEmpty ? escaped : escaped + "…"
  }
}
