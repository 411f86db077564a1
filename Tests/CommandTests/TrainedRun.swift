import Fixtures
import Foundation
import Testing

/// What `lstm train` left in a run's folder: trained once, and laid into the folder of each test that needs it.
struct TrainedRun: Sendable {
  /// Why there is no run. A failed requirement would be reported once, and every other test that needs the run would pass.
  struct Failure: Error { let errors: String }

  /// By their paths below the run's folder.
  private let files: [String: Data]

  /// - Parameters:
  ///   - arguments: those of `lstm train`, but for `--output`.
  ///   - data: a file with this content becomes the argument of `--data`.
  init(_ arguments: [String], data: Data? = nil) throws {
    files = try withTemporaryFolder { folder in
      let source = try data.map { ["--data", try folder.write($0, to: "data.csv")] } ?? []
      let trained = try LSTMProcess.run(["train", "--output", folder.path("run")] + arguments + source)
      guard trained.exitCode == 0 else { throw Failure(errors: trained.errors) }
      let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path("run"))
      var files: [String: Data] = [:]
      for path in paths where try folder.url("run/\(path)").resourceValues(forKeys: [.isRegularFileKey]).isRegularFile!
      {
        files[path] = try folder.bytes("run/\(path)")
      }
      return files
    }
  }

  /// Lays the run out in a folder, and returns its path.
  @discardableResult
  func write(into folder: TemporaryFolder, as name: String = "run") throws -> String {
    for (path, bytes) in files {
      let url = folder.url("\(name)/\(path)")
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: url)
    }
    return folder.path(name)
  }

  /// The content of one of its files.
  func bytes(_ path: String) throws -> Data { try #require(files[path], "there is no \(path)") }
}
