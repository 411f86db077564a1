import Foundation

/// An error that says what is wrong, where, and what to do about it.
///
/// `description` and `localizedDescription` are the same line: `path: problem; advice`.
public protocol ActionableError: LocalizedError, CustomStringConvertible {
  /// The file or folder at fault, or nil where there is none.
  var path: String? { get }
  /// What is wrong, without the path.
  var problem: String { get }
  /// What the caller can do about it.
  var advice: String { get }
}

extension ActionableError {
  /// One line: path, problem, advice.
  public var description: String { "\(facts); \(advice)" }
  /// Path and problem.
  public var facts: String { (path.map { "\($0): " } ?? "") + problem }
  /// The whole line.
  public var errorDescription: String? { description }
  /// Path and problem.
  public var failureReason: String? { facts }
  /// The advice.
  public var recoverySuggestion: String? { advice }
}
