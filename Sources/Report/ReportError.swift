import Files

/// Why a run can't be reported on.
package struct ReportError: ActionableError, Equatable {
  /// What went wrong.
  package enum Kind: Equatable, Sendable {
    /// The folder doesn't exist.
    case noFolder
    /// The folder holds no run.
    case noRun
    /// A file is not as a run writes it.
    case malformed
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
