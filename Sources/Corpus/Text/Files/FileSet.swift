import Foundation

/// The files of a zip archive or of a folder, or a file by itself.
///
/// An instance belongs to one thread; see ``reopened()``.
package struct FileSet {
  /// A file.
  package struct File {
    /// Its path in the archive or below the folder; empty for a file by itself.
    let name: String
    /// Its index in the archive's table of contents.
    let index: Int
    /// In bytes.
    let size: Int

    /// The number of folders that it lies in.
    var depth: Int { name.utf8.count { $0 == UInt8(ascii: "/") } }
    /// The names of the folder that it lies in and of the one above that; empty where there is none.
    var folders: (last: Substring, above: Substring) {
      // Bytes, since going by characters takes ten times as long.
      func cut(_ path: Substring) -> (Substring, Substring) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        return slash.map { (path[..<$0], path[path.utf8.index(after: $0)...]) } ?? ("", path)
      }
      let (path, last) = cut(cut(name[...]).0)
      return (last, cut(path).1)
    }
    /// What follows the last dot of its name, in lowercase.
    var suffix: String {
      let dot = name.utf8.lastIndex(of: UInt8(ascii: "."))
      return dot.map { name[name.utf8.index(after: $0)...].lowercased() } ?? ""
    }
  }

  /// The path by which the set was opened.
  let path: String
  /// The regular files, except those that a file browser would hide, or whose folder it would hide.
  let files: [File]
  private let archive: ZipArchive?
  /// How many threads can read it without taking too much memory.
  let readerLimit: Int

  /// Opens the archive, folder or file at a path.
  ///
  /// - Throws: `CorpusError` if there is nothing, or if it cannot be read.
  package init(path: String) throws {
    self.path = path
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw CorpusError.inaccessible(path, code: errno) }
    switch facts.st_mode & S_IFMT {
    case S_IFDIR: (archive, files, readerLimit) = (nil, try Self.list(path), .max)
    case S_IFREG:
      let isZip = ["npz", "zip"].contains((path as NSString).pathExtension.lowercased())
      guard try isZip || Self.isZip(Self.start(of: path, count: 4)) else {
        (archive, files, readerLimit) = (nil, [File(name: "", index: 0, size: Int(facts.st_size))], .max)
        return
      }
      // With deflate, an archive could hold a thousand times its own size; texts usually shrink to a third.
      let limit = max(64 << 20, 100 * min(Int(facts.st_size), 1 << 50))
      let archive = try ZipArchive(path: path, sizeLimit: limit)
      (self.archive, files) = (archive, try Self.list(archive, limit: limit))
      // Each thread has the table of contents in memory, about 300 bytes an entry.
      readerLimit = max(1, (1 << 21) / max(1, archive.entryNames.count))
    default:
      throw CorpusError(
        .unsupportedFormat, file: path, expected: "a file or a folder", found: "something else",
        advice: "check the path")
    }
  }

  private init(_ other: FileSet, archive: ZipArchive?) {
    (path, files, readerLimit, self.archive) = (other.path, other.files, other.readerLimit, archive)
  }

  /// The same files, for another thread.
  ///
  /// - Throws: `CorpusError` if the archive has been removed or replaced since.
  func reopened() throws -> FileSet { FileSet(self, archive: try archive.map(ZipArchive.init(reopening:))) }

  /// Whether there is an entry that Keras's `imdb.npz` has.
  package var holdsNumbers: Bool { archive != nil && files.contains { $0.name == "x_train.npy" } }

  /// A file's name for messages; nil for a file by itself.
  func entry(_ file: File) -> String? { file.name.isEmpty ? nil : file.name }

  /// Where a file is, for messages: its path, or its archive's with its name there.
  func location(of file: File) -> (file: String, entry: String?) {
    if archive != nil { return (path, file.name) }
    return (file.name.isEmpty ? path : path + "/" + file.name, nil)
  }

  /// Reads a file.
  ///
  /// - Parameter body: takes all bytes from the reader.
  /// - Throws: `CorpusError` if the file cannot be read, and whatever `body` throws.
  func read<Result>(_ file: File, _ body: (inout EntryReader) throws -> Result) throws -> Result {
    if let archive { return try archive.read(entry: file.index, body) }
    let path = file.name.isEmpty ? self.path : self.path + "/" + file.name
    let descriptor = try Self.open(path)
    defer { close(descriptor) }
    var reader = EntryReader(file: path, entry: nil, size: file.size) { chunk in
      let count = Foundation.read(descriptor, chunk.baseAddress, chunk.count)
      guard count >= 0 else { throw Self.failure(path) }
      return count
    }
    let result = try body(&reader)
    try reader.drain()
    return result
  }

  /// The first bytes of a file: as many as are wanted, or all.
  ///
  /// - Throws: `CorpusError` if they cannot be read.
  func start(of file: File, count: Int) throws -> [UInt8] {
    if let archive { return try archive.start(ofEntry: file.index, count: count) }
    return try Self.start(of: file.name.isEmpty ? path : path + "/" + file.name, count: count)
  }

  /// Reads a file that is a text.
  ///
  /// - Parameters:
  ///   - encoding: how the file's bytes stand for characters.
  ///   - bytes: becomes the text, as UTF-8 without a byte order mark.
  /// - Throws: `CorpusError` if the file cannot be read, is too large, or is not in the encoding.
  func readText(_ file: File, _ encoding: TextOptions.Encoding, into bytes: inout [UInt8]) throws {
    guard file.size <= textSizeLimit else {
      throw CorpusError(
        .tooLarge, file: path, entry: entry(file), expected: "a text of at most \(textSizeLimit) bytes",
        found: "\(file.size)", advice: "leave it out, or cut it")
    }
    bytes.removeAll(keepingCapacity: true)
    try read(file) { try $0.append($0.size, to: &bytes) }
    if let offset = encoding.makeUTF8(&bytes) {
      let line = bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1
      throw encoding.error(file: path, entry: entry(file), line: line, byte: bytes[offset])
    }
    if bytes.starts(with: byteOrderMark) { bytes.removeFirst(byteOrderMark.count) }
  }

  // MARK: Listing

  /// Whether a component of a path other than `.` and `..` begins with a dot, or macOS has added the file to the
  /// archive.
  private static func isHidden(_ name: String) -> Bool {
    let (dot, slash) = (UInt8(ascii: "."), UInt8(ascii: "/"))
    var dots: Int? = 0
    for byte in name.utf8 {
      if byte == slash {
        dots = 0
      } else if let before = dots {
        if byte != dot && before > 0 { return true }
        dots = byte == dot ? before + 1 : nil
      }
    }
    return name.hasPrefix("__MACOSX/")
  }

  private static func list(_ archive: ZipArchive, limit: Int) throws -> [File] {
    var (files, total) = ([File](), 0)
    for (index, name) in archive.entryNames.enumerated() where !name.hasSuffix("/") {
      if isHidden(name) { continue }
      let size = try archive.declaredSize(of: index)
      total += size
      guard total <= limit else {
        throw CorpusError(
          .tooLarge, file: archive.path, expected: "at most \(limit) bytes in all, a hundred times the archive's size",
          found: "more declared", advice: "unpack it and give the folder, if you trust it")
      }
      files.append(File(name: name, index: index, size: size))
    }
    return files
  }

  /// Links to files count as files; links to folders are not followed, since they could lead in a circle.
  private static func list(_ root: String) throws -> [File] {
    var (files, folders) = ([File](), [""])
    while let folder = folders.popLast() {
      let path = folder.isEmpty ? root : root + "/" + folder
      let names: [String]
      do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch { throw failure(path) }
      for name in names.sorted() where !name.hasPrefix(".") {
        let inside = folder.isEmpty ? name : folder + "/" + name
        var facts = stat()
        guard lstat(root + "/" + inside, &facts) == 0 else { throw failure(root + "/" + inside) }
        let isLink = facts.st_mode & S_IFMT == S_IFLNK
        // A link that leads nowhere does not count.
        if isLink, stat(root + "/" + inside, &facts) != 0 { continue }
        switch facts.st_mode & S_IFMT {
        case S_IFREG: files.append(File(name: inside, index: 0, size: Int(facts.st_size)))
        case S_IFDIR where !isLink: folders.append(inside)
        default: break
        }
      }
    }
    return files
  }

  // MARK: Files

  /// Whether a file begins as a zip archive does, with or without entries.
  static func isZip(_ start: some Collection<UInt8>) -> Bool {
    start.starts(with: "PK\u{3}\u{4}".utf8) || start.starts(with: "PK\u{5}\u{6}".utf8)
  }

  private static func start(of path: String, count: Int) throws -> [UInt8] {
    let descriptor = try open(path)
    defer { close(descriptor) }
    var code: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let found = Foundation.read(descriptor, buffer.baseAddress! + filled, count - filled)
        if found < 0 && errno == EINTR { continue }
        if found < 0 { code = errno }
        if found <= 0 { break }
        filled += found
      }
    }
    if let code {
      errno = code
      throw failure(path)
    }
    return bytes
  }

  private static func open(_ path: String) throws -> Int32 {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    return descriptor
  }

  private static func failure(_ path: String) -> CorpusError {
    CorpusError(
      .unreadableFile, file: path, found: "can't be read (\(String(cString: strerror(errno))))",
      advice: "check its permissions")
  }
}
