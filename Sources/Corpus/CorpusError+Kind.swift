extension CorpusError {
  /// A column of a table, by what it holds.
  public enum Column: String, Sendable {
    case text, label
  }

  /// What kind of problem kept data from being read.
  public enum Kind: Equatable, Sendable {
    // MARK: Files

    /// There is nothing at the path.
    case notFound
    /// The system refused to open or read the file, or the file changed meanwhile.
    case unreadableFile
    /// The file has another format than the one expected, or is a folder or a device.
    case unsupportedFormat
    /// The bytes contradict themselves, their checksum or their declared number.
    case damaged
    /// A size goes beyond the limits that protect the memory.
    case tooLarge
    /// There was no memory left.
    case outOfMemory

    // MARK: Archives and arrays

    /// The archive lacks the entry of this name.
    case missingEntry(String)
    /// An entry is encrypted, compressed in an unknown way, or one of several with the same name.
    case unsupportedEntry
    /// An array has another type, shape, length or content than the one expected.
    case unsupportedArray
    /// A word index lacks a usable rank for a word.
    case invalidWordIndex

    // MARK: Texts

    /// There is nothing that could be texts with labels.
    case noTexts
    /// The data are token ids already, where texts are needed.
    case tokensInsteadOfTexts
    /// The texts can't be coded for a model that doesn't say which words it knows.
    case noVocabulary
    /// A byte does not belong to the encoding.
    case invalidEncoding
    /// A record or a line of a table breaks the rules of its format, or lacks its text or label.
    case malformedTable
    /// A table lacks the column of texts or of labels; `columns` are those it has.
    case missingColumn(Column, columns: [String])
    /// Several columns of a table have the same name.
    case ambiguousColumn(String)

    // MARK: Labels

    /// There are more different labels than any classifier here can have. They come from a column, or, if that is nil,
    /// from the names of folders.
    case tooManyLabels(column: String?)
    /// The data have `found` different labels, and not as many as were asked for.
    case wrongLabelCount(found: Int)
    /// Labels differ only in case or surrounding spaces.
    case ambiguousLabels
    /// The label that was to become 1 is not among those of the data.
    case unknownLabel(String)
    /// The data have labels that are not among the model's, which these are.
    case foreignLabels(known: [String])

    // MARK: Parts and parameters

    /// The training or the test part has nothing in it.
    case emptyPart
    /// The parameter of this name has a value that cannot be used.
    case invalidArgument(String)
  }
}
