import Fixtures
import Foundation
import Testing

@Suite("lstm serve")
struct ServeCommandTests {
  #if Serve
    @Test(
      "Options out of range are refused before anything is loaded",
      arguments: [
        ["--port", "65536"], ["--max-body", "0"], ["--max-wait-ms=-1"], ["--grace", "nan"], ["--log-format", "xml"],
        ["--threshold", "2"], ["--threads", "0"],
      ])
    func options(arguments: [String]) throws {
      let run = try LSTMProcess.run(["serve"] + arguments)
      #expect(run.exitCode == 64 && run.output.isEmpty)
      #expect(run.errors.contains(arguments[0].prefix { $0 != "=" }))
    }

    @Test("A model that isn't there, or two of one name, are errors that say so")
    func models() throws {
      let missing = try LSTMProcess.run("serve", "--model", "nothing/here")
      #expect(missing.exitCode == 1 && missing.errors.contains("nothing/here"))
      let twice = try LSTMProcess.run("serve", "--model", "a=x", "--model", "a=y")
      #expect(twice.exitCode == 1 && twice.errors.contains("two models are called “a”"))
    }
  #else
    @Test("A build without the server says how to get one", arguments: [[], ["--model", "x", "--port", "1"]])
    func missing(arguments: [String]) throws {
      let run = try LSTMProcess.run(["serve"] + arguments)
      #expect(run.exitCode == 1 && run.output.isEmpty)
      #expect(run.errors.contains("make serve"))
    }
  #endif
}
