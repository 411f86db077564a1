extension NumberedTexts {
  /// The seed of Keras's `load_data`.
  static let shuffleSeed: UInt32 = 113

  /// The texts of each part, in reading order; where the data have no test part, some texts of each label are set apart
  /// for it, or those to validate on are taken for it.
  ///
  /// - Parameters:
  ///   - testSplit: the share of each label's texts to set apart.
  ///   - byHash: whether a text's hash decides whether it is set apart, rather than its place among the others.
  ///   - file: the path of the data, for messages.
  /// - Throws: `CorpusError` if there is nothing to train on.
  mutating func parts(
    testSplit: Double, byHash: Bool, labelCount: Int, file: String
  ) throws -> (training: [Text], validation: [Text], test: [Text]) {
    func texts(_ part: TextPart) -> [Text] { self.texts.filter { $0.part == part } }
    let (training, validation, test) = (texts(.training), texts(.validation), texts(.test))
    if training.isEmpty {
      throw CorpusError(
        .emptyPart, file: file, expected: "training texts", found: "none", advice: "check that it is the right file")
    }
    if !validation.isEmpty {
      if test.isEmpty {
        notes.append("there is no test part: the \(validation.count) texts of the validation part are used instead")
        return (training, [], validation)
      }
      notes.append("the \(validation.count) texts of the validation part are used for validation, not for testing")
      return (training, validation, test)
    }
    guard test.isEmpty, testSplit > 0 else { return (training, [], test) }
    let parts =
      byHash
      ? splitByHash(training, share: testSplit) : Self.split(training, share: testSplit, labelCount: labelCount)
    if parts.test.isEmpty {
      notes.append("there is no test part, and the \(training.count) texts are too few to set some apart")
      return (training, [], [])
    }
    notes.append(
      "there is no test part: \(parts.test.count) of \(training.count) texts are set apart, "
        + "the same share of each label")
    return (parts.training, [], parts.test)
  }

  /// Sets apart the same share of each label's texts: those with the lowest hashes, so that more texts hardly move the
  /// others, and equal texts stay together; at least one text of each label that has two. The order does not change.
  private func splitByHash(_ texts: [Text], share: Double) -> (training: [Text], test: [Text]) {
    let hashes = texts.map { origin(of: $0).hash }
    // Equal texts belong to the label of the first.
    var labels: [UInt64: UInt8] = [:]
    for (hash, text) in zip(hashes, texts) where labels[hash] == nil { labels[hash] = text.label }
    let counts = hashes.reduce(into: [UInt64: Int]()) { $0[$1, default: 0] += 1 }
    var testHashes: Set<UInt64> = []
    for own in Dictionary(grouping: labels.keys, by: { labels[$0]! }).values where own.count > 1 {
      let wanted = max(1, Int((Double(own.reduce(0) { $0 + counts[$1]! }) * share).rounded()))
      var taken = 0
      // A text that occurs so often that it would lead further away from what is wanted is passed over.
      for hash in own.sorted().dropLast() where abs(taken + counts[hash]! - wanted) < wanted - taken {
        testHashes.insert(hash)
        taken += counts[hash]!
      }
      if taken == 0 { testHashes.insert(own.min { (counts[$0]!, $0) < (counts[$1]!, $1) }!) }
    }
    func selected(inTest: Bool) -> [Text] {
      texts.indices.filter { testHashes.contains(hashes[$0]) == inTest }.map { texts[$0] }
    }
    return (selected(inTest: false), selected(inTest: true))
  }

  /// As the texts of runs were set apart that were begun before texts had hashes: the same share of each label's texts,
  /// chosen at random but always in the same way; at least one text of each label that has two. The order does not
  /// change.
  private static func split(
    _ texts: [Text], share: Double, labelCount: Int
  ) -> (training: [Text], test: [Text]) {
    var generator = MersenneTwister(seed: shuffleSeed)
    var isTest = [Bool](repeating: false, count: texts.count)
    for label in 0..<labelCount {
      var places = texts.indices.filter { texts[$0].label == label }
      generator.shuffle(&places)
      let count = Int((Double(places.count) * share).rounded())
      for place in places.prefix(places.count < 2 ? 0 : min(max(count, 1), places.count - 1)) { isTest[place] = true }
    }
    return (
      texts.indices.filter { !isTest[$0] }.map { texts[$0] }, texts.indices.filter { isTest[$0] }.map { texts[$0] }
    )
  }
}
