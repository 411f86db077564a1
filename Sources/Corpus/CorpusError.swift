import Files
import Foundation

/// Why data could not be read, as facts: where the problem was met, what was expected there, what was found, and what
/// to do about it.
///
/// Its ``description`` is one line, ready to be shown:
/// `imdb.npz: x_train.npy: byte 1234: expected …, found …; what to do`. A program switches on ``kind`` instead.
public struct CorpusError: ActionableError, Equatable {
  /// A place in a file, an array or a call. All counts start at 0, except those of lines.
  public enum Place: Equatable, Sendable, CustomStringConvertible {
    /// An offset into the entry (or into the file, where there is no entry).
    case byte(Int)
    /// A line of a text; counts from 1.
    case line(Int)
    /// The index of a sequence in its array, in the file's own order.
    case list(Int)
    /// The index of a label in its array, in the file's own order.
    case label(Int)
    /// A word of a word index.
    case word(String)
    /// A parameter of the call.
    case argument(String)

    /// The place in words, such as `byte 1234`.
    public var description: String {
      switch self {
      case .byte(let offset): "byte \(offset)"
      case .line(let number): "line \(number)"
      case .list(let index): "list \(index)"
      case .label(let index): "label \(index)"
      case .word(let word): "word \(CorpusError.quoted(word))"
      case .argument(let name): name
      }
    }
  }

  /// What kind of problem it is, for a program to act on.
  public let kind: Kind
  /// The file's path as the caller gave it, or nil if a parameter is at fault.
  public let file: String?
  /// The entry of the archive.
  public let entry: String?
  /// Where in the file, entry or call.
  public let place: Place?
  /// What should have been there.
  public let expected: String?
  /// What was there.
  public let found: String
  /// What the user can do about it.
  public let advice: String

  package init(
    _ kind: Kind, file: String? = nil, entry: String? = nil, place: Place? = nil, expected: String? = nil,
    found: String, advice: String
  ) {
    self.kind = kind
    self.file = file
    self.entry = entry
    self.place = place
    self.expected = expected
    self.found = found
    self.advice = advice
  }

  /// The file's path.
  public var path: String? { file }

  /// Entry, place, expectation and finding.
  public var problem: String {
    let places = [entry.map { Self.escaped($0, limit: 80) }, place?.description].compactMap(\.self)
    return (places + [expected.map { "expected \($0), found \(found)" } ?? found]).joined(separator: ": ")
  }
}

extension CorpusError {
  /// The error for a path that leads nowhere, or cannot be followed.
  ///
  /// - Parameter code: the system's reason, from `errno`.
  static func inaccessible(_ path: String, code: Int32) -> CorpusError {
    let isMissing = code == ENOENT
    return CorpusError(
      isMissing ? .notFound : .unreadableFile, file: path,
      found: isMissing ? "no such file" : String(cString: strerror(code)), advice: "check the path")
  }
}

extension CorpusError {
  /// Text from a file, made safe for a message: in quotes, shortened, and without control characters.
  package static func quoted(_ text: String) -> String { "“\(escaped(text))”" }

  /// Some names from a file in quotes, for a message: the first few, and how many there are besides.
  package static func quoted(_ names: some Collection<String>, limit: Int) -> String {
    let more = names.count > limit ? " and \(names.count - limit) more" : ""
    return names.prefix(limit).map(quoted).joined(separator: ", ") + more
  }

  /// Text from a file without quotes, made safe for a terminal.
  package static func escaped(_ text: String, limit: Int = 60) -> String { text.escapedForTerminal(limit: limit) }
}
