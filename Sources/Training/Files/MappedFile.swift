import Foundation

/// A regular file's bytes, which come into memory as they are looked at.
///
/// - Parameter advice: what to give instead.
/// - Throws: `TrainingError` where there is no such file; a pipe or a device, which might never end, is none.
package func mappedFile(_ path: String, advice: String) throws -> Data {
  try checkRegularFile(path, advice: advice)
  do { return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
    throw TrainingError(path: path, problem: "can't be read", advice: advice)
  }
}

/// Checks that there is a regular file.
///
/// - Throws: `TrainingError`, as ``mappedFile(_:advice:)`` does.
package func checkRegularFile(_ path: String, advice: String) throws {
  var facts = stat()
  guard stat(path, &facts) == 0 else {
    throw TrainingError(
      path: path, problem: errno == ENOENT ? "no such file" : "can't be read (\(String(cString: strerror(errno))))",
      advice: advice)
  }
  guard facts.st_mode & S_IFMT == S_IFREG else {
    let isFolder = facts.st_mode & S_IFMT == S_IFDIR
    throw TrainingError(path: path, problem: isFolder ? "is a folder" : "is no regular file", advice: advice)
  }
}
