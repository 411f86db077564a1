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
  /// LSTM layers.
  public var layerCount = 1
  /// Whether each layer reads the sequence from both ends.
  public var isBidirectional = false
  /// What the last layer's outputs over time become.
  public var pooling = Architecture.Pooling.last
  /// Whether padding is left out.
  public var masksPadding = false
  /// How many labels there are.
  public var labelCount = 2
  /// What a training step sets to zero.
  public var dropout = Dropout()
  /// How many times all reviews are gone through.
  public var epochs = 3
  /// Reviews a step.
  public var batchSize = 1000
  /// Parts of a batch that threads and ranks share out, or nil for 32: it can't keep more of them busy. The order of
  /// addition follows from it, and so the last bits.
  public var shards: Int?
  /// Adam's step size.
  public var learningRate = 0.001
  /// Adam's ε. The larger it is, the less rare words are moved by the few gradients that they get.
  public var epsilon: Float = 1e-7
  /// Of the initial weights and of the order of the reviews.
  public var seed: UInt64 = 0
  /// Whether each epoch has an order of its own.
  public var shuffles = true
  /// The share of the training reviews, the last ones, that is set apart for validation; nil for the test reviews.
  public var validationSplit: Double?
  /// How much the loss of each label counts in training, [labels]; nil for 1 each.
  public var classWeights: [Double]?
  /// λ of AdamW, or nil for plain Adam.
  public var weightDecay: Double?
  /// How large gradients are cut down.
  public var clipping: GradientClipping?
  /// How the learning rate moves from step to step.
  public var schedule = LearningRateSchedule.constant
  /// How the learning rate is lowered where nothing improves.
  public var plateau: ReduceLROnPlateau?
  /// When the run ends early.
  public var earlyStopping: EarlyStopping?
  /// By what the best model is chosen that is kept beside the last.
  public var bestModel: MonitoredQuantity?

  /// The tutorial's.
  public init() {}

  /// The network.
  public var architecture: Architecture {
    get {
      Architecture(
        vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize, layerCount: layerCount,
        isBidirectional: isBidirectional, pooling: pooling, masksPadding: masksPadding, labelCount: labelCount)
    }
    set {
      vocabularySize = newValue.vocabularySize
      embeddingSize = newValue.embeddingSize
      hiddenSize = newValue.hiddenSize
      layerCount = newValue.layerCount
      isBidirectional = newValue.isBidirectional
      pooling = newValue.pooling
      masksPadding = newValue.masksPadding
      labelCount = newValue.labelCount
    }
  }

  /// The first setting that is impossible, and what it must be; nil where all are possible.
  public var problem: (setting: String, rule: String)? {
    let limits: [(CodingKeys, Int, ClosedRange<Int>)] = [
      (.vocabularySize, vocabularySize, 3...10_000_000), (.maxLength, maxLength, 1...1_000_000),
      (.embeddingSize, embeddingSize, 0...65_536), (.hiddenSize, hiddenSize, 1...65_536),
      (.layerCount, layerCount, 1...64), (.labelCount, labelCount, 2...256),
      (.epochs, epochs, 1...1_000_000), (.batchSize, batchSize, 1...100_000_000),
      (.shards, shards ?? 1, 1...65_536),
    ]
    for (key, value, range) in limits where !range.contains(value) {
      return (key.rawValue, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    guard learningRate.isFinite, learningRate > 0 else {
      return (CodingKeys.learningRate.rawValue, "must be a number above 0, not \(learningRate)")
    }
    guard epsilon.isFinite, epsilon > 0 else {
      return (CodingKeys.epsilon.rawValue, "must be a number above 0, not \(epsilon)")
    }
    func check(_ key: CodingKeys, _ isRight: Bool, _ rule: String) -> (String, String)? {
      isRight ? nil : (key.rawValue, rule)
    }
    let positive = 0.0.nextUp...Double.greatestFiniteMagnitude
    let notNegative = 0...Double.greatestFiniteMagnitude
    var clipLimit = 1.0
    switch clipping {
    case .globalNorm(let limit), .norm(let limit), .value(let limit): clipLimit = limit
    case nil: break
    }
    var scheduleIsRight = true
    switch schedule {
    case .constant: break
    case .cosineDecay(let warmupSteps, let alpha): scheduleIsRight = warmupSteps >= 0 && 0...1 ~= alpha
    case .stepDecay(let factor, let everySteps): scheduleIsRight = positive ~= factor && everySteps > 0
    }
    for (name, path) in Dropout.rates {
      let rate = dropout[keyPath: path]
      let setting = "\(CodingKeys.dropout.rawValue).\(name)"
      guard 0 <= rate, rate < 1 else { return (setting, "must be a share from 0 to below 1, not \(rate)") }
      if rate == 0 { continue }
      if path == \.layers && layerCount == 1 { return (setting, "needs two layers or more, between which to drop") }
      if path == \.embedding && embeddingSize == 0 {
        return (setting, "needs an embedding; without one drop whole words")
      }
    }
    return check(
      .validationSplit, validationSplit.map { 0 < $0 && $0 < 1 } ?? true, "must be a share between 0 and 1")
      ?? check(
        .classWeights, classWeights.map { $0.count == labelCount && $0.allSatisfy { notNegative ~= $0 } } ?? true,
        labelCount == 2
          ? "must be two numbers, of label 0 and of label 1, not below 0"
          : "must be \(labelCount) numbers, one of each label, not below 0")
      ?? check(.weightDecay, notNegative ~= weightDecay ?? 0, "must not be below 0")
      ?? check(.clipping, positive ~= clipLimit, "must have a limit above 0")
      ?? check(
        .schedule, scheduleIsRight,
        "needs a warm-up of 0 steps or more, a fraction from 0 to 1, or a factor above 0 every step or more")
      ?? check(
        .plateau, plateau == nil || schedule == .constant, "can't go with a schedule, which would overwrite its rate")
      ?? check(
        .plateau,
        plateau.map {
          0 <= $0.factor && $0.factor < 1 && $0.patience >= 0 && $0.cooldown >= 0 && notNegative ~= abs($0.minDelta)
            && notNegative ~= $0.minLearningRate
        } ?? true, "needs a factor from 0 to below 1, and patience and cooldown of 0 or more")
      ?? check(
        .earlyStopping, earlyStopping.map { $0.patience >= 0 && notNegative ~= abs($0.minDelta) } ?? true,
        "needs a patience of 0 or more")
  }

  /// Whether the learning rate may move: history.csv then says it.
  var movesLearningRate: Bool { schedule != .constant || plateau != nil }

  /// What of the settings works as callbacks.
  func callbacks(stepsPerEpoch: Int) -> [any TrainingCallback] {
    var callbacks: [any TrainingCallback] = []
    if schedule != .constant {
      callbacks.append(
        LearningRateScheduleCallback(schedule, learningRate: learningRate, stepCount: stepsPerEpoch * epochs))
    }
    if let plateau { callbacks.append(ReduceLROnPlateauCallback(plateau)) }
    if let earlyStopping { callbacks.append(EarlyStoppingCallback(earlyStopping)) }
    return callbacks
  }

  /// About how many bytes of memory training takes, the data not counted.
  public func memoryNeed(threads: Int) -> Double {
    let (a, h) = (architecture, Double(hiddenSize))
    // In Double: the numbers may be anybody's, and their product not fit an Int.
    let (directions, layers) = (Double(a.directionCount), Double(layerCount))
    let inputs = Double(a.inputSize(ofLayer: 0)) + (layers - 1) * directions * h
    let recurrences = 4 * h * directions * (inputs + layers * h)
    // Weights, gradient and two moments; a block's history for each thread; packed copies and sums.
    let parameters = Double(vocabularySize) * Double(embeddingSize) + recurrences
    let rows = Double(threads) * Double(maxLength) * Double(ShardWorker.tilesPerBlock * RowTile.rowCount)
    return 4 * (4 * parameters + rows * 8 * h * layers * directions + Double(threads + 8) * 4 * h * h * layers)
  }
}

extension TrainingConfiguration {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case vocabularySize, maxLength, embeddingSize, hiddenSize, layerCount, isBidirectional, pooling, masksPadding,
      labelCount, dropout, epochs, batchSize, shards, learningRate, epsilon, seed,
      shuffles, validationSplit, classWeights, weightDecay, clipping, schedule, plateau, earlyStopping, bestModel
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
    try read(.layerCount, \.layerCount)
    try read(.isBidirectional, \.isBidirectional)
    try read(.pooling, \.pooling)
    try read(.masksPadding, \.masksPadding)
    try read(.labelCount, \.labelCount)
    try read(.dropout, \.dropout)
    try read(.epochs, \.epochs)
    try read(.batchSize, \.batchSize)
    try read(.learningRate, \.learningRate)
    try read(.epsilon, \.epsilon)
    try read(.seed, \.seed)
    try read(.shuffles, \.shuffles)
    try read(.schedule, \.schedule)
    shards = try values.decodeIfPresent(Int.self, forKey: .shards)
    validationSplit = try values.decodeIfPresent(Double.self, forKey: .validationSplit)
    classWeights = try values.decodeIfPresent([Double].self, forKey: .classWeights)
    weightDecay = try values.decodeIfPresent(Double.self, forKey: .weightDecay)
    clipping = try values.decodeIfPresent(GradientClipping.self, forKey: .clipping)
    plateau = try values.decodeIfPresent(ReduceLROnPlateau.self, forKey: .plateau)
    earlyStopping = try values.decodeIfPresent(EarlyStopping.self, forKey: .earlyStopping)
    bestModel = try values.decodeIfPresent(MonitoredQuantity.self, forKey: .bestModel)
  }

  /// Reads a JSON object of settings, or the `configuration` of a run.json.
  ///
  /// - Parameter base: has the settings that the file doesn't name.
  /// - Throws: `TrainingError` where it can't be read, names an unknown setting, or an impossible value.
  public init(contentsOf path: String, over base: Self = Self()) throws {
    let advice = "give a JSON object of " + CodingKeys.allCases.map(\.rawValue).joined(separator: ", ")
    func fail(_ problem: String) -> TrainingError { TrainingError(path: path, problem: problem, advice: advice) }
    guard let data = try boundedContents(of: path, limit: 1 << 20, advice: advice) else { throw fail("no such file") }
    guard var object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw fail("is no JSON object")
    }
    if let nested = object["configuration"] as? [String: Any] { object = nested }
    if let unknown = object.keys.sorted().first(where: { CodingKeys(rawValue: $0) == nil }) {
      throw fail("there is no setting \(unknown)")
    }
    if let rates = object[CodingKeys.dropout.rawValue] as? [String: Any],
      let unknown = rates.keys.sorted().first(where: { name in !Dropout.rates.contains { $0.name == name } })
    {
      let known = Dropout.rates.map(\.name).joined(separator: ", ")
      throw fail("there is no rate \(unknown) of dropout, only \(known)")
    }
    object.merge(base.jsonObject) { own, _ in own }
    do {
      self = try JSONDecoder().decode(Self.self, from: JSONSerialization.data(withJSONObject: object))
    } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
      throw fail("\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value of the wrong kind")
    }
    if let problem { throw fail("\(problem.setting) \(problem.rule)") }
  }

  /// The settings that differ, as "name: this one's, the other's", by name.
  public func differences(from other: Self) -> [String] {
    changes(from: other).map { "\($0.name): \($0.own), \($0.other)" }
  }

  /// The settings that differ, by name, each as JSON or "none".
  package func changes(from other: Self) -> [(name: String, own: String, other: String)] {
    Self.changes(jsonObject, other.jsonObject)
  }

  private static func changes(
    _ own: [String: Any], _ others: [String: Any]
  ) -> [(name: String, own: String, other: String)] {
    func text(_ value: Any?) -> String {
      guard let value else { return "none" }
      let json = try? JSONSerialization.data(
        withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
      return String(decoding: json ?? Data(), as: UTF8.self)
    }
    return Set(own.keys).union(others.keys).sorted().flatMap { name in
      // Of dropout only the rates that differ.
      if name == CodingKeys.dropout.rawValue, let own = own[name] as? [String: Any],
        let others = others[name] as? [String: Any]
      {
        return changes(own, others).map { ("\(name).\($0.name)", $0.own, $0.other) }
      }
      let pair = (text(own[name]), text(others[name]))
      return pair.0 == pair.1 ? [] : [(name, pair.0, pair.1)]
    }
  }

  private var jsonObject: [String: Any] {
    let data = (try? JSONEncoder().encode(self)) ?? Data()
    return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
  }
}
