#if Zip
  import CLibZip
  import Files
  import Foundation

  /// A file as libzip's source of bytes, with no more system calls than reading takes.
  ///
  /// Libzip's own source asks for the file's size and time at every entry and seeks back and forth, which for small
  /// entries takes as long as reading them.
  final class ZipFile {
    private let descriptor: Int32
    private let facts: stat
    private var position: Int64 = 0
    private var error = zip_error_t()
    /// `buffer[..<buffered]` follows `bufferStart` in the file: what is read next is usually close by.
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var buffered = 0
    private var bufferStart: Int64 = 0

    private init(_ descriptor: Int32, _ facts: stat) {
      self.descriptor = descriptor
      self.facts = facts
      zip_error_init(&error)
    }

    deinit {
      zip_error_fini(&error)
      close(descriptor)
    }

    /// A source for `zip_open_from_source`, which takes ownership of it, and the file's state.
    ///
    /// - Throws: `CorpusError` if the file can't be opened.
    static func source(_ path: String) throws -> (OpaquePointer, FileState) {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      var facts = stat()
      guard descriptor >= 0, fstat(descriptor, &facts) == 0 else {
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { close(descriptor) }
        throw CorpusError(
          .unreadableFile, file: path, found: "the archive cannot be opened (\(reason))",
          advice: "check the file and its permissions")
      }
      let file = Unmanaged.passRetained(ZipFile(descriptor, facts))
      let source = zip_source_function_create(
        { state, data, length, command in
          let file = Unmanaged<ZipFile>.fromOpaque(state!)
          if command == ZIP_SOURCE_FREE {
            file.release()
            return 0
          }
          return file.takeUnretainedValue().answer(command, data, length)
        }, file.toOpaque(), nil)
      guard let source else {
        file.release()
        throw CorpusError(
          .outOfMemory, file: path, found: "the archive cannot be opened", advice: "free some memory, and try again")
      }
      return (source, FileState(facts))
    }

    private func answer(
      _ command: zip_source_cmd_t, _ data: UnsafeMutableRawPointer?, _ length: UInt64
    ) -> Int64 {
      switch command {
      case ZIP_SOURCE_SUPPORTS:
        return [
          ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
          ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS,
        ].reduce(0) { $0 | 1 << Int64($1.rawValue) }
      case ZIP_SOURCE_OPEN:
        position = 0
        return 0
      case ZIP_SOURCE_READ: return read(UnsafeMutableRawBufferPointer(start: data, count: Int(length)))
      case ZIP_SOURCE_SEEK:
        let offset = zip_source_seek_compute_offset(UInt64(position), UInt64(facts.st_size), data, length, &error)
        if offset < 0 { return -1 }
        position = offset
        return 0
      case ZIP_SOURCE_TELL: return position
      case ZIP_SOURCE_STAT:
        let result = data!.assumingMemoryBound(to: zip_stat_t.self)
        zip_stat_init(result)
        result.pointee.size = UInt64(facts.st_size)
        result.pointee.valid = UInt64(ZIP_STAT_SIZE)
        return Int64(MemoryLayout<zip_stat_t>.size)
      case ZIP_SOURCE_ERROR: return zip_error_to_data(&error, data, length)
      default: return 0
      }
    }

    private func read(_ target: UnsafeMutableRawBufferPointer) -> Int64 {
      if position < bufferStart || position >= bufferStart + Int64(buffered) {
        if target.count >= buffer.count {
          return counted(pread(descriptor, target.baseAddress, target.count, off_t(position)))
        }
        bufferStart = position
        let count = pread(descriptor, &buffer, buffer.count, off_t(position))
        buffered = max(0, count)
        if count < 0 { return counted(count) }
      }
      let place = Int(position - bufferStart)
      let count = min(target.count, buffered - place)
      buffer.withUnsafeBytes { target.copyBytes(from: $0[place..<place + count]) }
      return counted(count)
    }

    private func counted(_ count: Int) -> Int64 {
      if count < 0 { zip_error_set(&error, ZIP_ER_READ, errno) }
      position += Int64(max(0, count))
      return Int64(count)
    }
  }
#endif
