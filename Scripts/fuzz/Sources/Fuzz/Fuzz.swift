import Foundation

/// Reads what libFuzzer makes of its corpus with one of the readers. Scripts/fuzz.sh says how to run it.
@main enum Fuzz {
  static func main() throws {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["FUZZ_SEEDS"] { return try Seeds.write(to: folder) }
    if let name = environment["FUZZ_ANSWERS"] { return try Answers(rawValue: name)!.run() }
    guard runDriver(&argumentCount, &arguments, { testOneInput($0, $1) }) == 0 else { exit(1) }
  }

  // libFuzzer may change them.
  nonisolated(unsafe) private static var argumentCount = CommandLine.argc
  nonisolated(unsafe) private static var arguments = CommandLine.unsafeArgv
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private let reader: Reader = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let reader = Reader(rawValue: name) else {
    fatalError("FUZZ_TARGET must be one of \(Reader.allCases.map(\.rawValue).joined(separator: ", "))")
  }
  return reader
}()

/// The readers take files, since that is where bytes that nobody can vouch for come from.
private let path = (FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp") + "/lstm-fuzz-\(getpid())"

/// libFuzzer's own main function, which isn't used here, asks for a function of this name.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
  guard file >= 0, count == 0 || write(file, bytes!, count) == count else { fatalError("\(path) can't be written") }
  close(file)
  do { try reader.read(path) } catch {
    // Whatever the error, its line is one that a terminal can show.
    let line = "\(error)"
    let isSafe = line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    precondition(isSafe && error is any LocalizedError, "not a message: \(line.debugDescription)")
  }
  return 0
}
