import Foundation
import Models
import RecurrentNetwork
import Testing
import Training

@Suite struct ModelFormatTests {
  @Test func refusesAnEndingThatNamesNoFormat() {
    #expect {
      try SmallModel.model.write(to: NSTemporaryDirectory() + "model.doc")
    } throws: {
      "\($0)".hasSuffix(
        "its extension isn't that of a model format; give a name that ends in .safetensors, .keras, .onnx, .npz")
    }
  }

  @Test func readsTheEndingInAnyCase() {
    #expect(ModelFormat(path: "a/model.ONNX") == .onnx)
    #expect(ModelFormat(path: "onnx") == nil)
  }
}
