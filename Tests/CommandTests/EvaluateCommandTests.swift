import Classification
import Corpus
import Fixtures
import Foundation
import Hyperparameters
import Models
import RecurrentNetwork
import Testing

/// `lstm evaluate` on the generated sample, with a network of random weights.
@Suite struct EvaluateCommandTests {
  static let model: Model = {
    var configuration = TrainingConfiguration()
    (configuration.vocabularySize, configuration.embeddingSize, configuration.hiddenSize) = (50, 4, 5)
    configuration.maxLength = 20
    var generator = RandomGenerator(seed: 4)
    var parameters = Parameters(zeros: ParameterLayout(configuration.architecture))
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    var model = try! Model(parameters, configuration: configuration)
    model.labels = ["dull", "fine"]
    return model
  }()

  static func evaluate(_ arguments: [String], model: Model = model) throws -> LSTMProcess {
    try withTemporaryFolder { folder in
      try model.write(toSafetensors: folder.path + "/model.safetensors")
      return try LSTMProcess.run(
        ["evaluate", "--model", folder.path + "/model.safetensors", "--data", "Data/sample.npz"] + arguments)
    }
  }

  struct Facts: Decodable {
    var loss: Double
    var accuracy: Double
    var precision: Double?
    var recall: Double?
    var f1: Double?
    var auc: Double?
    var confusion: [[Int]]
    var intervals: [String: [Double]?]
    var labels: [String]
    var samples: Int
    var threshold: Float
    var part: String
  }

  @Test(arguments: [("test", nil), ("train", 700), ("all", 700)] as [(String, Int?)])
  func figuresAreThoseOfThePart(part: String, limit: Int?) throws {
    var (train, test) = try KerasIMDB.loadData(
      path: LSTMProcess.package + "/Data/sample.npz", options: .init(numWords: 50))
    if let limit { (train, test) = (train.prefix(limit), test.prefix(limit)) }
    let parts = part == "all" ? [train, test] : [part == "train" ? train : test]
    let labels = parts.flatMap(\.labels)
    let outcomes = try parts.flatMap { try Self.model.outcomes(of: $0, threads: 1) }
    // One that some are above and some below.
    let threshold = outcomes.map(\.probability).sorted()[labels.count / 3]
    let expected = BinaryEvaluation(
      probabilities: outcomes.map(\.probability), labels: labels, threshold: threshold)
    let counts = expected.confusion

    let run = try Self.evaluate(
      ["--part", part, "--format", "json", "--threshold", "\(threshold)"] + (limit.map { ["--limit", "\($0)"] } ?? []))
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    let facts = try JSONDecoder().decode(Facts.self, from: Data(run.output.utf8))
    #expect(facts.samples == labels.count)
    #expect(
      facts.confusion == [
        [counts.trueNegatives, counts.falsePositives], [counts.falseNegatives, counts.truePositives],
      ])
    #expect(counts.truePositives > 0 && counts.trueNegatives > 0)
    let loss = outcomes.map(\.loss).reduce(0, +) / Double(labels.count)
    for (value, expected) in [
      (facts.loss, loss), (facts.accuracy, expected.accuracy), (facts.precision, expected.precision),
      (facts.recall, expected.recall), (facts.f1, expected.f1), (facts.auc, expected.rocArea),
    ] as [(Double?, Double?)] { #expect(try #require(value) == (try #require(expected))) }
    for (name, interval) in [
      ("loss", .mean(of: outcomes.map(\.loss))), ("accuracy", expected.accuracyInterval),
      ("precision", expected.precisionInterval), ("recall", expected.recallInterval), ("f1", expected.f1Interval),
      ("auc", expected.rocAreaInterval),
    ] as [(String, ClosedRange<Double>?)] {
      let found = try #require(facts.intervals[name] ?? nil)
      #expect(found == [interval!.lowerBound, interval!.upperBound], "\(name)")
    }
    #expect(facts.labels == ["dull", "fine"])
    #expect(facts.part == part)
    #expect(facts.threshold == threshold)
  }

  @Test func textShowsTheSameFigures() throws {
    let run = try Self.evaluate(["--limit", "200"])
    #expect(run.exitCode == 0)
    #expect(run.output.hasPrefix("Data/sample.npz, part test: 200 texts, "))
    for name in ["loss ", "accuracy ", "precision ", "recall ", "f1 ", "auc "] {
      #expect(run.output.contains("\n\(name)"))
    }
    #expect(run.output.contains("says dull  says fine\nis dull "))
    #expect(run.output.contains("95 % intervals: Wilson's"))
  }

  /// Where nothing is called positive there is no precision.
  @Test func whatIsUndefinedIsNull() throws {
    let run = try Self.evaluate(["--threshold", "1", "--format", "json"])
    let facts = try JSONDecoder().decode(Facts.self, from: Data(run.output.utf8))
    #expect(facts.precision == nil)
    #expect(run.output.contains("\"precision\" : null"))
    #expect(facts.recall == 0)
    #expect(try Self.evaluate(["--threshold", "1"]).output.contains("precision  undefined\n"))
  }

  @Test(arguments: [
    (["--threshold", "-1"], 64, "threshold"), (["--limit", "0"], 64, "--limit must be at least 1, not 0"),
    (["--part", "middle"], 64, "middle"), (["--data", "/nowhere.npz"], 1, "/nowhere.npz"),
    (["--model", "/nowhere.safetensors"], 1, "/nowhere.safetensors"),
  ]) func refusesWhatMakesNoSense(arguments: [String], code: Int, message: String) throws {
    let run = try Self.evaluate(arguments)
    #expect(run.exitCode == code)
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(run.output == "")
  }
}
