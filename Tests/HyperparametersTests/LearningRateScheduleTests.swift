import Foundation
import GoldenValues
import Hyperparameters
import Testing

@Suite struct LearningRateScheduleTests {
  @Test(arguments: SteeringGoldenValues.all.schedules)
  func ratesAreThoseOfKeras(golden: SteeringGoldenValues.Schedule) throws {
    let schedule: LearningRateSchedule =
      if golden.kind == "cosineDecay" {
        .cosineDecay(warmupSteps: try #require(golden.warmupSteps), alpha: try #require(golden.alpha))
      } else {
        .stepDecay(factor: try #require(golden.factor), everySteps: try #require(golden.everySteps))
      }
    for (step, expected) in zip(golden.steps, golden.rates) {
      let rate = schedule.rate(atStep: step, of: golden.stepCount ?? 1000, learningRate: golden.learningRate)
      // Near a cosine's end Keras adds 1 and almost −1 in float32: it is right to a float32 of the highest rate.
      let tolerance = golden.kind == "cosineDecay" ? 1.5e-7 * golden.learningRate : 1e-6 * expected
      #expect(abs(rate - expected) <= tolerance, "step \(step): \(rate), Keras \(expected)")
    }
  }

  @Test func aConstantScheduleGivesTheRateItself() {
    #expect(LearningRateSchedule.constant.rate(atStep: 7, of: 9, learningRate: 0.001) == 0.001)
  }

  /// The cosine has fallen to 0 there, and alpha times the rate is left: 0.25 × 0.5.
  @Test func aCosineEndsAtTheFractionAlpha() {
    let schedule = LearningRateSchedule.cosineDecay(warmupSteps: 10, alpha: 0.25)
    #expect(schedule.rate(atStep: 100, of: 100, learningRate: 0.5) == 0.125)
  }

  /// Step 4 of 10: 0.5 × 4 / 10.
  @Test func aRunShorterThanItsWarmUpOnlyWarmsUp() {
    let schedule = LearningRateSchedule.cosineDecay(warmupSteps: 10, alpha: 0.25)
    #expect(schedule.rate(atStep: 4, of: 5, learningRate: 0.5) == 0.2)
  }

  @Test(arguments: [
    LearningRateSchedule.constant, .cosineDecay(warmupSteps: 3, alpha: 0.1), .stepDecay(factor: 0.5, everySteps: 9),
  ])
  func readsBackFromJSON(schedule: LearningRateSchedule) throws {
    let read = try JSONDecoder().decode(LearningRateSchedule.self, from: JSONEncoder().encode(schedule))
    #expect(read == schedule)
  }

  @Test(arguments: [Int.min, -1, 0, .max])
  func noNumberOfAConfigurationTraps(number: Int) {
    for schedule in [
      LearningRateSchedule.cosineDecay(warmupSteps: number, alpha: .nan), .stepDecay(factor: -1, everySteps: number),
    ] {
      for step in [0, 1, Int.max] { _ = schedule.rate(atStep: step, of: number, learningRate: 1) }
    }
  }
}
