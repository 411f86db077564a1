import Corpus
import Foundation

/// What comes on standard input, as a file, which can be read more than once.
enum StandardInput {
  /// What messages call it.
  static let name = "standard input"

  /// Copies standard input into a temporary file, which is removed in the end.
  ///
  /// - Throws: `CommandError` if that isn't possible, and what `body` throws; an error about the file is one about
  ///   standard input.
  static func withFile(_ body: (_ path: String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("lstm-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    do {
      try Data().write(to: url, options: .withoutOverwriting)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
      let file = try FileHandle(forWritingTo: url)
      while let data = try FileHandle.standardInput.read(upToCount: 1 << 20), !data.isEmpty {
        try file.write(contentsOf: data)
      }
      try file.close()
    } catch {
      throw CommandError(
        path: name, "can't be kept in \(url.path) (\(error.localizedDescription))",
        advice: "name a folder with enough space by TMPDIR, or give --data a file")
    }
    do { try body(url.path) } catch let error as CorpusError where error.file == url.path {
      throw CorpusError(
        error.kind, file: name, entry: error.entry, place: error.place, expected: error.expected, found: error.found,
        advice: error.advice)
    }
  }
}
