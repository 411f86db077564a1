import Foundation

/// Why a file or a folder can't be read or written.
public struct FileError: ActionableError, Equatable, Sendable {
  /// What went wrong.
  public enum Kind: Equatable, Sendable {
    /// There is no such file.
    case missing
    /// It exists, but isn't a regular file: a folder, a pipe or a device.
    case notRegular(isFolder: Bool)
    /// Somebody wrote or replaced it while it was read.
    case changed
    /// What is in it takes more memory than can be had.
    case outOfMemory(bytes: Int)
    /// It has more bytes than it may.
    case tooLarge(limit: Int)
    /// The system can't read it; its error number, or nil where it gives none.
    case unreadable(code: Int32?)
    /// The system can't create, write, move or remove it; its error number, or nil where it gives none.
    case unwritable(Operation, code: Int32?)
  }

  /// What was being done when writing failed.
  public enum Operation: Equatable, Sendable {
    case write, makeDurable, move, makeFolderDurable, createFolder, remove, lock
  }

  /// What went wrong.
  public let kind: Kind
  /// The file or folder.
  public let path: String?
  /// What the caller can do about it.
  public let advice: String

  package init(_ kind: Kind, path: String, advice: String? = nil) {
    self.kind = kind
    self.path = path
    self.advice = advice ?? kind.advice
  }

  /// What is wrong, without the path.
  public var problem: String {
    switch kind {
    case .missing: "no such file"
    case .notRegular(let isFolder): isFolder ? "is a folder" : "is not a regular file"
    case .changed: "has changed while it was read"
    case .outOfMemory(let bytes): "takes \(max(1, bytes >> 20)) MB of memory, more than can be had"
    case .tooLarge(let limit): "is larger than \(limit) bytes"
    case .unreadable(let code): "can't be read" + Self.reason(code)
    case .unwritable(let operation, let code): operation.problem + Self.reason(code)
    }
  }

  private static func reason(_ code: Int32?) -> String { code.map { " (\(String(cString: strerror($0))))" } ?? "" }
}

extension FileError.Kind {
  fileprivate var advice: String {
    switch self {
    case .missing, .notRegular, .tooLarge: "check the path"
    case .changed: "try again when nothing writes it"
    case .outOfMemory: "free some memory, or raise the limit on it"
    case .unreadable: "check the path and its permissions"
    case .unwritable(.createFolder, _): "check the permissions of the folder above it, or choose another folder"
    case .unwritable: "check the folder's permissions and free space, or choose another folder"
    }
  }
}

extension FileError.Operation {
  fileprivate var problem: String {
    switch self {
    case .write: "can't be written"
    case .makeDurable: "can't be made durable"
    case .move: "can't be put in place"
    case .makeFolderDurable: "is written, but can't be made durable"
    case .createFolder: "the folder can't be created"
    case .remove: "can't be removed"
    case .lock: "can't be locked"
    }
  }
}
