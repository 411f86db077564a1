import Files
import Foundation

/// The files of a zip or tar archive or of a folder, or a file by itself.
///
/// An instance belongs to one thread; see ``reopened()``.
package struct FileSet {
  /// A file.
  package struct File {
    /// Its path in the archive or below the folder; empty for a file by itself.
    let name: String
    /// Its index in the archive's table of contents, or in the folder's listing.
    let index: Int
    /// In bytes.
    let size: Int
    /// What tells it from a file that takes its place; nil in an archive.
    var state: FileState?

    /// The path of the folder that it lies in; empty at the top.
    var folder: Substring {
      // Bytes, since going by characters takes ten times as long.
      name.utf8.lastIndex(of: UInt8(ascii: "/")).map { name[..<$0] } ?? ""
    }
    /// What follows the last dot of its name, in lowercase; empty if there is none.
    var suffix: String {
      let separator = name.utf8.lastIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
      guard let separator, name.utf8[separator] == UInt8(ascii: ".") else { return "" }
      return name[name.utf8.index(after: separator)...].lowercased()
    }
  }

  /// The path by which the set was opened.
  let path: String
  /// The regular files, except those that a file browser would hide, or whose folder it would hide.
  let files: [File]
  private let archive: ZipArchive?
  private let tar: TarArchive?
  /// The paths, as the system has them, of those files in a folder whose names aren't UTF-8, by their indices.
  private let rawPaths: [Int: [CChar]]
  /// Whether it is a file by itself, which may be compressed.
  let isFileByItself: Bool
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
    case S_IFDIR:
      (files, rawPaths) = try Self.list(path)
      (archive, tar, readerLimit, isFileByItself) = (nil, nil, .max, false)
    case S_IFREG:
      let isZip = ["npz", "zip"].contains((path as NSString).pathExtension.lowercased())
      let start = try Self.start(of: path, count: TarArchive.blockSize)
      let gzip = start.starts(with: [0x1F, 0x8B]) ? try ZipArchive(gzip: path) : nil
      if let tar = try Self.tar(path, start, gzip) {
        (files, archive, self.tar, rawPaths, readerLimit) = (Self.list(tar), nil, tar, [:], .max)
        isFileByItself = false
        return
      }
      tar = nil
      if let gzip {
        files = [File(name: gzip.entryNames[0], index: 0, size: try gzip.declaredSize(of: 0))]
        (archive, rawPaths, readerLimit, isFileByItself) = (gzip, [:], .max, true)
        return
      }
      guard isZip || Self.isZip(start) else {
        files = [File(name: "", index: 0, size: Int(facts.st_size), state: FileState(facts))]
        (archive, rawPaths, readerLimit, isFileByItself) = (nil, [:], .max, true)
        return
      }
      // With deflate, an archive could hold a thousand times its own size; texts usually shrink to a third.
      let limit = max(64 << 20, 100 * min(Int(facts.st_size), 1 << 50))
      let archive = try ZipArchive(path: path, sizeLimit: limit)
      if let signature = FileSignature.found(amongNames: archive.entryNames) {
        throw signature.error(file: path, entry: nil)
      }
      (self.archive, files, rawPaths) = (archive, try Self.list(archive, limit: limit), [:])
      isFileByItself = false
      // Each thread has the table of contents in memory, about 300 bytes an entry.
      readerLimit = max(1, (1 << 21) / max(1, archive.entryNames.count))
    default:
      throw CorpusError(
        .unsupportedFormat, file: path, expected: "a file or a folder", found: "something else",
        advice: "check the path")
    }
  }

  private init(_ other: FileSet, archive: ZipArchive?) {
    (path, files, rawPaths, readerLimit) = (other.path, other.files, other.rawPaths, other.readerLimit)
    (self.archive, tar, isFileByItself) = (archive, other.tar, other.isFileByItself)
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
    if archive != nil || tar != nil { return (path, file.name) }
    return (file.name.isEmpty ? path : path + "/" + file.name, nil)
  }

  /// Reads a file.
  ///
  /// - Parameter body: takes all bytes from the reader.
  /// - Throws: `CorpusError` if the file cannot be read, and whatever `body` throws.
  func read<Result>(_ file: File, _ body: (inout EntryReader) throws -> Result) throws -> Result {
    if let archive { return try archive.read(entry: file.index, body) }
    if let tar {
      var reader = tar.reader(of: file.index)
      let result = try body(&reader)
      try reader.skipRest()
      return result
    }
    let path = location(of: file).file
    let descriptor = try Self.open(path, as: rawPaths[file.index])
    defer { close(descriptor) }
    func check() throws {
      guard try file.state == nil || Self.state(of: descriptor, path) == file.state else {
        throw FileError(.changed, path: path)
      }
    }
    try check()
    var reader = EntryReader(file: path, entry: nil, size: file.size) { chunk in
      let count = Foundation.read(descriptor, chunk.baseAddress, chunk.count)
      guard count >= 0 else { throw Self.failure(path) }
      return count
    }
    do {
      let result = try body(&reader)
      try reader.drain()
      try check()
      return result
    } catch {
      // Whatever is wrong with it, that is the reason.
      try check()
      throw error
    }
  }

  /// Reads a table; one in UTF-16 or of JSON columns is converted to UTF-8 and to rows first, in memory.
  ///
  /// - Parameters:
  ///   - encoding: how the file's bytes stand for characters, where they aren't UTF-16.
  ///   - body: takes all bytes from the reader, which are in the encoding that it is given.
  /// - Throws: `CorpusError` if the file cannot be read, and whatever `body` throws.
  func readTable<Result>(
    _ file: File, _ encoding: TextOptions.Encoding,
    _ body: (inout EntryReader, TextOptions.Encoding) throws -> Result
  ) throws -> Result {
    guard let converted = try rowsOfColumns(file, encoding) ?? utf8(ofUTF16: file, encoding) else {
      return try read(file) { try body(&$0, encoding) }
    }
    let location = location(of: file)
    var reader = EntryReader(converted, file: location.file, entry: location.entry)
    return try body(&reader, .utf8)
  }

  /// The rows of a table of JSON columns, as JSON Lines; nil of any other table.
  ///
  /// - Throws: `CorpusError` if the file cannot be read.
  func rowsOfColumns(_ file: File, _ encoding: TextOptions.Encoding) throws -> [UInt8]? {
    guard file.size <= JSONColumns.sizeLimit else { return nil }
    let start = try start(of: file, count: 256)
    let utf16 = UTF16Text(start: start, needsMark: !encoding.isUTF8)
    guard JSONColumns.mayBegin(utf16?.utf8(start) ?? start) else { return nil }
    var json = try read(file) { try $0.bytes($0.size) }
    if let utf16 {
      json = utf16.utf8(json)
    } else if encoding.makeUTF8(&json) != nil {
      return nil
    }
    return JSONColumns.lines(of: json)
  }

  /// A file in UTF-16, converted; nil if it is in another encoding.
  private func utf8(ofUTF16 file: File, _ encoding: TextOptions.Encoding) throws -> [UInt8]? {
    guard let utf16 = UTF16Text(start: try start(of: file, count: 256), needsMark: !encoding.isUTF8) else { return nil }
    guard file.size <= Self.utf16SizeLimit else {
      throw CorpusError(
        .tooLarge, file: path, entry: entry(file), expected: "UTF-16 of at most \(Self.utf16SizeLimit) bytes",
        found: "\(file.size)", advice: "convert it to UTF-8")
    }
    return utf16.utf8(try read(file) { try $0.bytes($0.size) })
  }

  /// UTF-16 is converted in memory.
  private static let utf16SizeLimit = 1 << 30

  /// The first bytes of a file: as many as are wanted, or all.
  ///
  /// - Throws: `CorpusError` if they cannot be read.
  func start(of file: File, count: Int) throws -> [UInt8] {
    if let archive { return try archive.start(ofEntry: file.index, count: count) }
    if let tar { return try tar.start(of: file.index, count: count) }
    return try Self.start(of: location(of: file).file, as: rawPaths[file.index], count: count)
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
    var encoding = encoding
    if let utf16 = UTF16Text(start: bytes, needsMark: !encoding.isUTF8) {
      (bytes, encoding) = (utf16.utf8(bytes), .utf8)
    }
    if bytes.withUnsafeBytes({ !$0.isEmpty && memchr($0.baseAddress!, 0, $0.count) != nil }) {
      throw CorpusError(
        .unsupportedFormat, file: path, entry: entry(file), expected: "a text",
        found: FileSignature.found(in: bytes)?.name ?? "a binary file, with NUL bytes", advice: "leave it out")
    }
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

  /// What Windows puts into folders.
  private static func isThumbnails(_ name: String) -> Bool {
    name.hasSuffix("Thumbs.db") || name.hasSuffix("desktop.ini")
  }

  /// A tar archive, plain or compressed; nil if the file is something else.
  private static func tar(_ path: String, _ start: [UInt8], _ gzip: ZipArchive?) throws -> TarArchive? {
    guard let gzip else { return TarArchive.isTar(start) ? try TarArchive(path: path) : nil }
    return TarArchive.isTar(try gzip.start(ofEntry: 0, count: TarArchive.blockSize)) ? try TarArchive(gzip: gzip) : nil
  }

  private static func list(_ tar: TarArchive) -> [File] {
    tar.entries.enumerated().compactMap { index, entry in
      let name = entry.name.hasPrefix("./") ? String(entry.name.dropFirst(2)) : entry.name
      return isHidden(name) || isThumbnails(name) ? nil : File(name: name, index: index, size: entry.range.count)
    }
  }

  private static func list(_ archive: ZipArchive, limit: Int) throws -> [File] {
    var (files, total) = ([File](), 0)
    let (slash, backslash) = (UInt8(ascii: "/"), UInt8(ascii: "\\"))
    // Some programs on Windows put backslashes between folders.
    let hasBackslashes =
      archive.entryNames.contains { $0.utf8.contains(backslash) }
      && !archive.entryNames.contains { $0.utf8.contains(slash) }
    for (index, entryName) in archive.entryNames.enumerated() {
      let name = hasBackslashes ? entryName.replacing("\\", with: "/") : entryName
      if name.utf8.last == slash || isHidden(name) || isThumbnails(name) { continue }
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
  private static func list(_ root: String) throws -> (files: [File], rawPaths: [Int: [CChar]]) {
    var (files, rawPaths) = ([File](), [Int: [CChar]]())
    var folders: [(name: String, path: [CChar])] = [("", Array(root.utf8CString))]
    while let folder = folders.popLast() {
      for (name, bytes) in try entries(folder.path, shown: folder.name.isEmpty ? root : root + "/" + folder.name) {
        let inside = folder.name.isEmpty ? name : folder.name + "/" + name
        let path = folder.path.dropLast() + [CChar(bitPattern: UInt8(ascii: "/"))] + bytes
        var facts = stat()
        guard lstat(Array(path), &facts) == 0 else { throw failure(root + "/" + inside) }
        let isLink = facts.st_mode & S_IFMT == S_IFLNK
        // A link that leads nowhere does not count.
        if isLink, stat(Array(path), &facts) != 0 { continue }
        switch facts.st_mode & S_IFMT {
        case S_IFREG:
          if String(validatingCString: Array(path)) == nil { rawPaths[files.count] = Array(path) }
          files.append(
            File(name: inside, index: files.count, size: Int(facts.st_size), state: FileState(facts)))
        case S_IFDIR where !isLink: folders.append((inside, Array(path)))
        default: break
        }
      }
    }
    return (files, rawPaths)
  }

  /// The names in a folder, except hidden ones, in their order; also as the system has them, which need not be UTF-8.
  private static func entries(_ path: [CChar], shown: String) throws -> [(name: String, bytes: [CChar])] {
    guard let folder = opendir(path) else { throw failure(shown) }
    defer { closedir(folder) }
    var entries: [(name: String, bytes: [CChar])] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else { break }
      let bytes = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) { name in
          Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
        }
      }
      let name = String(decoding: bytes.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
      if !name.hasPrefix("."), !isThumbnails(name) { entries.append((name, bytes)) }
    }
    guard errno == 0 else { throw failure(shown) }
    return entries.sorted { $0.name < $1.name }
  }

  // MARK: Files

  /// Whether a file begins as a zip archive does, with or without entries.
  static func isZip(_ start: some Collection<UInt8>) -> Bool {
    start.starts(with: "PK\u{3}\u{4}".utf8) || start.starts(with: "PK\u{5}\u{6}".utf8)
  }

  private static func start(of path: String, as rawPath: [CChar]? = nil, count: Int) throws -> [UInt8] {
    let descriptor = try open(path, as: rawPath)
    defer { close(descriptor) }
    var code: Int32?
    let bytes = [UInt8](filling: count) { buffer, filled in
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

  /// - Parameter rawPath: the path as the system has it, if it isn't UTF-8.
  private static func open(_ path: String, as rawPath: [CChar]? = nil) throws -> Int32 {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
    let descriptor = rawPath.map { Foundation.open($0, flags) } ?? Foundation.open(path, flags)
    guard descriptor >= 0 else { throw failure(path) }
    return descriptor
  }

  private static func state(of descriptor: Int32, _ path: String) throws -> FileState {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw failure(path) }
    return FileState(facts)
  }

  private static func failure(_ path: String) -> CorpusError {
    CorpusError(
      .unreadableFile, file: path, found: "can't be read (\(String(cString: strerror(errno))))",
      advice: "check its permissions")
  }
}
