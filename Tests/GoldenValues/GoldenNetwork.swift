import Foundation
import RecurrentNetwork

/// A network, a batch and PyTorch's float64 answers, made by Scripts/golden/networks.py.
package struct GoldenNetwork: Decodable, Sendable, CustomStringConvertible {
  package var vocabularySize: Int
  package var embeddingSize: Int
  package var hiddenSize: Int
  package var layerCount: Int
  package var isBidirectional: Bool
  package var pooling: Architecture.Pooling
  package var masksPadding: Bool
  package var denseLayers: [Architecture.DenseLayer]?
  package var labelCount: Int
  package var maxLength: Int
  /// The real tokens of each sequence; padding is added in front.
  package var sequences: [[Int32]]
  package var labels: [UInt8]
  /// The state of the `RandomGenerator` whose numbers are the weights.
  package var weightSeed: UInt64
  package var loss: Double
  /// One for each sample, or one for each label of each sample.
  package var logits: [Double]
  package var predicted: [UInt8]
  /// For each tensor n, where every nth element of its gradient is in the file.
  package var gradientSteps: [Int]
  /// Doubles, little-endian.
  var gradient: Data

  /// The committed file.
  package static let all: [GoldenNetwork] = {
    struct File: Decodable { var cases: [GoldenNetwork] }
    do { return try goldenValues("ParallelTests/Golden/networks.json", as: File.self).cases } catch {
      fatalError("networks.json: \(error)")
    }
  }()

  package var architecture: Architecture {
    Architecture(
      vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize, layerCount: layerCount,
      isBidirectional: isBidirectional, pooling: pooling, masksPadding: masksPadding, denseLayers: denseLayers ?? [],
      labelCount: labelCount)
  }

  package var description: String { "\(architecture)" }

  /// How many of the predicted labels are right.
  package var correctCount: Int { zip(predicted, labels).count { $0 == $1 } }

  /// The elements of the gradient that the file has, of one tensor after the other.
  package var gradientElements: [Double] {
    gradient.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { offset in
        Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      }
    }
  }

  /// The same elements of another gradient, which is flat in the layout's order.
  package func elements<Scalar>(of gradient: [Scalar]) -> [[Scalar]] {
    zip(ParameterLayout(architecture).tensors, gradientSteps).map { tensor, step in
      stride(from: tensor.offset, to: tensor.range.upperBound, by: step).map { gradient[$0] }
    }
  }

  package var parameters: Parameters {
    var parameters = Parameters(zeros: ParameterLayout(architecture))
    var generator = RandomGenerator(state: weightSeed)
    for i in parameters.values.indices { parameters.values[i] = Float(generator.next() >> 47) / 65536 - 1 }
    return parameters
  }
}
