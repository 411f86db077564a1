#if !Zip
  import Foundation

  // What there is without libzip: nothing can be opened or made.

  /// A zip archive, which can't be opened without libzip.
  package final class ZipArchive {
    package let path: String
    package let entryNames: [String] = []

    package init(path: String, sizeLimit: Int = 0) throws { throw Self.error(path) }
    package init(gzip path: String) throws { throw Self.error(path) }
    package init(reopening archive: ZipArchive) throws { throw Self.error(archive.path) }

    package static func entryNames(path: String) throws -> [String] { throw error(path) }

    package func read<Result>(_ name: String, _ body: (inout EntryReader) throws -> Result) throws -> Result {
      throw Self.error(path)
    }
    package func read<Result>(entry index: Int, _ body: (inout EntryReader) throws -> Result) throws -> Result {
      throw Self.error(path)
    }
    package func start(ofEntry index: Int, count: Int) throws -> [UInt8] { throw Self.error(path) }
    package func declaredSize(of index: Int) throws -> Int { throw Self.error(path) }

    private static func error(_ path: String) -> CorpusError {
      CorpusError(
        .unsupportedFormat, file: path, expected: "a file that is not compressed",
        found: "an archive, for which this build has no libzip", advice: "build with the trait Zip, or unpack it")
    }
  }

  /// Makes zip archives, for which this build has no libzip.
  package enum ZipWriter {
    package static func archive(_ entries: [(name: String, data: Data)], isDeflated: Bool = false) throws -> Data {
      throw CorpusError(
        .unsupportedFormat, expected: "a format that is not a zip archive", found: "one that is",
        advice: "build with the trait Zip, for libzip")
    }
  }
#endif
