/// What a file is that isn't text, as its first bytes tell.
struct FileSignature {
  /// What it is, with an article.
  let name: String
  /// The way to text.
  let advice: String

  private static let export = "export it as CSV, and give that"

  /// Each: where a format's mark begins, the mark, and the format.
  private static let known: [(offset: Int, mark: [UInt8], signature: FileSignature)] = [
    (
      0, Array("PAR1".utf8),
      .init(name: "a Parquet file", advice: "in pandas: read_parquet(FILE).to_csv(\"texts.csv\")")
    ),
    (
      0, Array("ARROW1".utf8),
      .init(name: "an Arrow file", advice: "in pandas: read_feather(FILE).to_csv(\"texts.csv\")")
    ),
    (0, Array("SQLite format 3\0".utf8), .init(name: "an SQLite database", advice: export)),
    (
      0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
      .init(name: "an Excel or Word file", advice: "save it as CSV UTF-8")
    ),
    (0, Array("%PDF-".utf8), .init(name: "a PDF file", advice: "extract its text, with pdftotext for example")),
    (0, Array("{\\rtf".utf8), .init(name: "an RTF file", advice: "save it as plain text in UTF-8")),
    (0, [0x89, 0x48, 0x44, 0x46], .init(name: "an HDF5 file", advice: export)),
    (0, [0x93] + Array("NUMPY".utf8), .init(name: "a NumPy array", advice: export)),
    (0, Array("Obj\u{1}".utf8), .init(name: "an Avro file", advice: export)),
    (
      0, [0x1F, 0x8B],
      .init(name: "data that are compressed with gzip", advice: "unpack it first, with gunzip for example")
    ),
    (
      0, Array("BZh".utf8),
      .init(name: "data that are compressed with bzip2", advice: "unpack it first, with bunzip2 for example")
    ),
    (
      0, [0xFD, 0x37, 0x7A, 0x58, 0x5A],
      .init(name: "data that are compressed with xz", advice: "unpack it first, with unxz for example")
    ),
    (
      0, [0x28, 0xB5, 0x2F, 0xFD],
      .init(name: "data that are compressed with zstd", advice: "unpack it first, with unzstd for example")
    ),
    (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .init(name: "a 7z archive", advice: "unpack it, and give the folder")),
    (0, Array("Rar!\u{1A}\u{7}".utf8), .init(name: "a RAR archive", advice: "unpack it, and give the folder")),
    (0, Array("PK\u{3}\u{4}".utf8), .init(name: "a zip archive inside the archive", advice: "unpack the outer one")),
    (257, Array("ustar".utf8), .init(name: "a tar archive", advice: "unpack it with tar xf, and give the folder")),
    (0, [0x89] + Array("PNG".utf8), .init(name: "a picture", advice: "give texts")),
    (0, [0xFF, 0xD8, 0xFF], .init(name: "a picture", advice: "give texts")),
    (0, Array("\u{7F}ELF".utf8), .init(name: "a program", advice: "give texts")),
  ]

  /// What a file is that begins so; nil if it may be text.
  static func found(in start: [UInt8]) -> FileSignature? {
    if start.count > 1, start[0] == 0x80, 2...5 ~= start[1] {
      return FileSignature(
        name: "a pickle of Python, which is never opened", advice: "in pandas: read_pickle(FILE).to_csv(\"texts.csv\")")
    }
    return known.first { offset, mark, _ in start.dropFirst(offset).starts(with: mark) }?.signature
  }

  /// What an archive is whose entries have these names; nil if it may hold texts.
  static func found(amongNames names: [String]) -> FileSignature? {
    let names = Set(names)
    if names.contains("xl/workbook.xml") {
      return FileSignature(name: "an Excel workbook", advice: "save it as CSV UTF-8, and give that")
    }
    if names.contains("word/document.xml") {
      return FileSignature(name: "a Word document", advice: "save it as plain text in UTF-8")
    }
    if names.contains("META-INF/manifest.xml"), names.contains("content.xml") {
      return FileSignature(name: "an OpenDocument file", advice: "save it as CSV or plain text in UTF-8")
    }
    return nil
  }

  func error(file: String, entry: String?) -> CorpusError {
    CorpusError(
      .unsupportedFormat, file: file, entry: entry, place: .line(1), expected: "text", found: name, advice: advice)
  }
}
