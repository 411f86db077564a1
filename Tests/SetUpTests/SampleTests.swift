import Foundation
import Testing

@Suite("Data/sample.npz")
struct SampleTests {
  @Test("Archive and word index together stay under 2 MB")
  func size() throws {
    let sizes = try ["sample.npz", "sample_word_index.json"].map {
      try Data(contentsOf: Workspace.package.appending(path: "Data/\($0)")).count
    }
    #expect(sizes.reduce(0, +) < 2_000_000)
  }

  @Test("Scripts/make-sample.py generates the files that are committed", .enabled(if: Machine.has("python3")))
  func generated() throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(Machine.place(of: "python3")))
    process.arguments = [
      Workspace.package.appending(path: "Scripts/make-sample.py").path(percentEncoded: false), "--verify",
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
