import Corpus
import Files
import Models
import Parallel
import Report
import Training

/// An error of the executable itself.
struct CommandError: ActionableError {
  let path: String?
  let problem: String
  let advice: String

  init(path: String? = nil, _ problem: String, advice: String) {
    self.path = path
    self.problem = problem
    self.advice = advice
  }
}

/// A library's error, with advice in terms of options.
private struct AdvisedError: Error, CustomStringConvertible {
  let description: String
}

/// The error as `lstm` shows it: if an option solves the problem, it replaces the library's advice.
func advised(_ error: any Error) -> any Error {
  guard let error = error as? any ActionableError else { return error }
  return AdvisedError(description: "\(error.facts); \(optionAdvice(for: error) ?? error.advice)")
}

extension Error {
  /// Whether there is too little memory.
  var isShortageOfMemory: Bool {
    switch self {
    case let error as FileError: if case .outOfMemory = error.kind { true } else { false }
    case let error as CorpusError: error.kind == .outOfMemory
    case let error as ModelError: error.kind == .tooLarge
    default: false
    }
  }
}

/// A remark about a model, with the options that replace an assumption.
func advised(remark: String) -> String {
  switch remark {
  case Model.assumptionWithoutMetadata: remark + "; otherwise use `lstm import` with --pooling or --mask-padding"
  case Model.assumptionOfActivation: remark + "; otherwise use `lstm import` with --dense-activation"
  default: remark
  }
}

private func optionAdvice(for error: any ActionableError) -> String? {
  switch error {
  case let error as CorpusError: error.optionAdvice
  case let error as FileError: error.optionAdvice
  case let error as ModelError: error.optionAdvice
  case let error as RankError: error.optionAdvice
  case let error as TrainingError: error.optionAdvice
  default: nil
  }
}

extension FileError {
  fileprivate var optionAdvice: String? {
    switch kind {
    case .unwritable(.createFolder, _): "check the permissions of the folder above it, or give another --output"
    case .unwritable: "check the folder's permissions and free space, or give another --output"
    case .missing, .notRegular, .changed, .outOfMemory, .tooLarge, .unreadable: nil
    }
  }
}

extension ModelError {
  fileprivate var optionAdvice: String? {
    switch kind {
    case .noVocabulary:
      "name them with --word-index imdb_word_index.json, the word index of the data that it was trained on"
    case .unknownConvention:
      "write the words into the model by lstm import --word-index with --index-from 0 (Keras's Tokenizer; --padding post if "
        + "texts were padded so) or --index-from 3 (as in imdb.load_data)"
    case .otherNames: "say which is which to lstm import, as in --map rnn=lstm,classifier=fc"
    case .notAModel, .malformed, .unsupported, .mismatch, .tooLarge, .notFinite: nil
    }
  }
}

extension RankError {
  fileprivate var optionAdvice: String? {
    if case .noMPI = self { return "build it with make build MPI=1, or start a single process" }
    return nil
  }
}

extension TrainingError {
  fileprivate var optionAdvice: String? {
    switch self {
    case .invalid: "see lstm train --help"
    case .otherNetwork: "leave out --vocabulary-size and the network's other options, which the file then determines"
    case .otherVectors: "leave out --embedding-size, which the file then determines"
    case .numbersInsteadOfTexts: "leave out --wide, or give --data texts, such as aclImdb.zip"
    case .noData(.validation):
      "give some with --validation-data or --validation-split, or leave out --threshold, --min-precision, and --early-stopping, "
        + "--reduce-lr-on-plateau and --best-model on val_ quantities"
    case .notAFolder: "give another --output"
    case .runExists: "continue it with --resume, replace it with --overwrite, or give another --output"
    case .runInUse: "wait until it ends, or give another --output"
    case .noCheckpoints: "give --resume the --output folder of an earlier run"
    case .otherData: "name the original data with --data"
    case .noTuning: "give --resume the --output folder of an earlier tuning"
    case .invalidTuning: "see lstm tune --help"
    case .noROCArea: "leave out --metric auc"
    case .tooFewTexts: "give more texts, or fewer --folds"
    case .noUsableTrial: "give it more --minutes or --trials, or wider limits"
    case .otherSettings: "leave out these options; only --epochs may change, and only grow"
    default: nil
    }
  }
}

extension Predictions.Omission {
  /// A sentence about the option that adds the predictions; nil if there is none.
  var optionAdvice: String? {
    switch self {
    case .unknownData: "Name the data with --data."
    case .missingData: "Name other data with --data."
    case .noModel, .predictsWords, .noTexts, .onlyKnownTexts: nil
    }
  }
}
