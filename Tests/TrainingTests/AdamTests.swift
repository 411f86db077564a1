import Corpus
import GoldenValues
import RecurrentNetwork
import Testing
import Training

/// Ten whole training steps from given weights, made by Scripts/golden/adam_keras.py.
@Suite struct AdamTests {
  struct Golden: Decodable {
    struct Batch: Decodable {
      var tokens: [Int]
      var labels: [UInt8]
    }
    struct Run: Decodable {
      var learningRate: Double
      var losses: [Double]
      var accuracies: [Double]
      var kerasLosses: [Double]
      var parametersAfter1: [Double]
      var parametersAfter10: [Double]
    }
    var v: Int
    var e: Int
    var h: Int
    var t: Int
    var b: Int
    var parameters: [Double]
    var batches: [Batch]
    var runs: [Run]
  }

  @Test(arguments: [0, 1])
  func tenStepsEqualKeras(run: Int) throws {
    let golden: Golden = try goldenValues("TrainingTests/Golden/adam_steps.json")
    let expected = golden.runs[run]
    let layout = ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h))
    var parameters = Parameters(zeros: layout)
    parameters.values = golden.parameters.map { Float($0) }
    var gradient = Parameters(zeros: layout)
    let network = DataParallelNetwork(layout, maxLength: golden.t, threads: 2)
    var adam = Adam(parameterCount: layout.count, learningRate: expected.learningRate)
    for (step, batch) in golden.batches.enumerated() {
      let data = LabelledSequences(
        padded: (0..<golden.b).map { Array(batch.tokens[$0 * golden.t..<($0 + 1) * golden.t]) }, labels: batch.labels)
      let metrics = network.gradient(of: 0..<golden.b, in: data, parameters: parameters, into: &gradient)
      #expect(abs(metrics.loss - expected.losses[step]) < 1e-5 * expected.losses[step], "step \(step)")
      #expect(abs(metrics.loss - expected.kerasLosses[step]) < 1e-5 * expected.losses[step], "step \(step)")
      #expect(abs(metrics.accuracy - expected.accuracies[step]) < 1e-9, "step \(step)")
      adam.update(&parameters.values, gradient: gradient.values, team: network.team)
      let weights = parameters.values.map { Double($0) }
      if step == 0 { #expect(relativeError(weights, expected.parametersAfter1) < 1e-5) }
      if step == 9 { #expect(relativeError(weights, expected.parametersAfter10) < 1e-5) }
    }
    #expect(adam.step == 10)
  }
}
