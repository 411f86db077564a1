import Foundation

/// A place for a file, which goes away with its owner.
///
/// Tests that write thousands of files use it: Foundation's atomic writes would make each of them durable.
package struct TemporaryFile: ~Copyable {
  package let path: String

  /// - Parameter ending: the end of the file's name, after its dot.
  package init(_ ending: String) {
    path = FileManager.default.temporaryDirectory.appending(path: "lstm-test-\(UUID().uuidString).\(ending)")
      .path(percentEncoded: false)
  }

  deinit { unlink(path) }

  /// Writes the file, or replaces its content.
  package func write(_ bytes: some Sequence<UInt8>) throws {
    let bytes = Array(bytes)
    guard let file = fopen(path, "wb") else { throw POSIXError(.EIO) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw POSIXError(.EIO) }
  }

  /// The file's content.
  package func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
}
