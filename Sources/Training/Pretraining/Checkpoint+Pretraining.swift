import Corpus
import Hyperparameters
import Models
import RecurrentNetwork

extension Checkpoint {
  /// Lets the first recurrent layers of a run that hasn't begun be those of a network that has learned to predict words;
  /// its words become the run's.
  ///
  /// - Parameters:
  ///   - pretrained: the network.
  ///   - path: its file, for messages.
  /// - Throws: `TrainingError.otherNetwork` where the run's network can't stand on it.
  public mutating func stand(on pretrained: Model, path: String? = nil) throws {
    let (own, other) = (state.parameters.layout, pretrained.parameters.layout)
    let isPossible =
      pretrained.architecture.hiddenSize > 0 && other.recurrences.count <= own.recurrences.count
      && own.embedding.shape == other.embedding.shape
      && zip(own.recurrences, other.recurrences).allSatisfy { own, other in
        own.map(\.kernel.shape) == other.map(\.kernel.shape)
      }
    guard isPossible else {
      throw TrainingError.otherNetwork(
        path: path, found: pretrained.architecture, expected: configuration.architecture)
    }
    state.parameters[own.embedding] = pretrained.parameters[other.embedding]
    for (own, other) in zip(own.recurrences.joined(), other.recurrences.joined()) {
      state.parameters[own.kernel] = pretrained.parameters[other.kernel]
      state.parameters[own.recurrentKernel] = pretrained.parameters[other.recurrentKernel]
      state.parameters[own.bias] = pretrained.parameters[other.bias]
    }
    if source.wordIndex == nil, let vocabulary = pretrained.vocabulary {
      source.terms = .init(vocabulary: vocabulary, coding: pretrained.coding, labels: source.terms?.labels)
    }
  }
}
