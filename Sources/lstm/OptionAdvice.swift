import Corpus
import Files
import Models
import Parallel
import Training

/// An error of the command line itself.
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

/// The error as `lstm` shows it: what a library advises becomes an option where there is one.
func advised(_ error: any Error) -> any Error {
  guard let error = error as? any ActionableError else { return error }
  return AdvisedError(description: "\(error.facts); \(optionAdvice(for: error) ?? error.advice)")
}

/// A remark about a model, with the options that replace an assumption.
func advised(remark: String) -> String {
  remark == Model.assumptionWithoutMetadata
    ? remark + "; otherwise use `lstm import` with --pooling or --mask-padding" : remark
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
    case .missing, .notRegular, .tooLarge, .unreadable: nil
    }
  }
}

extension ModelError {
  fileprivate var optionAdvice: String? {
    switch kind {
    case .noVocabulary: "give them with --word-index imdb_word_index.json, the file of the data it was trained on"
    case .notAModel, .malformed, .unsupported, .mismatch, .tooLarge, .notFinite: nil
    }
  }
}

extension RankError {
  fileprivate var optionAdvice: String? {
    if case .noMPI = self { return "build it with make build MPI=1, or start one" }
    return nil
  }
}

extension TrainingError {
  fileprivate var optionAdvice: String? {
    switch self {
    case .invalid: "see lstm train --help"
    case .otherNetwork: "leave --vocabulary-size and what else describes the network out: it is then the file's"
    case .notAFolder: "give another --output"
    case .runExists: "go on with it by --resume, give another --output, or --overwrite to replace it"
    case .runInUse: "wait for its end, or give another --output"
    case .noCheckpoints: "--resume wants the --output folder of an earlier lstm train"
    case .otherData: "name its archive with --data"
    case .otherSettings: "leave them out; only --epochs may grow"
    default: nil
    }
  }
}
