import Corpus
import Foundation

/// A linear classifier over the n-grams of a text's words and of its words' characters.
///
/// With two labels there is one logit, else one for each label. A text's logit is
/// √½ Σ p / √Σ r² over its n-grams of words, plus the same over those of characters, plus the bias, where p = w · r:
/// presence counts, not frequency.
package struct NGramClassifier: Sendable, Equatable {
  /// Which n-grams it knows.
  package let index: NGramIndex
  /// The settings that it was trained with.
  package let settings: NGramSettings
  /// w · r of each feature, [logits][F] in one array.
  package private(set) var products: [Float]
  /// r² of each feature, [logits][F] in one array.
  package let squares: [Float]
  /// The bias of each logit.
  package private(set) var biases: [Float]

  /// The number of logits: 1 for two labels.
  package var logitCount: Int { biases.count }

  // MARK: Training

  /// Trains a classifier. The result is the same for any number of threads.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - labels: the number of each text's label.
  ///   - labelCount: how many labels there are.
  ///   - classWeights: the weight of each label's losses; nil for 1.
  ///   - settings: which n-grams to take, and how to train.
  ///   - seed: of the order in which texts are visited.
  ///   - threads: how many threads share the work.
  ///   - progress: told about which share of the work is done, by one thread at a time.
  package init(
    training texts: WordSequences, labels: [UInt8], labelCount: Int, classWeights: [Double]? = nil,
    settings: NGramSettings, seed: UInt64, threads: Int, progress: (Double) -> Void = { _ in }
  ) {
    let index = NGramIndex(of: texts, settings)
    let features = NGramFeatures(of: texts, in: index, threads: threads)
    let costs = labels.map { settings.cost * (classWeights?[Int($0)] ?? 1) }
    let targets = labelCount == 2 ? [1] : Array(0..<labelCount)
    // A lock that ThreadSanitizer knows, unlike the standard library's `Mutex`. Until all jobs are done, what follows it is
    // only accessed while it is held.
    let lock = NSLock()
    nonisolated(unsafe) var products = [Float](repeating: 0, count: targets.count * index.count)
    nonisolated(unsafe) var squares = products
    nonisolated(unsafe) var biases = [Float](repeating: 0, count: targets.count)
    nonisolated(unsafe) var shares = [Double](repeating: 0, count: targets.count)
    withoutActuallyEscaping(progress) { progress in
      nonisolated(unsafe) let progress = progress
      @Sendable func report(_ share: Double, _ target: Int) {
        lock.withLock {
          shares[target] = max(shares[target], share)
          progress(shares.reduce(0, +) / Double(shares.count))
        }
      }
      let jobs = max(1, min(threads, targets.count))
      DispatchQueue.concurrentPerform(iterations: jobs) { job in
        for target in stride(from: job, to: targets.count, by: jobs) {
          let fit = LogisticRegression(
            features, isLabel: labels.map { Int($0) == targets[target] }, costs: costs, index: index,
            seed: seed &+ UInt64(target)
          ) { report($0, target) }
          lock.withLock {
            for (place, weight) in zip(target * index.count..<(target + 1) * index.count, fit.weights) {
              products[place] = Float(weight.product)
              squares[place] = weight.square
            }
            biases[target] = Float(fit.bias)
          }
          report(1, target)
        }
      }
    }
    (self.index, self.settings) = (index, settings)
    (self.products, self.squares, self.biases) = (products, squares, biases)
  }

  // MARK: Files

  /// A classifier from its parts, which may come from anywhere.
  ///
  /// - Parameters:
  ///   - index: the n-grams.
  ///   - products: w · r of each feature, [logits][F] in one array.
  ///   - squares: r² of each feature, [logits][F] in one array.
  ///   - biases: the bias of each logit.
  /// - Returns: nil unless the numbers are as many as they must be and finite, and no square is negative.
  package init?(
    index: NGramIndex, settings: NGramSettings, products: [Float], squares: [Float], biases: [Float]
  ) {
    guard !biases.isEmpty, products.count == biases.count * index.count, squares.count == products.count,
      biases.allSatisfy(\.isFinite), products.allSatisfy(\.isFinite),
      squares.allSatisfy({ $0 >= 0 && $0.isFinite })
    else { return nil }
    (self.index, self.settings) = (index, settings)
    (self.products, self.squares, self.biases) = (products, squares, biases)
  }

  /// The classifier whose logits are the mean of its own and of others' with the same n-grams, trained on the same labels.
  package func mean(with others: [NGramClassifier]) -> NGramClassifier {
    var result = self
    let share = 1 / Float(others.count + 1)
    func mean(_ path: KeyPath<NGramClassifier, [Float]>) -> [Float] {
      var sums = self[keyPath: path]
      for other in others {
        let values = other[keyPath: path]
        for index in sums.indices { sums[index] += values[index] }
      }
      return sums.map { $0 * share }
    }
    result.products = mean(\.products)
    result.biases = mean(\.biases)
    return result
  }

  // MARK: Use

  /// The logits of texts, [count][logits] in one array.
  ///
  /// - Parameters:
  ///   - texts: the texts.
  ///   - threads: how many threads share the work.
  package func logits(of texts: WordSequences, threads: Int) -> [Float] {
    let finder = NGramFeatures.Finder(texts, index)
    var result = [Float](repeating: 0, count: texts.count * logitCount)
    // Pieces, so that memory doesn't grow with the texts.
    let pieces = (texts.count + NGramFeatures.textsAtOnce - 1) / NGramFeatures.textsAtOnce
    let jobs = max(1, min(threads, pieces))
    result.withUnsafeMutableBufferPointer { result in
      // Each job writes the logits of its own texts.
      nonisolated(unsafe) let result = result
      DispatchQueue.concurrentPerform(iterations: jobs) { job in
        for piece in stride(from: job, to: pieces, by: jobs) {
          let start = piece * NGramFeatures.textsAtOnce
          let range = start..<min(start + NGramFeatures.textsAtOnce, texts.count)
          let logits = logits(of: NGramFeatures(of: range, by: finder))
          _ = result[(start * logitCount)...].update(fromContentsOf: logits)
        }
      }
    }
    return result
  }

  /// What each n-gram of a text adds to one of its logits, in the order in which they are met; with the bias, these add up
  /// to the logit.
  ///
  /// - Parameters:
  ///   - text: one text.
  ///   - logit: which of the logits.
  package func shares(of text: WordSequences, logit: Int) -> [(text: String, share: Float)] {
    let features = NGramFeatures(of: text, in: index, threads: 1)
    let (products, squares) = (products(of: logit), squares(of: logit))
    return [features.words(of: 0), features.characters(of: 0)].flatMap { range in
      let found = features.features[range]
      let scale = Self.scale(squares, found)
      return found.map { (index.text(of: Int($0)), Float(scale * Double(products[products.startIndex + Int($0)]))) }
    }
  }

  private func logits(of features: NGramFeatures) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(features.count * logitCount)
    for text in 0..<features.count {
      for logit in 0..<logitCount {
        var sum = Double(biases[logit])
        for range in [features.words(of: text), features.characters(of: text)] {
          let found = features.features[range]
          sum +=
            Self.scale(squares(of: logit), found)
            * found.reduce(0.0) { $0 + Double(products[logit * index.count + Int($1)]) }
        }
        result.append(Float(sum))
      }
    }
    return result
  }

  /// w · r of each feature for one of the logits, [F].
  package func products(of logit: Int) -> ArraySlice<Float> {
    products[logit * index.count..<(logit + 1) * index.count]
  }

  /// r² of each feature for one of the logits, [F].
  package func squares(of logit: Int) -> ArraySlice<Float> { squares[logit * index.count..<(logit + 1) * index.count] }

  /// √½ / √Σ r², or 0 where there is nothing to scale.
  static func scale(_ squares: ArraySlice<Float>, _ features: ArraySlice<Int32>) -> Double {
    let sum = features.reduce(0.0) { $0 + Double(squares[squares.startIndex + Int($1)]) }
    return sum > 0 ? (0.5 / sum).squareRoot() : 0
  }

  /// Multiplies all logits by a number.
  package mutating func scaleLogits(by factor: Float) {
    for index in products.indices { products[index] *= factor }
    for logit in biases.indices { biases[logit] *= factor }
  }
}
