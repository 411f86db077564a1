import Foundation
import Interchange
import RecurrentNetwork
import Testing
import Training

@Suite struct ModelFormatTests {
  @Test func refusesAnEndingThatNamesNoFormat() {
    let model = Model(Parameters(zeros: ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))))
    #expect {
      try model.write(to: NSTemporaryDirectory() + "model.doc")
    } throws: { "\($0)".contains("its ending names no format of models") }
  }
}
