import Foundation

/// Reads a regular file of at most `limit` bytes.
///
/// - Returns: nil where there is no such file.
/// - Throws: `FileError` with the given advice where it can't be read, isn't a regular file, or is larger.
package func boundedContents(of path: String, limit: Int, advice: String) throws -> Data? {
  var information = stat()
  guard stat(path, &information) == 0 else {
    if errno == ENOENT { return nil }
    throw FileError(.unreadable(code: errno), path: path, advice: advice)
  }
  // Opening a pipe would wait for a writer, and a device may never end.
  guard information.st_mode & S_IFMT == S_IFREG else {
    throw FileError(.notRegular(isFolder: information.st_mode & S_IFMT == S_IFDIR), path: path, advice: advice)
  }
  guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: limit + 1) else {
    // Foundation returns nil for an empty file, too.
    if information.st_size == 0 { return Data() }
    throw FileError(.unreadable(code: nil), path: path, advice: advice)
  }
  guard data.count <= limit else { throw FileError(.tooLarge(limit: limit), path: path, advice: advice) }
  return data
}

/// A regular file's bytes, which are loaded as they are accessed.
///
/// - Parameter advice: what to use instead.
/// - Throws: `FileError` where there is no such file, or it isn't a regular one: a pipe or a device might never end.
package func mappedFile(_ path: String, advice: String) throws -> Data {
  try checkRegularFile(path, advice: advice)
  do { return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
    throw FileError(.unreadable(code: nil), path: path, advice: advice)
  }
}

/// Checks that there is a regular file.
///
/// - Throws: `FileError`, as ``mappedFile(_:advice:)`` does.
package func checkRegularFile(_ path: String, advice: String) throws {
  var facts = stat()
  guard stat(path, &facts) == 0 else {
    throw FileError(errno == ENOENT ? .missing : .unreadable(code: errno), path: path, advice: advice)
  }
  guard facts.st_mode & S_IFMT == S_IFREG else {
    throw FileError(.notRegular(isFolder: facts.st_mode & S_IFMT == S_IFDIR), path: path, advice: advice)
  }
}
