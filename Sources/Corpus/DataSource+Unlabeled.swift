extension DataSource {
  /// Where the texts without labels are; nil if none were asked for.
  ///
  /// - Throws: `CorpusError` if they, or the texts to test on, cannot be read.
  func unlabeled(beside files: FileSet, _ options: TextOptions, threads: Int) throws -> UnlabeledSource? {
    guard let unlabeledPath else { return nil }
    // Opening an archive anew would mean to unpack it anew, if it is compressed as a whole.
    return UnlabeledSource(
      files: unlabeledPath == path ? files : try FileSet(path: unlabeledPath),
      testHashes: try testHashes(options, threads: threads))
  }

  /// The hashes of the texts to test on that are not among the others.
  private func testHashes(_ options: TextOptions, threads: Int) throws -> Set<UInt64> {
    guard let testPath else { return [] }
    return try UnlabeledTexts.testHashes(of: FileSet(path: testPath), options, threads: threads)
  }

  /// Reads all texts but those of a test part, without their labels.
  ///
  /// They are shuffled as labeled ones are, so that the first or last of them are a fair sample; and they are whole.
  func unlabeledTexts(
    _ files: FileSet, vocabularySize: Int, _ model: ModelTerms?, keeping kept: KeptTexts, _ threads: Int,
    _ progress: (Double) -> Void
  ) throws -> Dataset {
    if let other = unlabeledPath ?? validationPath {
      throw CorpusError(
        .invalidArgument("path"), file: other, found: "other texts, beside some that have no labels",
        advice: "leave them out, or put all texts without labels into one folder")
    }
    let options = text ?? TextOptions()
    let terms = try terms(for: model, vocabularySize: vocabularySize)
    let isReviews = (try? TextLayout(of: files))?.whiteSpace == .imdb
    let coding = LabeledTexts.coding(options, terms, whiteSpace ?? (isReviews ? .imdb : .unicode))
    let coder = terms.map { TextCoder(vocabulary: $0.vocabulary, coding: coding) }
    let keepsWords = kept.contains(.words)
    let readers = ReadingThreads(
      count: max(1, min(threads, files.readerLimit)), coding, keepsWords ? nil : coder, files: files)
    var texts = try UnlabeledTexts(files, options: options, takesAll: true, by: readers, progress: progress)
    try texts.leaveOut(testHashes(options, threads: threads))
    let notes = ["\(texts.shownCount) texts are read without labels"] + texts.numbered.notes
    let words = keepsWords || coder == nil ? MergedWords(texts.words) : nil
    let vocabulary: [String]
    var tokens: [[Int32]]?
    if let terms, let coder {
      (vocabulary, tokens) = (terms.vocabulary, words?.tokens(by: coder))
    } else {
      let ranking = try WordRanking(
        of: [(texts.numbered.texts, texts.numbered.chunks)], words: words!, size: vocabularySize, file: path)
      (vocabulary, tokens) = (ranking.vocabulary, ranking.tokens)
    }
    let fileNames = texts.numbered.fileNames
    let training = texts.takeShuffled(
      tokens: tokens, words: keepsWords ? words : nil, coding: coding, threads: readers.count)
    return Dataset(
      training: limit.map(training.prefix) ?? training, test: LabeledSequences([]), vocabulary: vocabulary,
      coding: coding, hasTestPart: false, fileNames: fileNames, notes: notes)
  }
}
