import Corpus
import Foundation
import Hyperparameters
import RecurrentNetwork

/// A task that is learned in a second: whether token 5 occurs.
package let smallConfiguration: TrainingConfiguration = {
  var configuration = TrainingConfiguration()
  configuration.vocabularySize = 12
  configuration.embeddingSize = 6
  configuration.hiddenSize = 9
  configuration.maxLength = 10
  configuration.batchSize = 32
  configuration.epochs = 2
  configuration.learningRate = 0.01
  return configuration
}()

package func smallReviews(_ count: Int, seed: UInt64) -> LabeledSequences {
  var generator = RandomGenerator(seed: seed)
  let sequences = (0..<count).map { _ in
    (0..<1 + Int(generator.uniform() * 10)).map { _ in Int32(1 + generator.uniform() * 11) }
  }
  return LabeledSequences(sequences: TokenSequences(sequences), labels: sequences.map { $0.contains(5) ? 1 : 0 })
}
