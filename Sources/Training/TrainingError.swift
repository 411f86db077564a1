/// Why training can't begin or go on, or why a model or a run can't be read or written.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, where there is one.
  public let path: String?
  /// What is wrong.
  public let problem: String
  /// What to do.
  public let advice: String

  package init(path: String? = nil, problem: String, advice: String) {
    self.path = path
    self.problem = problem
    self.advice = advice
  }

  /// One line: file, problem, way out.
  public var description: String { (path.map { "\($0): " } ?? "") + problem + "; " + advice }
}
