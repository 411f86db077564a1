import Foundation
import RecurrentNetwork

/// Everything that the outcome of a run depends on, beside the data; the defaults are the tutorial's.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
  /// V: tokens below this number are kept, padding, start and unknown counted.
  public var vocabularySize = 1000
  /// T: the last so many tokens of a review are read; shorter ones are padded in front.
  public var maxLength = 400
  /// E: length of a token's vector.
  public var embeddingSize = 128
  /// H: LSTM units.
  public var hiddenSize = 128
  /// How many times all reviews are gone through.
  public var epochs = 3
  /// Reviews a step.
  public var batchSize = 1000
  /// Adam's step size.
  public var learningRate = 0.001
  /// Of the initial weights and of the order of the reviews.
  public var seed: UInt64 = 0
  /// Whether each epoch has an order of its own.
  public var shuffles = true

  /// The tutorial's.
  public init() {}

  /// The network.
  public var architecture: Architecture {
    Architecture(vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize)
  }

  /// The first setting that is impossible, and what it must be; nil where all are possible.
  public var problem: (setting: String, rule: String)? {
    let limits: [(CodingKeys, Int, ClosedRange<Int>)] = [
      (.vocabularySize, vocabularySize, 3...10_000_000), (.maxLength, maxLength, 1...1_000_000),
      (.embeddingSize, embeddingSize, 1...65_536), (.hiddenSize, hiddenSize, 1...65_536),
      (.epochs, epochs, 1...1_000_000), (.batchSize, batchSize, 1...100_000_000),
    ]
    for (key, value, range) in limits where !range.contains(value) {
      return (key.rawValue, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    guard learningRate.isFinite, learningRate > 0 else {
      return (CodingKeys.learningRate.rawValue, "must be a number above 0, not \(learningRate)")
    }
    return nil
  }

  /// About how many bytes of memory training takes, the data not counted.
  public func memoryNeed(threads: Int) -> Double {
    let (v, e, h) = (Double(vocabularySize), Double(embeddingSize), Double(hiddenSize))
    // Weights, gradient and two moments; a block's history for each thread; packed copies and sums.
    let parameters = v * e + 4 * h * (e + h)
    let history = Double(threads * maxLength * ShardWorker.tilesPerBlock * RowTile.rowCount) * 6 * h
    return 4 * (4 * parameters + history + Double(threads + 8) * 4 * h * h)
  }
}

extension TrainingConfiguration {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case vocabularySize, maxLength, embeddingSize, hiddenSize, epochs, batchSize, learningRate, seed, shuffles
  }

  /// Settings from a file, in which those that are not named keep their defaults.
  ///
  /// - Throws: `DecodingError` where a value is of the wrong kind.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ target: WritableKeyPath<Self, Value>) throws {
      if let value = try values.decodeIfPresent(Value.self, forKey: key) { self[keyPath: target] = value }
    }
    self.init()
    try read(.vocabularySize, \.vocabularySize)
    try read(.maxLength, \.maxLength)
    try read(.embeddingSize, \.embeddingSize)
    try read(.hiddenSize, \.hiddenSize)
    try read(.epochs, \.epochs)
    try read(.batchSize, \.batchSize)
    try read(.learningRate, \.learningRate)
    try read(.seed, \.seed)
    try read(.shuffles, \.shuffles)
  }

  /// Reads a JSON object of settings, or the `configuration` of a run.json.
  ///
  /// - Throws: `TrainingError` where it can't be read, names an unknown setting, or an impossible value.
  public init(contentsOf path: String) throws {
    func fail(_ problem: String) -> TrainingError {
      TrainingError(
        path: path, problem: problem,
        advice: "give a JSON object of " + CodingKeys.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard let data = FileManager.default.contents(atPath: path) else { throw fail("no such file, or it can't be read") }
    guard var object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw fail("is no JSON object")
    }
    if let nested = object["configuration"] as? [String: Any] { object = nested }
    if let unknown = object.keys.sorted().first(where: { CodingKeys(rawValue: $0) == nil }) {
      throw fail("there is no setting \(unknown)")
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: JSONSerialization.data(withJSONObject: object))
    } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
      throw fail("\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value of the wrong kind")
    }
    if let problem { throw fail("\(problem.setting) \(problem.rule)") }
  }

  /// The settings that differ, as "name: this one's, the other's", by name.
  public func differences(from other: Self) -> [String] {
    func object(_ configuration: Self) -> [String: String] {
      let data = (try? JSONEncoder().encode(configuration)) ?? Data()
      let values = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
      return values.mapValues { "\($0)" }
    }
    let (own, others) = (object(self), object(other))
    return Set(own.keys).union(others.keys).sorted().filter { own[$0] != others[$0] }.map {
      "\($0): \(own[$0] ?? "none"), \(others[$0] ?? "none")"
    }
  }
}
