import Fixtures
import Models
import Testing

@Suite struct ModelFormatTests {
  @Test func refusesAnEndingThatNamesNoFormat() {
    let advice =
      "its extension isn't that of a model format; give a name that ends in .safetensors, .keras, .onnx, .npz"
    refuses(ModelError.self, at: "/nowhere/model.doc", advice) { try SmallModel.model.write(to: "/nowhere/model.doc") }
  }

  @Test func readsTheEndingInAnyCase() {
    #expect(ModelFormat(path: "a/model.ONNX") == .onnx)
    #expect(ModelFormat(path: "onnx") == nil)
  }
}
