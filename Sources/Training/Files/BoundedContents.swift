import Foundation

/// What a regular file holds, at most `limit` bytes.
///
/// - Returns: nil where there is no such file.
/// - Throws: `TrainingError` with the advice, where it can't be read, is no regular file, or larger.
package func boundedContents(of path: String, limit: Int, advice: String) throws -> Data? {
  func fail(_ problem: String) -> TrainingError { TrainingError(path: path, problem: problem, advice: advice) }
  var information = stat()
  guard stat(path, &information) == 0 else {
    if errno == ENOENT { return nil }
    throw fail("can't be read (\(String(cString: strerror(errno))))")
  }
  // A pipe would be waited for, a device may never end.
  guard information.st_mode & S_IFMT == S_IFREG else { throw fail("is not a file") }
  guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: limit + 1) else {
    // Foundation gives nil for an empty file, too.
    if information.st_size == 0 { return Data() }
    throw fail("can't be read")
  }
  guard data.count <= limit else { throw fail("is larger than \(limit) bytes") }
  return data
}
