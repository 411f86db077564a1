import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing
import Training

/// A model of odd sizes, no two weights of which are equal.
enum SmallModel {
  static let layout = ParameterLayout(.init(vocabularySize: 5, embeddingSize: 2, hiddenSize: 3))

  static var model: Model {
    var parameters = Parameters(zeros: layout)
    for index in parameters.values.indices { parameters.values[index] = 1 / Float(index + 3) }
    // Arithmetic would lose these.
    for (index, value) in zip(layout.bias.range, [-0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude] as [Float]) {
      parameters.values[index] = value
    }
    var configuration = TrainingConfiguration()
    configuration.architecture = layout.architecture
    (configuration.maxLength, configuration.learningRate) = (17, 0.1)
    var model = try! Model(
      parameters, configuration: configuration, vocabulary: ["<pad>", "<start>", "<oov>", "é\"\\", "😀\n"])
    model.coding.stripsHTML = true
    model.coding.lowercasing = .unicode
    model.labels = ["ham", "späm"]
    return model
  }

  /// Networks of every kind.
  static let architectures: [Architecture] = [
    architecture(layers: 1, isBidirectional: true, .max),
    architecture(layers: 3, .last, masksPadding: true),
    architecture(layers: 2, isBidirectional: true, .last),
    architecture(layers: 2, isBidirectional: true, .mean, masksPadding: true, labels: 3),
    architecture(layers: 1, .last, embeddingSize: 0),
    architecture(layers: 2, isBidirectional: true, .max, masksPadding: true, embeddingSize: 0, labels: 4),
    architecture(layers: 2, isBidirectional: true, .lastStep),
    architecture(layers: 1, isBidirectional: true, .mean, dense: [.init(4, .tanh), .init(3, .relu)], labels: 3),
    architecture(layers: 1, .last, masksPadding: true, dense: [.init(2, .relu)]),
  ]

  static func architecture(
    layers: Int, isBidirectional: Bool = false, _ pooling: Architecture.Pooling, masksPadding: Bool = false,
    embeddingSize: Int = 2, dense: [Architecture.DenseLayer] = [], labels: Int = 2
  ) -> Architecture {
    Architecture(
      vocabularySize: 5, embeddingSize: embeddingSize, hiddenSize: 3, layerCount: layers,
      isBidirectional: isBidirectional, pooling: pooling, masksPadding: masksPadding, denseLayers: dense,
      labelCount: labels)
  }

  /// A model of a network, no two weights of which are equal.
  static func model(of architecture: Architecture) -> Model {
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    for index in parameters.values.indices { parameters.values[index] = 1 / Float(index + 3) }
    var model = Model(parameters)
    model.configuration.maxLength = 17
    model.configuration.dropout.output = 0.25
    model.vocabulary = ["<pad>", "<start>", "<oov>", "a", "b"]
    model.labels = (0..<architecture.labelCount).map { "label \($0)" }
    return model
  }

  static func bits(_ model: Model) -> [UInt32] { model.parameters.values.map(\.bitPattern) }
}

extension [UInt8] {
  /// The first occurrence of some bytes replaced.
  func replacing(_ old: [UInt8], by new: [UInt8]) -> [UInt8] {
    guard let start = indices.first(where: { self[$0...].starts(with: old) }) else { return self }
    return Array(self[..<start] + new + self[(start + old.count)...])
  }

  func replacing(_ old: String, by new: String) -> [UInt8] { replacing(Array(old.utf8), by: Array(new.utf8)) }
}
