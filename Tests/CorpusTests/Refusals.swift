import Corpus
import Testing

/// Expects an error of some kind, whose line has some parts.
///
/// Whatever the error, it has to fit one line, and must not name options of the command line.
func refuses(
  _ kind: CorpusError.Kind, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> some Any
) {
  let error = #expect(throws: CorpusError.self, sourceLocation: sourceLocation) { _ = try body() }
  guard let error else { return }
  let line = error.description
  #expect(error.kind == kind, "\(line)", sourceLocation: sourceLocation)
  for part in parts { #expect(line.contains(part), "\(line)", sourceLocation: sourceLocation) }
  #expect(!line.contains("\n"), sourceLocation: sourceLocation)
  #expect(!line.contains("--"), "\(line)", sourceLocation: sourceLocation)
}
