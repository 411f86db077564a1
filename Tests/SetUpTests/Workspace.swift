import Foundation
import Testing

/// A copy of what a new user has in hand (Makefile, Scripts, the sample), in a folder of its own that is removed
/// afterwards. Its name holds a space, which no script may stumble over.
final class Workspace: Sendable {
  let root: URL

  /// The package that these tests belong to.
  static let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  init() throws {
    let files = FileManager.default
    root = files.temporaryDirectory.appending(path: "set-up tests \(UUID().uuidString)").resolvingSymlinksInPath()
    for folder in ["Data", "Scripts", "fakes", "tools"] {
      try files.createDirectory(at: root.appending(path: folder), withIntermediateDirectories: true)
    }
    for file in [
      "Makefile", "Scripts/set-up.sh", "Scripts/traits.sh", "Scripts/fetch-data.sh", "Scripts/train.sh",
      "Scripts/predict.sh", "Scripts/serve.sh", "Scripts/install.sh",
      "Data/sample.npz",
      "Data/sample_word_index.json", "Data/sample.options",
    ] {
      try files.copyItem(at: Self.package.appending(path: file), to: root.appending(path: file))
    }
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  // MARK: Files

  func path(_ name: String) -> String { root.appending(path: name).path(percentEncoded: false) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: root.appending(path: name)), as: UTF8.self)
  }

  func write(_ text: String, to name: String) throws {
    let file = root.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// The names in a folder, sorted.
  func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(folder)).sorted()
  }

  // MARK: Programs

  /// Puts a program of this name in front of the machine's own; `$HERE` in its script is the workspace.
  func fake(_ name: String, _ script: String) throws {
    try write("#!/bin/bash\nHERE='\(root.path(percentEncoded: false))'\n\(script)\n", to: "fakes/\(name)")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path("fakes/\(name)"))
  }

  /// A PATH of the fakes and the machine's basic tools: without Swift, package managers, curl or wget, unless named.
  func barePath(with extra: [String] = []) throws -> String {
    let basic = """
      bash cat cut date dirname env find grep head ls md5 md5sum mkdir mktemp mv openssl rm sed sha256sum shasum tail \
      tee tr true uname wc
      """
    for tool in basic.split(separator: " ").map(String.init) + extra {
      guard let place = Machine.place(of: tool), !exists("tools/\(tool)") else { continue }
      try FileManager.default.createSymbolicLink(atPath: path("tools/\(tool)"), withDestinationPath: place)
    }
    return path("fakes") + ":" + path("tools")
  }

  /// What a program did.
  struct Outcome {
    let code: Int32
    /// Both its outputs, in order.
    let said: String
  }

  /// Runs a program of the workspace (or, with `make`, of the machine) to its end.
  func run(_ program: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> Outcome {
    try start(program, arguments, environment: environment).outcome()
  }

  func start(_ program: String, _ arguments: [String] = [], environment: [String: String] = [:]) throws -> Running {
    let place = program.contains("/") ? path(program) : try #require(Machine.place(of: program))
    var full = [
      "PATH": path("fakes") + ":" + Machine.path, "HOME": path(""),
      "TMPDIR": FileManager.default.temporaryDirectory.path,
      "TZ": "UTC", "LC_ALL": "C",
    ]
    full.merge(environment) { $1 }
    return try Running(place, arguments, environment: full, folder: root)
  }

  /// A program that had not ended in time.
  struct Hang: Error { let program: String }

  /// A program on its way.
  final class Running {
    let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private let log: URL

    init(_ program: String, _ arguments: [String], environment: [String: String], folder: URL) throws {
      log = folder.appending(path: "log-\(UUID().uuidString)")
      try Data().write(to: log)
      let output = try FileHandle(forWritingTo: log)
      process.executableURL = URL(filePath: program)
      process.arguments = arguments
      process.environment = environment
      process.currentDirectoryURL = folder
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      process.terminationHandler = { [ended] _ in ended.signal() }

      // A test runs on a thread that blocks signals, and a child inherits that.
      var none = sigset_t()
      var own = sigset_t()
      sigemptyset(&none)
      pthread_sigmask(SIG_SETMASK, &none, &own)
      defer { pthread_sigmask(SIG_SETMASK, &own, nil) }
      try process.run()
    }

    /// Waits for the end; what has not ended after a minute, or as long as is said, hangs.
    func outcome(seconds: Double = 60) throws -> Outcome {
      if ended.wait(timeout: .now() + seconds) == .timedOut {
        kill(process.processIdentifier, SIGKILL)
        throw Hang(program: process.executableURL?.lastPathComponent ?? "")
      }
      return Outcome(code: process.terminationStatus, said: String(decoding: try Data(contentsOf: log), as: UTF8.self))
    }
  }
}

/// What this machine has.
enum Machine {
  static let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

  static func place(of tool: String) -> String? {
    path.split(separator: ":").map { "\($0)/\(tool)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static func has(_ tool: String) -> Bool { place(of: tool) != nil }
}
