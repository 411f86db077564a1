import Fixtures
import Models
import Testing

@Suite struct ModelErrorTests {
  @Test(arguments: [nil, "m.safetensors"]) func localizedDescriptionIsTheMessage(path: String?) {
    expectMessage(ModelError(.mismatch, path: path, problem: "has other labels", advice: "name two"))
  }

  @Test func aMessageHasPathProblemAndAdvice() {
    let error = ModelError(.mismatch, path: "m.safetensors", problem: "has other labels", advice: "name two")
    #expect("\(error)" == "m.safetensors: has other labels; name two")
  }

  @Test func withoutAFileAMessageHasProblemAndAdvice() {
    #expect("\(ModelError(.mismatch, problem: "has other labels", advice: "name two"))" == "has other labels; name two")
  }
}
