import Foundation
import RecurrentNetwork

/// Fits one label against the rest: logistic regression over naive-Bayes weighted n-grams.
///
/// A text x has for each of its n-grams the logarithm r of the ratio of its counts in the texts with the label and in the
/// others (S. Wang, C. Manning, "Baselines and bigrams: simple, good sentiment and topic classification", ACL 2012), scaled
/// so that n-grams of words and of characters each have the norm √½. The minimum of ½‖w‖² + Σᵢ Cᵢ log(1 + exp(-yᵢ w·xᵢ))
/// is found in its dual form, a text at a time (H.-F. Yu, F.-L. Huang, C.-J. Lin, "Dual coordinate descent methods for
/// logistic regression and maximum entropy models", Machine Learning 85, 2011).
struct LogisticRegression {
  /// What a feature weighs.
  struct Weight {
    /// w · r.
    var product = 0.0
    /// r². Stored beside the product, as each text needs both, and fetching them takes most of the time.
    let square: Float
  }

  /// [F].
  private(set) var weights: [Weight]
  /// The weight of the constant 1 that each text has besides.
  private(set) var bias = 0.0

  /// The passes over the texts after which the search ends.
  private static let passLimit = 300
  /// How near to 0 each text's derivative must come.
  private static let tolerance = 0.005

  /// - Parameters:
  ///   - features: of the texts.
  ///   - isLabel: which texts have the label.
  ///   - costs: Cᵢ of each text.
  ///   - index: what the features are.
  ///   - seed: of the order of the texts.
  ///   - progress: told about which share of the work is done.
  init(
    _ features: NGramFeatures, isLabel: [Bool], costs: [Double], index: NGramIndex, seed: UInt64,
    progress: (Double) -> Void
  ) {
    let squares = Self.ratios(features, isLabel, index).map { $0 * $0 }
    weights = squares.map { Weight(square: $0) }
    fit(features, isLabel, costs, squares, seed, progress)
  }

  /// log (p / ‖p‖₁) / (q / ‖q‖₁), where p and q count the texts with and without the label that have an n-gram, plus 1.
  private static func ratios(_ features: NGramFeatures, _ isLabel: [Bool], _ index: NGramIndex) -> [Float] {
    var with = [Double](repeating: 1, count: index.count)
    var without = with
    for text in 0..<features.count {
      for feature in features.features[features.offsets[2 * text]..<features.offsets[2 * text + 2]] {
        if isLabel[text] { with[Int(feature)] += 1 } else { without[Int(feature)] += 1 }
      }
    }
    var ratios = [Float](repeating: 0, count: index.count)
    for block in [0..<index.firstOfCharacters, index.firstOfCharacters..<index.count] {
      let scale = without[block].reduce(0, +) / with[block].reduce(0, +)
      for feature in block { ratios[feature] = Float(log(with[feature] / without[feature] * scale)) }
    }
    return ratios
  }

  private mutating func fit(
    _ features: NGramFeatures, _ isLabel: [Bool], _ costs: [Double], _ squares: [Float], _ seed: UInt64,
    _ progress: (Double) -> Void
  ) {
    let count = features.count
    let scales = (0..<count).map { text in
      (
        NGramClassifier.scale(squares[...], features.features[features.words(of: text)]),
        NGramClassifier.scale(squares[...], features.features[features.characters(of: text)])
      )
    }
    /// α of each text, and log(α / (C - α)).
    var (alphas, logits) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    var generator = RandomGenerator(seed: seed)
    var bias = 0.0
    var first = 0.0
    weights.withUnsafeMutableBufferPointer { weights in
      features.features.withUnsafeBufferPointer { all in
        for pass in 0..<Self.passLimit {
          var largest = 0.0
          for text in generator.permutation(of: count) {
            let (wordScale, characterScale) = scales[text]
            let (words, characters) = (features.words(of: text), features.characters(of: text))
            var (wordSum, characterSum) = (0.0, 0.0)
            for place in words { wordSum += weights[Int(all[place])].product }
            for place in characters { characterSum += weights[Int(all[place])].product }
            let sign = isLabel[text] ? 1.0 : -1
            let margin = sign * (wordSum * wordScale + characterSum * characterScale + bias)
            // xᵢ · xᵢ: 1 for the bias, and ½ for each kind of n-gram that the text has.
            let square = 1 + (wordScale > 0 ? 0.5 : 0) + (characterScale > 0 ? 0.5 : 0)
            let old = alphas[text]
            if pass > 0 { largest = max(largest, abs(logits[text] + margin)) }
            (alphas[text], logits[text]) = Self.minimum(
              cost: costs[text], square: square, offset: margin - square * old, from: logits[text])
            let change = sign * (alphas[text] - old)
            bias += change
            func add(_ change: Double, _ places: Range<Int>) {
              for place in places {
                let feature = Int(all[place])
                weights[feature].product += change * Double(weights[feature].square)
              }
            }
            add(change * wordScale, words)
            add(change * characterScale, characters)
          }
          if pass == 1 { first = largest }
          if pass > 0, largest < Self.tolerance { break }
          // It falls by about the same factor in each pass.
          if pass > 1, first > Self.tolerance { progress(log(first / largest) / log(first / Self.tolerance)) }
        }
      }
    }
    self.bias = bias
  }

  /// The α that minimizes the dual problem in one variable, α = C σ(t), where t + square · C σ(t) + offset = 0.
  ///
  /// The left side ascends, so that Newton's method is kept between bounds.
  private static func minimum(
    cost: Double, square: Double, offset: Double, from start: Double
  ) -> (alpha: Double, logit: Double) {
    var (low, high) = (-offset - square * cost, -offset)
    var t = min(max(start, low), high)
    var alpha = 0.0
    for _ in 0..<30 {
      let share = 1 / (1 + exp(-t))
      alpha = cost * share
      let value = t + square * alpha + offset
      if abs(value) < 1e-6 { break }
      if value > 0 { high = t } else { low = t }
      let next = t - value / (1 + square * alpha * (1 - share))
      t = next > low && next < high ? next : (low + high) / 2
    }
    return (alpha, t)
  }
}
