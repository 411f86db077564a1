import Foundation

/// Reads a regular file of at most `limit` bytes.
///
/// - Returns: nil where there is no such file.
/// - Throws: `FileError` with the given advice where it can't be read, isn't a regular file, or is larger.
package func boundedContents(of path: String, limit: Int, advice: String) throws -> Data? {
  do { return try RegularFile(path, advice: advice).contents(limit: limit) } catch let error as FileError
    where error.kind == .missing
  { return nil }
}

/// Checks that there is a regular file.
///
/// - Parameter advice: what to use instead.
/// - Throws: `FileError` where there is no such file, or it isn't a regular one: a pipe or a device might never end.
package func checkRegularFile(_ path: String, advice: String) throws {
  var facts = stat()
  guard stat(path, &facts) == 0 else {
    throw FileError(errno == ENOENT ? .missing : .unreadable(code: errno), path: path, advice: advice)
  }
  guard facts.st_mode & S_IFMT == S_IFREG else {
    throw FileError(.notRegular(isFolder: facts.st_mode & S_IFMT == S_IFDIR), path: path, advice: advice)
  }
}
