import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// Why training can't begin or go on.
public enum TrainingError: ActionableError, Equatable {
  // MARK: Settings and data

  /// A setting is impossible.
  case invalid(InvalidSetting)
  /// The number of threads isn't positive.
  case invalidThreadCount(Int)
  /// There is nothing to train on, or nothing to validate on.
  case noData(Part)
  /// A token lies outside the vocabulary.
  case tokenOutOfRange(Part, token: Int32, vocabularySize: Int)
  /// A label has no output of the network.
  case labelOutOfRange(Part, label: UInt8, labelCount: Int)
  /// A text, by its index, has more tokens than are read.
  case textTooLong(Part, index: Int, maxLength: Int)
  /// The settings ask for n-grams of words, and the data hold numbers.
  case numbersInsteadOfTexts
  /// The weights belong to another network.
  case otherNetwork(path: String?, found: Architecture, expected: Architecture)
  /// The optimizer has moments for another number of parameters.
  case otherOptimizer(path: String?, found: Int, expected: Int)
  /// The words' vectors have another length than the embedding's.
  case otherVectors(found: Int, expected: Int)

  // MARK: Steps

  /// The loss or the gradient of a step isn't finite.
  case notFinite(Quantity, step: Int, learningRate: Double)

  // MARK: Runs

  /// The folder for a run is a file.
  case notAFolder(path: String)
  /// The folder holds a run already: the named file is one of its.
  case runExists(path: String, file: String)
  /// Another process is writing into the folder.
  case runInUse(path: String)
  /// The folder has no checkpoints.
  case noCheckpoints(path: String)
  /// None of the checkpoints is whole.
  case noWholeCheckpoint(path: String)
  /// The state to go on from doesn't fit the data and the settings.
  case otherState(textCount: Int, batchSize: Int)
  /// What a checkpoint holds of a callback can't be read.
  case unreadableCallback(String)
  /// The data are not those that the run was begun with.
  case otherData(path: String)
  /// The settings are not those that the run was begun with: the changes, each as `name: now, then`.
  case otherSettings(path: String, changes: [String])

  // MARK: Tuning

  /// The folder has no tuning that could go on.
  case noTuning(path: String)
  /// A file of a tuning can't be read.
  case unreadableTuning(path: String)
  /// A tuning needs a limit of trials, of time, or both; or one of its limits isn't positive.
  case invalidTuning
  /// The area under the ROC curve is to be compared, and there are more than two labels.
  case noROCArea(labelCount: Int)
  /// There are too few texts to hold out parts of them.
  case tooFewTexts(count: Int, folds: Int)
  /// None of the settings that were tried works; why the last one doesn't, if any was tried.
  case noUsableTrial(String?)

  /// A part of the data.
  public enum Part: String, Sendable { case training, validation }
  /// What a step computes.
  public enum Quantity: String, Sendable { case loss, gradient }
}

extension TrainingError {
  /// The file or folder at fault, or nil where there is none.
  public var path: String? {
    switch self {
    case .notAFolder(let path), .runExists(let path, _), .runInUse(let path), .noCheckpoints(let path),
      .noWholeCheckpoint(let path), .otherData(let path), .otherSettings(let path, _), .noTuning(let path),
      .unreadableTuning(let path):
      path
    case .otherNetwork(let path, _, _), .otherOptimizer(let path, _, _): path
    default: nil
    }
  }

  /// What is wrong, without the path.
  public var problem: String {
    switch self {
    case .invalid(let setting): "\(setting.name) \(setting.rule)"
    case .invalidThreadCount(let count): "the number of threads must be at least 1, not \(count)"
    case .noData(.training): "there are no training texts"
    case .noData(.validation): "there are no validation texts"
    case .tokenOutOfRange(let part, let token, let size):
      "the \(part) texts have token \(token), but the vocabulary ends at \(size - 1)"
    case .labelOutOfRange(let part, let label, let count):
      "the \(part) texts have label \(label), but the labels end at \(count - 1)"
    case .textTooLong(let part, let index, let length): "\(part) text \(index) is longer than \(length) tokens"
    case .numbersInsteadOfTexts: "the settings ask for n-grams of words, and the data hold numbers, not texts"
    case .otherNetwork(_, let found, let expected): "the weights are those of \(found), expected \(expected)"
    case .otherOptimizer(_, let found, let expected):
      "the optimizer has moments for \(found) parameters, expected \(expected)"
    case .otherVectors(let found, let expected): "the vectors have \(found) numbers, expected \(expected)"
    case .notFinite(let quantity, let step, _): "the \(quantity) of step \(step) is not finite"
    case .notAFolder: "is a file, not a folder"
    case .runExists(_, let file): "holds a run already (\(file))"
    case .runInUse: "another run is writing into it"
    case .noCheckpoints: "there are no checkpoints in it"
    case .noWholeCheckpoint: "there is no checkpoint in it that is whole"
    case .otherState(let textCount, let batchSize):
      "the state to go on from doesn't fit \(textCount) training texts in batches of \(batchSize)"
    case .unreadableCallback(let name): "the state of \(name) can't be read"
    case .otherData: "holds other texts than the run was begun with"
    case .otherSettings(_, let changes):
      "the run was begun with other settings (now and then: \(changes.joined(separator: "; ")))"
    case .noTuning: "there is no tuning in it"
    case .unreadableTuning: "can't be read"
    case .invalidTuning:
      "a tuning needs at least 1 trial or a time above 0, and limits above 0"
    case .noROCArea(let count): "there are \(count) labels, and the area under the ROC curve is that of two"
    case .tooFewTexts(let count, let folds): "there are \(count) training texts, too few for \(folds) folds"
    case .noUsableTrial(let problem):
      problem.map { "none of the settings can be used; the last: \($0)" } ?? "there was no time to try any settings"
    }
  }

  /// What the caller can do about it.
  public var advice: String {
    switch self {
    case .invalid: "see TrainingConfiguration"
    case .invalidThreadCount: "give as many as there are cores"
    case .noData(.training): "give it some"
    case .noData(.validation): "give it some, or let nothing depend on them"
    case .tokenOutOfRange(_, _, let size): "load them with numWords: \(size)"
    case .labelOutOfRange: "give the network more labels"
    case .textTooLong: "cut the texts with truncated(to:)"
    case .numbersInsteadOfTexts: "leave out the wide part, or give it texts"
    case .otherNetwork: "take the sizes from the model's own architecture"
    case .otherOptimizer: "take the optimizer of the same model"
    case .otherVectors(let found, _): "give the network an embedding of \(found)"
    case .notFinite(_, _, let learningRate): "a smaller learning rate may help, now \(learningRate)"
    case .notAFolder, .runInUse: "choose another folder"
    case .runExists: "resume it, choose another folder, or overwrite it"
    case .noCheckpoints: "name the folder of an earlier run"
    case .noWholeCheckpoint: "begin the run anew"
    case .otherState, .unreadableCallback: "resume from another checkpoint"
    case .otherData: "name the data that it was begun with"
    case .otherSettings: "leave them as they were; only epochs may grow"
    case .noTuning: "name the folder of an earlier tuning"
    case .unreadableTuning: "begin the tuning anew"
    case .invalidTuning: "see TuningOptions"
    case .noROCArea: "compare by another metric"
    case .tooFewTexts: "give more texts, or ask for fewer folds"
    case .noUsableTrial: "give it more time, or wider limits"
    }
  }
}
