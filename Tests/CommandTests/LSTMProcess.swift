import Fixtures
import Foundation

/// The built executable, run as a user would.
struct LSTMProcess {
  var exitCode: Int32
  var output: String
  var errors: String

  /// The package's folder.
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The executable lies beside the test runner.
  static var executable: URL {
    let runner =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    var folder = URL(fileURLWithPath: runner).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("lstm")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    fatalError("there is no lstm beside \(runner)")
  }

  /// Starts it, its standard streams going to two files, and coming from one where it is given.
  static func start(_ arguments: [String], input: URL? = nil, output: URL, errors: URL) throws -> Process {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: package)
    process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
    for url in [output, errors] { try Data().write(to: url) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    return process
  }

  /// Runs it to its end.
  static func run(_ arguments: String...) throws -> LSTMProcess { try run(arguments) }

  /// Runs it to its end, with something on standard input.
  static func run(_ arguments: [String], input: Data = Data()) throws -> LSTMProcess {
    try withTemporaryFolder { folder in
      let (output, errors) = (folder.url("output"), folder.url("errors"))
      try input.write(to: folder.url("input"))
      let process = try start(arguments, input: folder.url("input"), output: output, errors: errors)
      process.waitUntilExit()
      return LSTMProcess(
        exitCode: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8))
    }
  }

  /// Runs a line of shell with `$lstm` as the executable, in the package's folder.
  static func shell(_ line: String) throws -> (code: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = URL(fileURLWithPath: package)
    process.environment = ProcessInfo.processInfo.environment.merging(["lstm": executable.path]) { $1 }
    let errors = Pipe()
    (process.standardError, process.standardInput) = (errors, FileHandle.nullDevice)
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
