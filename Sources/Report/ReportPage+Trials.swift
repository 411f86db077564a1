import Training

/// The trials of a tuning.
extension ReportPage {
  /// What a tuning tried, in charts; nothing for a run by itself.
  func trialSection(_ run: Run) -> String {
    let trials = run.record.trials.filter { $0.accuracy != nil }
    guard let first = trials.first else { return "" }
    let accuracy = Axis("accuracy", covering: trials.map { $0.accuracy! })
    let settings = Setting.all.compactMap { $0.effect(in: trials) }.filter { $0.share > 0 }
      .sorted { $0.share > $1.share }.prefix(Self.settingLimit)
    let chart = costChart(trials, first, accuracy)
    let multiples = settings.map { effect in
      figure(
        "\(effect.setting.name): \(percent(effect.share))", "\(effect.groups.count) values, \(effect.count) trials.",
        effect.chart(accuracy, note: { note($0, first) }).svg(title: effect.setting.name))
    }
    return """
      <section>
      <h2>Trials</h2>
      <p class="legend"><span class="key">\(swatch(color: 0))n-grams alone</span>
      <span class="key">\(swatch(color: 1))with a network</span></p>
      <div class="charts wide">
      \(chart)
      </div>
      \(multiples.isEmpty
        ? "<p>No setting made a difference that stands out from chance.</p>"
        : "<h3>What mattered</h3>\n<p>How much of the trials’ differences in accuracy goes with a setting, beyond what as "
          + "many values would explain by chance; among n-grams alone, or among networks. The line is the mean. Accuracy "
          + "on texts that were held out.</p>\n<div class=\"charts square\">\n\(multiples.joined(separator: "\n"))\n</div>")
      </section>
      """
  }

  /// The most settings that are shown.
  private static let settingLimit = 6

  /// What the pointer shows of a trial.
  private func note(_ trial: Trial, _ first: Trial) -> String {
    let changes = trial.number == 1 ? ["the defaults"] : trial.changes(from: first)
    return "trial \(trial.number), \(trial.folds.count) fold\(trial.folds.count == 1 ? "" : "s"): "
      + "\(decimal(trial.accuracy!, 4)), \(changes.joined(separator: ", "))"
  }

  private func costChart(_ trials: [Trial], _ first: Trial, _ accuracy: Axis) -> String {
    func seconds(_ trial: Trial) -> Double { trial.seconds / Double(trial.folds.count) }
    let series = [false, true].map { hasNetwork in
      Chart.Series(
        points: trials.filter { $0.configuration.hasNetwork == hasNetwork }.map { trial in
          Chart.Point(x: seconds(trial), y: trial.accuracy!, note: note(trial, first), radius: trial.dotRadius)
        }, color: hasNetwork ? 1 : 0, hasLine: false)
    }
    let best = trials.max { ($0.folds.count, $0.accuracy!, -$0.number) < ($1.folds.count, $1.accuracy!, -$1.number) }!
    let title =
      "\(trials.count) trial\(trials.count == 1 ? "" : "s"); the best on the most folds: \(decimal(best.accuracy!, 4))"
    return figure(
      title, "Each by the seconds that a fold took. The larger a dot, the more folds it was measured on.",
      Chart(
        shape: .wide, x: Axis("seconds a fold", covering: [0] + trials.map(seconds), endsAtTicks: false), y: accuracy,
        series: series
      ).svg(title: title))
  }
}

extension Trial {
  /// A larger dot stands for more folds.
  fileprivate var dotRadius: Double { 1.6 + Double(min(folds.count, 5)).squareRoot() }
}

/// A setting that trials differ in.
private struct Setting {
  let name: String
  /// Whether networks have it, or n-grams.
  let isOfNetworks: Bool
  /// Its value: what it is sorted by, and how it is written; nil where a trial lacks it.
  let value: (Trial) -> (order: Double, text: String)?

  private static func number(_ value: some BinaryInteger) -> (order: Double, text: String) {
    (Double(value), decimal(Double(value), 0))
  }

  private static func number(_ value: Double) -> (order: Double, text: String) {
    (value, value == value.rounded() ? decimal(value, 0) : "\(value)")
  }

  static var all: [Setting] {
    [
      Setting(name: "words of n-grams", isOfNetworks: false) { $0.configuration.wide.map { number($0.order) } },
      Setting(name: "characters of n-grams", isOfNetworks: false) {
        $0.configuration.wide.map {
          $0.longestCharacters == 0
            ? (0, "none")
            : (
              Double(10 * $0.longestCharacters + $0.shortestCharacters),
              "\($0.shortestCharacters)–\($0.longestCharacters)"
            )
        }
      },
      Setting(name: "least texts with an n-gram", isOfNetworks: false) {
        $0.configuration.wide.map { number($0.minimumCount) }
      },
      Setting(name: "C of n-grams", isOfNetworks: false) { $0.configuration.wide.map { number($0.cost) } },
      Setting(name: "tokens", isOfNetworks: false) { (0, $0.tokens.rawValue) },
      Setting(name: "units", isOfNetworks: true) { number($0.configuration.hiddenSize) },
      Setting(name: "directions", isOfNetworks: true) { number($0.configuration.isBidirectional ? 2 : 1) },
      Setting(name: "pooling", isOfNetworks: true) { (0, $0.configuration.pooling.rawValue) },
      Setting(name: "learning rate", isOfNetworks: true) { number($0.configuration.learningRate) },
      Setting(name: "batch size", isOfNetworks: true) { number($0.configuration.batchSize) },
      Setting(name: "vocabulary size", isOfNetworks: true) { number($0.configuration.vocabularySize) },
      Setting(name: "words dropped", isOfNetworks: true) { number($0.configuration.dropout.words) },
      Setting(name: "state dropped", isOfNetworks: true) { number($0.configuration.dropout.recurrent) },
      Setting(name: "outputs dropped", isOfNetworks: true) { number($0.configuration.dropout.output) },
    ]
  }

  /// How much a setting mattered.
  struct Effect {
    let setting: Setting
    /// Its values in order, and the trials with each.
    let groups: [(text: String, trials: [Trial])]
    /// The share of the variance of the accuracy that goes with the values, adjusted for their number.
    let share: Double

    var count: Int { groups.reduce(0) { $0 + $1.trials.count } }

    func chart(_ accuracy: Axis, note: (Trial) -> String) -> Chart {
      let color = setting.isOfNetworks ? 1 : 0
      let dots = groups.enumerated().flatMap { place, group in
        group.trials.map {
          Chart.Point(x: Double(place), y: $0.accuracy!, note: note($0), radius: $0.dotRadius)
        }
      }
      let means = groups.enumerated().map { Chart.Point(x: Double($0), y: $1.trials.meanAccuracy) }
      return Chart(
        shape: .small, x: Axis(setting.name, categories: groups.map(\.text)), y: accuracy,
        series: [.init(points: means, color: color), .init(points: dots, color: color, hasLine: false)])
    }
  }

  /// - Returns: nil where the trials don't differ in it, or nothing can be said.
  func effect(in trials: [Trial]) -> Effect? {
    let own = trials.filter { $0.configuration.hasNetwork == isOfNetworks }
      .compactMap { trial in value(trial).map { (trial: trial, value: $0) } }
    let groups = Dictionary(grouping: own, by: \.value.text).values
      .sorted { ($0[0].value.order, $0[0].value.text) < ($1[0].value.order, $1[0].value.text) }
      .map { (text: $0[0].value.text, trials: $0.map(\.trial)) }
    let (count, mean) = (Double(own.count), own.map(\.trial).meanAccuracy)
    func square(_ value: Double) -> Double { value * value }
    let total = own.reduce(0) { $0 + square($1.trial.accuracy! - mean) }
    let within = groups.reduce(0) { sum, group in
      sum + group.trials.reduce(0) { $0 + square($1.accuracy! - group.trials.meanAccuracy) }
    }
    // Of a few trials, which differ in other settings as well, nothing can be said.
    guard groups.count > 1, own.count >= max(8, 2 * groups.count), total > 0 else { return nil }
    return Effect(
      setting: self, groups: groups, share: 1 - within / total * (count - 1) / (count - Double(groups.count)))
  }
}

extension [Trial] {
  /// The mean accuracy; NaN for none.
  fileprivate var meanAccuracy: Double { reduce(0) { $0 + $1.accuracy! } / Double(count) }
}
