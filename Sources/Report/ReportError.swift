import Files

/// Why there can't be a report on a run.
package struct ReportError: ActionableError, Equatable {
  /// What went wrong.
  package enum Kind: Equatable, Sendable {
    /// The folder doesn't exist.
    case noFolder
    /// The folder holds no run.
    case noRun
    /// A file's contents aren't what a run writes.
    case malformed
    /// Predictions that were to be compared are for different texts.
    case otherTexts
  }

  package let kind: Kind
  package let path: String?
  package let problem: String
  package let advice: String

  init(_ kind: Kind, path: String, _ problem: String, advice: String = runAdvice) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.advice = advice
  }
}
