import Files

/// Why a model can't be read, written or used.
public struct ModelError: ActionableError, Equatable {
  /// What went wrong.
  public enum Kind: Sendable, Equatable {
    /// The file isn't a model, or not in a format that is read here.
    case notAModel
    /// The file is damaged, or not as its format demands.
    case malformed
    /// The format or the network can't be represented on the other side, or this build lacks a library for it.
    case unsupported
    /// Parts that must belong together don't: weights, configuration, vocabulary, labels.
    case mismatch
    /// Nothing says which words the model knows.
    case noVocabulary
    /// The network doesn't fit into this machine's memory.
    case tooLarge
    /// An answer isn't a number: the weights are unusable.
    case notFinite
  }

  /// What went wrong.
  public let kind: Kind
  /// The file or folder, where there is one.
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
