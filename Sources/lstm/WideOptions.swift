import ArgumentParser
import Hyperparameters
import NGrams

/// The wide part beside the network, as options.
struct WideOptions: ParsableArguments {
  private static let defaults = NGramSettings()

  @Option(
    help: .init(
      "Add a linear part over n-grams of up to this many words, whose logit joins the network's; 0 for none.",
      valueName: "words"))
  var wide: Int?

  @Option(
    help: .init(
      "With --wide: training texts in which an n-gram must occur (default: \(defaults.minimumCount)).",
      valueName: "count"))
  var wideMinCount: Int?

  @Option(
    help: .init(
      "With --wide: the most characters of a word's n-grams, from \(defaults.shortestCharacters) on; 0 for none (default: "
        + "\(defaults.longestCharacters)).",
      valueName: "count"))
  var wideCharacters: Int?

  @Option(
    help: .init(
      "With --wide: C, the weight of the losses beside that of the regularization (default: \(defaults.cost)).",
      valueName: "number"))
  var wideCost: Double?

  func apply(to configuration: inout TrainingConfiguration) throws {
    if let wide {
      if wide == 0 {
        configuration.wide = nil
      } else {
        var settings = configuration.wide ?? NGramSettings()
        settings.order = wide
        configuration.wide = settings
      }
    }
    guard configuration.wide != nil else {
      if wideMinCount != nil || wideCharacters != nil || wideCost != nil {
        throw ValidationError("The --wide… options go with --wide.")
      }
      return
    }
    if let wideMinCount { configuration.wide!.minimumCount = wideMinCount }
    if let wideCharacters { configuration.wide!.longestCharacters = wideCharacters }
    if let wideCost { configuration.wide!.cost = wideCost }
  }
}
