import Corpus
import Files
import Models
import Testing

/// Expects an error of a library's, whose line has some parts.
///
/// Whatever the error, its line is one that a user is shown and that a log keeps: it ends with the advice, has no line
/// breaks, and names no options of the command line, of which a library knows nothing.
///
/// - Parameters:
///   - type: the error's type; where only its line matters, `(any ActionableError).self`.
///   - path: the file or folder that the error must name, where that matters.
package func refuses<Failure>(
  _ type: Failure.Type, at path: String? = nil, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> some Any
) {
  expectRefusal(at: path, parts, sourceLocation, body) { $0 is Failure }
}

/// Expects a `ModelError` of some kind, as `refuses(_:at:_:sourceLocation:_:)` expects one of some type.
package func refuses(
  _ kind: ModelError.Kind, at path: String? = nil, _ parts: String...,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) {
  expectRefusal(at: path, parts, sourceLocation, body) { ($0 as? ModelError)?.kind == kind }
}

/// Expects a `FileError` of some kind, as `refuses(_:at:_:sourceLocation:_:)` expects one of some type.
package func refuses(
  _ kind: FileError.Kind, at path: String? = nil, _ parts: String...,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) {
  expectRefusal(at: path, parts, sourceLocation, body) { ($0 as? FileError)?.kind == kind }
}

/// Expects a `CorpusError` of some kind, as `refuses(_:at:_:sourceLocation:_:)` expects one of some type.
package func refuses(
  _ kind: CorpusError.Kind, at path: String? = nil, _ parts: String...,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
) {
  expectRefusal(at: path, parts, sourceLocation, body) { ($0 as? CorpusError)?.kind == kind }
}

private func expectRefusal(
  at path: String?, _ parts: [String], _ sourceLocation: SourceLocation, _ body: () throws -> some Any,
  isRight: (any ActionableError) -> Bool
) {
  let failure: any ActionableError
  do {
    _ = try body()
    Issue.record("nothing was refused; expected: \(parts)", sourceLocation: sourceLocation)
    return
  } catch let error as any ActionableError {
    failure = error
  } catch {
    Issue.record(error, "not an error of the libraries", sourceLocation: sourceLocation)
    return
  }
  let line = failure.description
  #expect(isRight(failure), "\(type(of: failure)) of another kind: \(line)", sourceLocation: sourceLocation)
  if let path { #expect(failure.path == path, "\(line)", sourceLocation: sourceLocation) }
  for part in parts { #expect(line.contains(part), "\(line)", sourceLocation: sourceLocation) }
  expectMessage(failure, sourceLocation: sourceLocation)
}

/// Expects that an error's line can be shown as it is.
package func expectMessage(_ error: some ActionableError, sourceLocation: SourceLocation = #_sourceLocation) {
  let line = error.description
  let location = sourceLocation
  #expect((error as any Error).localizedDescription == line, sourceLocation: location)
  #expect(line == (error.path.map { "\($0): " } ?? "") + "\(error.problem); \(error.advice)", sourceLocation: location)
  #expect(!error.problem.isEmpty && !error.advice.isEmpty, "\(line)", sourceLocation: location)
  #expect(!line.contains { $0.isNewline }, "\(line)", sourceLocation: location)
  // srun's own option, which is not one of ours.
  #expect(!line.replacing("srun --mpi=pmix", with: "").contains("--"), "\(line)", sourceLocation: location)
}
