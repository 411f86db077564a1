import Corpus
import Fixtures
import GoldenValues
import Hyperparameters
import Models
import Parallel
import RecurrentNetwork
import Testing
import Training

/// Ten whole training steps from given weights, made by Scripts/golden/adam_keras.py.
@Suite struct AdamUpdateTests {
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
    let network = DataParallelNetwork(layout, maxLength: golden.t, threads: 2)
    var adam = Adam(parameterCount: layout.count, learningRate: expected.learningRate)
    for (step, batch) in golden.batches.enumerated() {
      let data = LabeledSequences(
        padded: (0..<golden.b).map { Array(batch.tokens[$0 * golden.t..<($0 + 1) * golden.t]) }, labels: batch.labels)
      let (metrics, gradient) = network.gradient(of: 0..<golden.b, in: data, parameters: parameters)
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

  /// Keras's AdamW from given gradients, made by Scripts/golden/steering.py: its defaults, then a decay so strong that
  /// its order shows, with a schedule and clipping.
  @Test(arguments: [false, true])
  func weightDecayIsThatOfKerasAdamW(isScheduled: Bool) {
    let golden = SteeringGoldenValues.all
    let layout = ParameterLayout(.init(vocabularySize: golden.v, embeddingSize: golden.e, hiddenSize: golden.h))
    let schedule = isScheduled ? LearningRateSchedule.cosineDecay(warmupSteps: 2, alpha: 0.1) : .constant
    var adam = Adam(parameterCount: layout.count)
    adam.weightDecay = isScheduled ? 10 : 0.004
    var weights = golden.adamw.parameters.map { Float($0) }
    var gradient = Parameters(zeros: layout)
    let expected = isScheduled ? golden.adamw.scheduled : golden.adamw.defaults
    for (step, values) in golden.adamw.gradients.enumerated() {
      gradient.values = values.map { Float($0) }
      if isScheduled { GradientClipping.globalNorm(limit: 1).clip(&gradient) }
      adam.learningRate = schedule.rate(atStep: adam.step, of: 6, learningRate: isScheduled ? 0.003 : 0.001)
      adam.update(&weights, gradient: gradient.values, team: WorkerTeam(count: 2))
      #expect(relativeError(weights.map { Double($0) }, expected[step]) < 1e-6, "step \(step)")
    }
    #expect(expected.count == 6)
  }
}
