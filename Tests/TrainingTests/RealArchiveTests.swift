import Corpus
import Foundation
import GoldenValues
import Hyperparameters
import RecurrentNetwork
import Testing
import Training

/// Keras's own file has the same reviews in another order, and so other losses.
private let hasGoldenArchive =
  realDataFolder.flatMap {
    try? FileManager.default.attributesOfItem(atPath: $0 + "/imdb.npz")[.size] as? Int
  } == 17_962_164

/// The tutorial's first epoch on the real archive, against PyTorch in float64 with Keras's Adam written out
/// (Scripts/golden/imdb_first_epoch.py).
@Suite(.enabled(if: hasGoldenArchive, "skipped: IMDB_DATA names no folder with the imdb.npz of the golden values"))
struct RealArchiveTests {
  struct Golden: Decodable {
    var losses: [Double]
    var accuracies: [Double]
  }

  @Test func lossesOfTheFirstEpochEqualPyTorch() throws {
    let golden: Golden = try goldenValues("TrainingTests/Golden/imdb_first_epoch.json")
    var (training, test) = try KerasIMDB.loadData(path: realDataFolder! + "/imdb.npz", options: .init(numWords: 1000))
    training.sequences.truncate(to: 400)
    test.sequences.truncate(to: 400)
    var configuration = TrainingConfiguration()
    configuration.epochs = 1
    configuration.shuffles = false
    let trainer = try Trainer(
      configuration,
      state: TrainingState(Self.initialParameters, learningRate: configuration.learningRate), training: training,
      validation: test.prefix(1000),
      threads: 2)
    var losses: [Double] = []
    _ = try trainer.run { event in
      if case .step(let record) = event { losses.append(record.metrics.loss) }
      return .goOn
    }
    #expect(losses.count == 25)
    #expect(relativeError(losses.prefix(5), golden.losses.prefix(5)) < 1e-5)
    #expect(relativeError(losses, golden.losses) < 1e-3)
  }

  /// Weights by a rule that the script shares, so that none need be shipped.
  static var initialParameters: Parameters {
    let layout = ParameterLayout(Architecture())
    var parameters = Parameters(zeros: layout)
    var generator = RandomGenerator(state: 0)
    let limits = [0.05, 0.096825, 0.0884, 0, 0.2157, 0]
    for (tensor, limit) in zip(layout.tensors, limits) {
      for i in tensor.range { parameters.values[i] = Float(limit * (2 * generator.uniform() - 1)) }
    }
    for unit in 0..<128 { parameters.values[layout.bias.offset + 128 + unit] = 1 }
    return parameters
  }
}
