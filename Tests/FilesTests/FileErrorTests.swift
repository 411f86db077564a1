import Files
import Fixtures
import Foundation
import Testing

@Suite struct FileErrorTests {
  private static let operations: [FileError.Operation] = [
    .write, .makeDurable, .move, .makeFolderDurable, .createFolder, .remove, .lock,
  ]
  private static let kinds: [FileError.Kind] =
    [
      .missing, .notRegular(isFolder: true), .notRegular(isFolder: false), .tooLarge(limit: 7),
      .unreadable(code: EACCES), .unreadable(code: nil),
    ] + operations.flatMap { [.unwritable($0, code: ENOSPC), .unwritable($0, code: nil)] }

  @Test(arguments: kinds) func localizedDescriptionIsTheMessage(kind: FileError.Kind) {
    expectMessage(FileError(kind, path: "/data/a.npz"))
  }

  @Test func everyKindHasAMessageOfItsOwn() {
    let problems = Self.kinds.map { FileError($0, path: "a").problem }
    #expect(Set(problems).count == Self.kinds.count)
  }

  @Test func saysWhatTheSystemSays() {
    #expect(FileError(.unreadable(code: EACCES), path: "a").problem == "can't be read (Permission denied)")
  }

  @Test func adviceOfTheCallerReplacesTheOwn() {
    let error = FileError(.missing, path: "a", advice: "name another")
    #expect("\(error)" == "a: no such file; name another")
  }
}
