/// Which trial is measured next: successive halving, whose steps are numbers of folds. Of the trials that have come to a
/// step, the better third goes on to the next one, and the best always.
///
/// That follows from what has been measured alone, so that a tuning which was stopped goes on as if it hadn't been
/// (L. Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020).
struct TuningSchedule {
  let metric: TuningOptions.Metric
  /// The numbers of folds after which trials are compared, in ascending order: the last is that of all folds.
  let steps: [Int]

  private static let share = 3

  init(metric: TuningOptions.Metric, folds: Int) {
    self.metric = metric
    steps = [1, 2].filter { $0 < folds } + [folds]
  }

  /// The trials that have some number of folds, or more; the best first, by that number.
  func ranked(_ trials: [Trial], folds: Int) -> [Trial] {
    trials.filter { $0.problem == nil && $0.folds.count >= folds }
      .sorted { $0.isBetter(than: $1, by: metric, folds: folds) }
  }

  /// The best trial so far: of those with the most folds.
  func best(of trials: [Trial]) -> Trial? {
    steps.reversed().lazy.compactMap { ranked(trials, folds: $0).first }.first
  }

  /// The trial whose settings the model gets: the best one, or the defaults where its lead over them is within its standard
  /// error, as the lead of the luckiest of many trials may well be (the rule is that of L. Breiman et al., "Classification
  /// and regression trees", 1984). By other metrics than the accuracy, the best one always is.
  func choice(of trials: [Trial]) -> Trial? {
    guard let best = best(of: trials) else { return nil }
    let defaults = trials[0]
    let mayBeLuck = metric == .accuracy && !best.isClearlyMoreAccurate(than: defaults)
    return mayBeLuck && defaults.problem == nil ? defaults : best
  }

  /// The trial whose next fold is to be measured; nil where it is a new trial's turn.
  ///
  /// - Parameter trials: those that are compared with one another.
  func next(of trials: [Trial]) -> Trial? {
    let open = trials.filter { $0.problem == nil }
    if let begun = open.first(where: { !steps.contains($0.folds.count) }) { return begun }
    for step in steps.dropLast().reversed() {
      let ranked = ranked(open, folds: step)
      let quota = max(1, ranked.count / Self.share)
      if let trial = ranked.prefix(quota).first(where: { $0.folds.count == step }) { return trial }
    }
    return nil
  }
}
