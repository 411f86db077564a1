import Corpus

extension CorpusError {
  /// The advice in terms of the command line's options, for those kinds of problems that an option solves.
  ///
  /// Nil if the error's own ``CorpusError/advice`` is the better one: for all other problems, and for errors of the
  /// executable itself, which name options already.
  var optionAdvice: String? {
    if advice.contains("--") { return nil }
    return switch kind {
    case .noVocabulary: "give --word-index imdb_word_index.json"
    case .tokensInsteadOfTexts where expected != nil: "lstm evaluate measures a model on them; give texts to predict"
    case .invalidEncoding:
      "convert it, or say --encoding latin1, windows1252, or utf8-lossy, by which such bytes become U+FFFD"
    case .missingColumn(let column, _): "name it with --\(column)-column, or say --no-header if these are no names"
    case .malformedTable where expected == "a closing quote":
      "close the quote, or say what quotes mean with --quotes none, double or backslash"
    case .malformedTable: "\(advice); or leave such rows out with --skip-bad-rows"
    case .invalidArgument("labelColumn") where expected == nil: "name another with --text-column or --label-column"
    case .invalidArgument("size"): "name a file of one size, or say which with --embedding-size"
    case .invalidArgument("positiveLabel"): "leave --positive-label out"
    case .tooManyLabels(column: _?): "name another column with --label-column"
    case .wrongLabelCount(let found) where found >= 2:
      "train with --label-count \(found), leave out the others, or name another column by --label-column"
    case .foreignLabels(let known) where known.count == 2 && expected?.hasPrefix("the model's") == true:
      "say with --positive-label which one is \(CorpusError.quoted(known[1]))"
    case .unknownLabel: "see --positive-label"
    default: nil
    }
  }
}
