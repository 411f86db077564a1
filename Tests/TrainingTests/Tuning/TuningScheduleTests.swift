import Testing

@testable import Training

@Suite("A schedule of trials") struct TuningScheduleTests {
  private let schedule = TuningSchedule(metric: .accuracy, folds: 5)

  @Test("has steps up to all folds")
  func steps() {
    #expect(schedule.steps == [1, 2, 5])
    #expect(TuningSchedule(metric: .accuracy, folds: 2).steps == [1, 2])
    #expect(TuningSchedule(metric: .accuracy, folds: 1).steps == [1])
  }

  @Test("lets the best and the better third go on, and completes what has begun")
  func promotion() {
    var trials = [Trial.made(1, correct: [6]), .made(2, correct: [8])]
    #expect(schedule.next(of: trials)?.number == 2)
    trials[1] = .made(2, correct: [8, 8, 8])
    #expect(schedule.next(of: trials)?.number == 2)
    trials[1] = .made(2, correct: [8, 8, 8, 8, 8])
    #expect(schedule.next(of: trials) == nil)
    trials += (3...5).map { .made($0, correct: [5]) }
    #expect(schedule.next(of: trials) == nil)
    trials.append(.made(6, correct: [7]))
    #expect(schedule.next(of: trials)?.number == 6)
    trials[5] = .made(6, correct: [7, 5])
    #expect(schedule.next(of: trials) == nil)
  }

  @Test("leaves out trials that have a problem")
  func problems() {
    var trials = [Trial.made(1, correct: [6]), .made(2, correct: [9]), .made(3, correct: [7]), .made(4, correct: [5])]
    trials[1].problem = "too large"
    #expect(schedule.next(of: trials)?.number == 3)
    #expect(schedule.best(of: trials)?.number == 3)
  }

  @Test("takes the best of those that were measured most often")
  func best() {
    let trials = [Trial.made(1, correct: [6, 6]), .made(2, correct: [9]), .made(3, correct: [5, 6])]
    #expect(schedule.best(of: trials)?.number == 1)
    #expect(schedule.best(of: []) == nil)
  }

  @Test("chooses the best where it is ahead of the defaults by more than its standard error")
  func choice() {
    func choice(_ first: [Int], _ second: [Int], _ metric: TuningOptions.Metric = .accuracy) -> Int? {
      let trials = [Trial.made(1, correct: first), .made(2, correct: second, loss: 0.5)]
      return TuningSchedule(metric: metric, folds: first.count).choice(of: trials)?.number
    }
    // Two texts more of the two that differ; one more of one.
    #expect(choice([6, 6], [7, 7]) == 2)
    #expect(choice([6, 6], [6, 7]) == 1)
    // Three more of five; two more of eight.
    #expect(choice([9, 5], [8, 9]) == 2)
    #expect(choice([9, 5], [6, 10]) == 1)
    #expect(choice([6, 6], [6, 7], .f1) == 2)
    #expect(choice([6, 6], [6, 6], .loss) == 2)
    #expect(choice([6, 6], [5, 5]) == 1)
    var failed = Trial.made(1, correct: [])
    failed.problem = "too slow"
    #expect(schedule.choice(of: [failed, .made(2, correct: [5])])?.number == 2)
    #expect(schedule.choice(of: [failed]) == nil)
  }
}
