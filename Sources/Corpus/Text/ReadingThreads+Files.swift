extension ReadingThreads {
  /// Reads texts of a file each, in the archive's own order, which is the fastest.
  ///
  /// - Parameter progress: told the share that has been read, by one thread at a time.
  /// - Throws: `CorpusError` if a text cannot be read.
  func chunks(
    of texts: [TextTree.Text], in files: FileSet, _ encoding: TextOptions.Encoding, progress: (Double) -> Void
  ) throws -> [WordChunk] {
    var next = 0
    return try chunks { () -> ArraySlice<TextTree.Text>? in
      guard next < texts.count else { return nil }
      let start = next
      next = min(start + 64, texts.count)
      progress(Double(start) / Double(texts.count))
      return texts[start..<next]
    } read: { thread, texts, chunk in
      let files = try thread.opened(files)
      // Packed, English takes about a third of its bytes.
      if keepsTokens { chunk.words.reserveCapacity(texts.reduce(0) { $0 + $1.file.size } / 3) }
      var (bytes, scratch) = ([UInt8](), [UInt8]())
      for (index, text) in zip(texts.indices, texts) {
        try files.readText(text.file, encoding, into: &bytes)
        bytes.withUnsafeBufferPointer { bytes in
          thread.add(bytes, label: text.label, file: index, to: &chunk, scratch: &scratch)
        }
      }
    }
  }

  /// Reads a table from front to back.
  ///
  /// - Parameters:
  ///   - table: the table.
  ///   - index: its index among the files of the data set.
  ///   - format: its format.
  ///   - labels: where to number the labels; nil to give every text the number 0.
  ///   - progress: told the share that has been read, by one thread at a time.
  /// - Throws: `CorpusError` if the table cannot be read.
  func chunks(
    of table: TextLayout.Table, _ index: Int, _ format: TableFormat, _ labels: LabelTable?, in files: FileSet,
    _ options: TextOptions, progress: (Double) -> Void
  ) throws -> [WordChunk] {
    try files.readTable(table.file, options.encoding) { reader, encoding in
      try withUnsafeMutablePointer(to: &reader) { reader in
        var batches = try TextTable(reader, format, options, encoding, labels: labels)
        let rows = batches.rows
        return try chunks {
          progress(batches.progress)
          return try batches.next()
        } read: { thread, batch, chunk in
          chunk.part = table.part
          var scratch: [UInt8] = []
          chunk.remarks = try rows.forEachText(of: batch) { text, label, line in
            thread.add(text, label: label, file: index, line: line, to: &chunk, scratch: &scratch)
          }
        }
      }
    }
  }

  /// Reads a file of a text in each line.
  ///
  /// - Parameter progress: told the share that has been read, by one thread at a time.
  /// - Throws: `CorpusError` if the file cannot be read.
  func chunks(
    ofLinesIn file: FileSet.File, in files: FileSet, _ encoding: TextOptions.Encoding, progress: (Double) -> Void
  ) throws -> [WordChunk] {
    try files.readTable(file, encoding) { reader, encoding in
      try withUnsafeMutablePointer(to: &reader) { reader in
        var lines = UTF8Lines(reader, encoding)
        return try chunks { () -> TextBatch? in
          progress(lines.progress)
          var batch = TextBatch()
          while batch.bytes.count < TextBatch.size, try lines.next() {
            batch.add(
              lines.line.last == UInt8(ascii: "\r") ? lines.line.dropLast() : lines.line[...], line: lines.number)
          }
          return batch.ends.isEmpty ? nil : batch
        } read: { thread, batch, chunk in
          var (start, scratch) = (0, [UInt8]())
          for (end, line) in zip(batch.ends, batch.lines) {
            batch.bytes[start..<end].withUnsafeBufferPointer {
              thread.add($0, label: 0, file: 0, line: line, to: &chunk, scratch: &scratch)
            }
            start = end
          }
        }
      }
    }
  }
}
