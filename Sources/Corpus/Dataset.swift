import Files

/// Labeled data as the network takes them: a training part and a test part, and what their tokens and labels mean.
public struct Dataset: Sendable {
  /// The training part.
  public var training: LabeledSequences
  /// What to validate on, where the data have a part for it beside the test part; nil otherwise.
  public var validation: LabeledSequences?
  /// The test part; empty where the data have none and none was split off.
  public var test: LabeledSequences
  /// Texts without labels that are learned from, too, whole and in reading order; nil where none were asked for. None of
  /// them is a text of the test part.
  public var unlabeled: TokenSequences?
  /// The word of each token, [V], or nil where they aren't known.
  public var vocabulary: [String]?
  /// How texts become words of the vocabulary.
  public var coding = TextCoding()
  /// The names of the labels, from label 0 on.
  public var labels = Dataset.defaultLabels(2)
  /// Whether the data have a test part of their own.
  public var hasTestPart = true
  /// The names of the files that the texts come from: their paths in an archive or a folder; empty for a file by itself.
  package var fileNames: [String] = []
  /// What was chosen or left out, in sentences.
  public var notes: [String] = []

  /// What a note about texts without labels ends in that were left out.
  package static let hintOfUnlabeled = "; they can be learned from, too"

  /// The texts that are trained on, and those of a validation part, which have a say in it; nil where the data are
  /// numbers.
  package var trainingTexts: TextHashes? {
    training.origins.map { TextHashes(($0 + (validation?.origins ?? [])).map(\.hash)) }
  }

  /// "negative" and "positive", or, where there are more than two labels, their numbers.
  public static func defaultLabels(_ count: Int) -> [String] {
    count == 2 ? ["negative", "positive"] : (0..<count).map(String.init)
  }

  /// What to train on and what to validate on: the data's own validation part, or else the test part; or the given
  /// share of the training part, its last texts.
  ///
  /// - Throws: `CorpusError` where one of them would be empty.
  public func parts(
    validationSplit share: Double?
  ) throws -> (training: LabeledSequences, validation: LabeledSequences) {
    if let share { return try training.split(validationSplit: share) }
    return (training, validation ?? test)
  }

  /// Tells data apart by what training sees of them: the tokens, lengths and labels of both parts, and the tokens and
  /// lengths of the texts without labels, if there are some.
  public static func fingerprint(
    training: LabeledSequences, validation: LabeledSequences, unlabeled: TokenSequences? = nil
  ) -> String {
    var fingerprint = Fingerprint()
    for part in [training, validation] {
      part.sequences.tokens.withUnsafeBytes { fingerprint.add($0) }
      part.sequences.offsets.withUnsafeBytes { fingerprint.add($0) }
      part.labels.withUnsafeBytes { fingerprint.add($0) }
      if let texts = part.texts { texts.add(to: &fingerprint) }
    }
    if let unlabeled {
      unlabeled.tokens.withUnsafeBytes { fingerprint.add($0) }
      unlabeled.offsets.withUnsafeBytes { fingerprint.add($0) }
    }
    return fingerprint.text
  }
}
