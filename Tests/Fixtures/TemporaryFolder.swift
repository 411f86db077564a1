import Foundation

/// A folder that goes away with the test; see `withTemporaryFolder(_:)`.
package struct TemporaryFolder: Sendable {
  package let path: String

  /// A file or folder in it, by its name or its path below the folder.
  package func url(_ name: String) -> URL { URL(fileURLWithPath: path(name)) }

  /// The path of a file or folder in it, which need not be there.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// A file's content, as UTF-8.
  package func text(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

  /// A file's content.
  package func bytes(_ name: String) throws -> Data { try Data(contentsOf: url(name)) }

  /// Writes a file, into a folder that is there, and returns its path.
  @discardableResult
  package func write(_ bytes: some DataProtocol, to name: String) throws -> String {
    try Data(bytes).write(to: url(name))
    return path(name)
  }

  /// Writes a file of text as UTF-8, into a folder that is there, and returns its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String { try write(Data(text.utf8), to: name) }

  /// Whether there is a file or folder of this name.
  package func contains(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// The names of what is in it, sorted.
  package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// Lends a new folder, which is removed when the call returns.
package func withTemporaryFolder<Result>(_ body: (TemporaryFolder) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appending(path: "lstm-test-\(UUID().uuidString)")
    .path(percentEncoded: false)
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(TemporaryFolder(path: path))
}
