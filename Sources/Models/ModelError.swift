import Files

/// Why a model can't be read, written or used.
public struct ModelError: ActionableError, Equatable {
  /// What went wrong.
  public enum Kind: Sendable, Equatable {
    /// The file isn't a model, or not in a format that can be read.
    case notAModel
    /// The file is damaged, or violates its format.
    case malformed
    /// The format can't represent the network, or this build lacks a library for it.
    case unsupported
    /// It can't be told which of a file's tensors are which.
    case otherNames
    /// Parts that must belong together don't: weights, configuration, vocabulary, labels.
    case mismatch
    /// The model's words aren't known.
    case noVocabulary
    /// It isn't known how a word index's numbers became the model's tokens.
    case unknownConvention
    /// The network doesn't fit into this machine's memory.
    case tooLarge
    /// A prediction isn't a number: the weights are unusable.
    case notFinite
  }

  /// What went wrong.
  public let kind: Kind
  /// The file or folder at fault, or nil if there is none.
  public let path: String?
  /// What is wrong, without the path.
  public let problem: String
  /// What the caller can do about it.
  public let advice: String

  package init(_ kind: Kind = .malformed, path: String? = nil, problem: String, advice: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }
}
