#if Zip
  import CLibZip
  import Foundation

  /// Makes zip archives in memory; the same entries give the same bytes.
  package enum ZipWriter {
    /// An archive of some entries, in the given order.
    ///
    /// - Parameter isDeflated: whether entries are compressed or stored as they are.
    /// - Throws: `CorpusError` if libzip fails, for lack of memory for example.
    package static func archive(_ entries: [(name: String, data: Data)], isDeflated: Bool = false) throws -> Data {
      var error = zip_error_t()
      zip_error_init(&error)
      defer { zip_error_fini(&error) }
      guard let target = zip_source_buffer_create(nil, 0, 0, &error) else { throw failure(&error) }
      // Closing the archive releases one reference to its source; this one is for reading the bytes.
      zip_source_keep(target)
      defer { zip_source_free(target) }
      guard let archive = zip_open_from_source(target, ZIP_TRUNCATE, &error) else {
        zip_source_free(target)
        throw failure(&error)
      }
      for entry in entries {
        do { try add(entry.name, entry.data, isDeflated, to: archive) } catch {
          zip_discard(archive)
          throw error
        }
      }
      guard zip_close(archive) == 0 else {
        let failure = failure(zip_get_error(archive))
        zip_discard(archive)
        throw failure
      }
      return try contents(of: target)
    }

    private static func add(_ name: String, _ data: Data, _ isDeflated: Bool, to archive: OpaquePointer) throws {
      // libzip reads the bytes when it closes the archive, and frees them then.
      let copy = malloc(max(data.count, 1))!
      data.withUnsafeBytes { if data.count > 0 { memcpy(copy, $0.baseAddress!, data.count) } }
      guard let source = zip_source_buffer(archive, copy, UInt64(data.count), 1) else {
        free(copy)
        throw failure(zip_get_error(archive))
      }
      let index = zip_file_add(archive, name, source, UInt32(ZIP_FL_ENC_UTF_8))
      guard index >= 0 else {
        zip_source_free(source)
        throw failure(zip_get_error(archive))
      }
      let method = isDeflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE
      // A fixed time, the format's earliest, so that the same content makes the same file.
      guard zip_set_file_compression(archive, UInt64(index), method, 0) == 0,
        zip_file_set_dostime(archive, UInt64(index), 0, 0x21, 0) == 0
      else { throw failure(zip_get_error(archive)) }
    }

    private static func contents(of source: OpaquePointer) throws -> Data {
      var facts = zip_stat_t()
      guard zip_source_stat(source, &facts) == 0, zip_source_open(source) == 0 else {
        throw failure(zip_source_error(source))
      }
      defer { zip_source_close(source) }
      var data = Data(count: Int(facts.size))
      let count = data.withUnsafeMutableBytes { zip_source_read(source, $0.baseAddress, UInt64($0.count)) }
      guard count == data.count else { throw failure(zip_source_error(source)) }
      return data
    }

    private static func failure(_ error: UnsafeMutablePointer<zip_error_t>?) -> CorpusError {
      CorpusError(
        .outOfMemory,
        found: "the zip archive cannot be made (\(error.map { String(cString: zip_error_strerror($0)) } ?? "unknown"))",
        advice: "free some memory, and try again")
    }
  }
#endif
