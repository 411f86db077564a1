extension String {
  /// The text as a field of CSV, quoted according to RFC 4180 if necessary.
  package var csvField: String {
    utf8.contains { "\",\r\n".utf8.contains($0) } ? "\"" + replacing("\"", with: "\"\"") + "\"" : self
  }
}
