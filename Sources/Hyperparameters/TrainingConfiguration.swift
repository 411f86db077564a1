import Files
import Foundation
import NGrams
import RecurrentNetwork

/// Everything that the outcome of a run depends on, besides the data. The defaults are the tutorial's.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
  /// V: tokens below this number are kept; padding, start and unknown count.
  public var vocabularySize = 1000
  /// T: the last so many tokens of a text are read; shorter texts are padded in front.
  public var maxLength = 400
  /// E: length of a token's vector.
  public var embeddingSize = 128
  /// H: number of LSTM units of each layer, in each direction.
  public var hiddenSize = 128
  /// Number of LSTM layers.
  public var layerCount = 1
  /// Whether each layer reads the sequence in both directions.
  public var isBidirectional = false
  /// How the last layer's outputs over time become one vector.
  public var pooling = Architecture.Pooling.last
  /// Whether padding is skipped rather than read like any token.
  public var masksPadding = false
  /// The dense layers between the pooling and the output layer, in order.
  public var denseLayers: [Architecture.DenseLayer] {
    get { someDenseLayers ?? [] }
    set { someDenseLayers = newValue.isEmpty ? nil : newValue }
  }
  /// The same, but nil for none: settings without any are written as before there were some.
  private var someDenseLayers: [Architecture.DenseLayer]?
  /// How many labels there are.
  public var labelCount = 2
  /// The wide part beside the network: a linear classifier over n-grams; nil for none.
  public var wide: NGramSettings?
  /// How words are predicted, where that is what the network learns from; nil for labels.
  public var wordPrediction: WordPrediction?
  /// What a training step sets to zero.
  public var dropout = Dropout()
  /// Number of passes over the training texts.
  public var epochs = 3
  /// Number of texts in a step.
  public var batchSize = 1000
  /// Number of parts of a batch that threads and ranks share, or nil for 32; it can't keep more of them busy. It decides
  /// the order of addition, and so the last bits.
  public var shards: Int?
  /// For so many epochs only what stands above the recurrent layers learns; nil for none.
  public var frozenBodyEpochs: Int?
  /// For so many epochs the tokens' vectors stay as they are; nil for none.
  public var frozenEmbeddingEpochs: Int?
  /// The step size of the tokens' vectors, as a share of ``learningRate``; nil for 1. Vectors from elsewhere are often
  /// moved more carefully than the rest.
  public var embeddingRate: Double?
  /// Adam's step size.
  public var learningRate = 0.001
  /// Adam's ε. The larger it is, the less rare words are moved by the few gradients they get.
  public var epsilon: Float = 1e-7
  /// Seeds the initial weights, the order of the texts and the dropout.
  public var seed: UInt64 = 0
  /// Whether the texts are shuffled for each epoch.
  public var shuffles = true
  /// The share of the training texts, the last ones, that is set aside for validation; nil to validate on the test part.
  public var validationSplit: Double?
  /// The weight of each label's losses in training, [labels]; nil for 1 each.
  public var classWeights: [Double]?
  /// λ of AdamW, or nil for plain Adam.
  public var weightDecay: Double?
  /// How large gradients are clipped.
  public var clipping: GradientClipping?
  /// How the learning rate changes from step to step.
  public var schedule = LearningRateSchedule.constant
  /// How the learning rate is lowered when nothing improves any more.
  public var plateau: ReduceLROnPlateau?
  /// When the run ends before its last epoch.
  public var earlyStopping: EarlyStopping?
  /// The quantity by which the best model is chosen that is kept beside the last one.
  public var bestModel: MonitoredQuantity?

  /// How the model's threshold is chosen; nil for 0.5.
  public var threshold: ThresholdRule?

  /// The tutorial's settings.
  public init() {}

  /// The network.
  public var architecture: Architecture {
    get {
      Architecture(
        vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize, layerCount: layerCount,
        isBidirectional: isBidirectional, pooling: pooling, masksPadding: masksPadding, denseLayers: denseLayers,
        labelCount: labelCount)
    }
    set {
      vocabularySize = newValue.vocabularySize
      embeddingSize = newValue.embeddingSize
      hiddenSize = newValue.hiddenSize
      layerCount = newValue.layerCount
      isBidirectional = newValue.isBidirectional
      pooling = newValue.pooling
      masksPadding = newValue.masksPadding
      denseLayers = newValue.denseLayers
      labelCount = newValue.labelCount
    }
  }

  /// The first setting that is impossible, or nil.
  public var invalidSetting: InvalidSetting? {
    architecture.invalidSetting ?? invalidSize ?? invalidOptimizer ?? invalidDropout ?? invalidData ?? invalidWide
      ?? invalidCallback ?? invalidWordPrediction
  }

  private static let positive = 0.0.nextUp...Double.greatestFiniteMagnitude
  private static let notNegative = 0...Double.greatestFiniteMagnitude

  /// The setting, unless it is valid.
  private func check(_ key: CodingKeys, _ isValid: Bool, _ rule: String) -> InvalidSetting? {
    isValid ? nil : InvalidSetting(key.rawValue, rule)
  }

  private var invalidSize: InvalidSetting? {
    check(.hiddenSize, hiddenSize > 0 || wide != nil, "must be above 0 where there are no n-grams beside the network")
      ?? InvalidSetting("maxLength", maxLength, in: 1...1_000_000)
      ?? InvalidSetting("epochs", epochs, in: 1...1_000_000)
      ?? InvalidSetting("batchSize", batchSize, in: 1...100_000_000)
      ?? InvalidSetting("shards", shards ?? 1, in: 1...65_536)
      ?? InvalidSetting("frozenBodyEpochs", frozenBodyEpochs ?? 0, in: 0...1_000_000)
      ?? InvalidSetting("frozenEmbeddingEpochs", frozenEmbeddingEpochs ?? 0, in: 0...1_000_000)
      ?? check(.frozenEmbeddingEpochs, frozenEmbeddingEpochs ?? 0 == 0 || embeddingSize > 0, "needs an embedding")
      ?? check(.embeddingRate, embeddingRate == nil || embeddingSize > 0, "needs an embedding")
  }

  private var invalidOptimizer: InvalidSetting? {
    let clipLimit = clipping?.limit ?? 1
    return check(.learningRate, Self.positive ~= learningRate, "must be a number above 0, not \(learningRate)")
      ?? check(.embeddingRate, 0...100 ~= embeddingRate ?? 1, "must be from 0 to 100, not \(embeddingRate ?? 1)")
      ?? check(.epsilon, epsilon.isFinite && epsilon > 0, "must be a number above 0, not \(epsilon)")
      ?? check(.weightDecay, Self.notNegative ~= weightDecay ?? 0, "must not be below 0")
      ?? check(.clipping, Self.positive ~= clipLimit, "must have a limit above 0")
  }

  private var invalidData: InvalidSetting? {
    if let share = validationSplit, !(0 < share && share < 1) {
      return check(.validationSplit, false, "must be a share between 0 and 1")
    }
    guard let weights = classWeights else { return nil }
    let rule =
      labelCount == 2
      ? "must be two numbers, for label 0 and for label 1, not below 0 and not both 0"
      : "must be \(labelCount) numbers, one for each label, not below 0 and not all 0"
    return check(
      .classWeights,
      weights.count == labelCount && weights.allSatisfy { Self.notNegative ~= $0 } && weights.contains { $0 > 0 },
      rule)
  }

  private var invalidWide: InvalidSetting? {
    wide?.invalidSetting.map { InvalidSetting("\(CodingKeys.wide.rawValue).\($0.name)", $0.rule) }
  }

  private var invalidWordPrediction: InvalidSetting? {
    guard let wordPrediction else { return nil }
    let setting = CodingKeys.wordPrediction.rawValue
    var otherDropout = dropout
    otherDropout.words = 0
    let isForLabels =
      wide != nil || classWeights != nil || threshold != nil || frozenBodyEpochs ?? 0 > 0
      || otherDropout != Dropout()
      || [earlyStopping?.monitor, plateau?.monitor, bestModel].contains {
        $0.map { $0 != .loss && $0 != .validationLoss } ?? false
      }
    return check(.wordPrediction, vocabularySize > 4, "needs a vocabulary with words")
      ?? check(
        .wordPrediction, !isForLabels,
        "can't go with n-grams, accuracies, or anything else that is of labels, nor drop anything but words")
      ?? InvalidSetting("\(setting).sampleCount", wordPrediction.sampleCount, in: 32...65_536)
      ?? (wordPrediction.sampleCount.isMultiple(of: 32)
        ? nil : InvalidSetting("\(setting).sampleCount", "must be a multiple of 32, not \(wordPrediction.sampleCount)"))
      ?? (0...1 ~= wordPrediction.samplingPower
        ? nil : InvalidSetting("\(setting).samplingPower", "must be from 0 to 1, not \(wordPrediction.samplingPower)"))
  }

  private var invalidCallback: InvalidSetting? {
    let scheduleRule =
      "needs a warm-up of 0 steps or more, a fraction from 0 to 1, or a factor above 0 every step or more"
    if !schedule.isValid { return check(.schedule, false, scheduleRule) }
    if let plateau {
      if schedule != .constant {
        return check(.plateau, false, "can't be combined with a schedule, which would overwrite its rate")
      }
      let isValid =
        0 <= plateau.factor && plateau.factor < 1 && plateau.patience >= 0 && plateau.cooldown >= 0
        && Self.notNegative ~= abs(plateau.minDelta) && Self.notNegative ~= plateau.minLearningRate
      if !isValid {
        return check(.plateau, false, "needs a factor from 0 to below 1, and patience and cooldown of 0 or more")
      }
    }
    if let threshold {
      if labelCount != 2 { return check(.threshold, false, "needs two labels, of which one is label 1") }
      if case .precision(let least) = threshold, !(least > 0 && least <= 1) {
        return check(.threshold, false, "must be of a precision above 0 and at most 1")
      }
    }
    guard let earlyStopping else { return nil }
    return check(
      .earlyStopping, earlyStopping.patience >= 0 && Self.notNegative ~= abs(earlyStopping.minDelta),
      "needs a patience of 0 or more")
  }

  private var invalidDropout: InvalidSetting? {
    for (name, path) in Dropout.rates {
      let rate = dropout[keyPath: path]
      let setting = "\(CodingKeys.dropout.rawValue).\(name)"
      guard 0 <= rate, rate < 1 else {
        return InvalidSetting(setting, "must be a share from 0 to below 1, not \(rate)")
      }
      if rate == 0 { continue }
      if path == \.layers && layerCount == 1 {
        return InvalidSetting(setting, "needs two layers or more, between which to drop")
      }
      if path == \.embedding && embeddingSize == 0 {
        return InvalidSetting(setting, "needs an embedding; without one drop whole words")
      }
    }
    return nil
  }

  /// Whether anything depends on the macro-F1 of the validation texts: history.csv then records it.
  package var monitorsF1: Bool {
    [earlyStopping?.monitor, plateau?.monitor, bestModel].contains(.validationF1)
  }

  /// Whether anything depends on the validation texts.
  package var monitorsValidation: Bool {
    threshold != nil
      || [earlyStopping?.monitor, plateau?.monitor, bestModel].contains { $0?.isOfValidation ?? false }
  }

  /// Whether there is a network to train, or n-grams alone.
  package var hasNetwork: Bool { hiddenSize > 0 }

  /// Takes the network away, so that n-grams are all there is.
  package mutating func removeNetwork() {
    (embeddingSize, hiddenSize, layerCount, isBidirectional, denseLayers) = (0, 0, 1, false, [])
    dropout = Dropout()
  }

  /// The network's parameters, with those that predict words where it learns from that.
  public var layout: ParameterLayout { ParameterLayout(architecture, predictsWords: wordPrediction != nil) }

  /// Whether the learning rate may change during the run: history.csv then records it.
  package var changesLearningRate: Bool { schedule != .constant || plateau != nil }

  /// About how many bytes of memory training takes, the data not counted.
  public func memoryNeed(threads: Int) -> Double {
    architecture.trainingMemory(maxLength: maxLength, threads: threads)
  }
}

extension TrainingConfiguration {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case vocabularySize, maxLength, embeddingSize, hiddenSize, layerCount, isBidirectional, pooling, masksPadding
    case someDenseLayers = "denseLayers"
    case labelCount, wide, wordPrediction, dropout, epochs, batchSize, shards, frozenBodyEpochs, frozenEmbeddingEpochs,
      embeddingRate, learningRate, epsilon, seed, shuffles, validationSplit, classWeights, weightDecay, clipping,
      schedule, plateau, earlyStopping,
      bestModel, threshold
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
    denseLayers = try values.decodeIfPresent([Architecture.DenseLayer].self, forKey: .someDenseLayers) ?? []
    wide = try values.decodeIfPresent(NGramSettings.self, forKey: .wide)
    wordPrediction = try values.decodeIfPresent(WordPrediction.self, forKey: .wordPrediction)
    shards = try values.decodeIfPresent(Int.self, forKey: .shards)
    frozenBodyEpochs = try values.decodeIfPresent(Int.self, forKey: .frozenBodyEpochs)
    frozenEmbeddingEpochs = try values.decodeIfPresent(Int.self, forKey: .frozenEmbeddingEpochs)
    embeddingRate = try values.decodeIfPresent(Double.self, forKey: .embeddingRate)
    validationSplit = try values.decodeIfPresent(Double.self, forKey: .validationSplit)
    classWeights = try values.decodeIfPresent([Double].self, forKey: .classWeights)
    weightDecay = try values.decodeIfPresent(Double.self, forKey: .weightDecay)
    clipping = try values.decodeIfPresent(GradientClipping.self, forKey: .clipping)
    plateau = try values.decodeIfPresent(ReduceLROnPlateau.self, forKey: .plateau)
    earlyStopping = try values.decodeIfPresent(EarlyStopping.self, forKey: .earlyStopping)
    bestModel = try values.decodeIfPresent(MonitoredQuantity.self, forKey: .bestModel)
    threshold = try values.decodeIfPresent(ThresholdRule.self, forKey: .threshold)
  }

  /// The names of all settings, as files spell them.
  static var settingNames: [String] { CodingKeys.allCases.map(\.rawValue) }

  /// Reads a JSON object of settings, or the `configuration` of a run.json.
  ///
  /// - Parameters:
  ///   - path: the file's.
  ///   - base: has the settings that the file doesn't name.
  /// - Throws: `FileError` where it can't be read, `ConfigurationError` where it names an unknown setting or an
  ///   impossible value.
  public init(contentsOf path: String, over base: Self = Self()) throws {
    guard let data = try boundedContents(of: path, limit: 1 << 20, advice: ConfigurationError.advice) else {
      throw FileError(.missing, path: path, advice: ConfigurationError.advice)
    }
    do { try JSONSyntax.check(data, needsFiniteNumbers: true) } catch {
      throw ConfigurationError.notJSON(error.text, byte: error.offset, path: path)
    }
    guard var object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw ConfigurationError.notAnObject(path: path)
    }
    if let nested = object["configuration"] as? [String: Any] { object = nested }
    if let unknown = object.keys.sorted().first(where: { CodingKeys(rawValue: $0) == nil }) {
      throw ConfigurationError.unknownSetting(unknown, path: path)
    }
    if let rates = object[CodingKeys.dropout.rawValue] as? [String: Any],
      let unknown = rates.keys.sorted().first(where: { name in !Dropout.rates.contains { $0.name == name } })
    {
      throw ConfigurationError.unknownRate(unknown, path: path)
    }
    // Each on its own first, so that an error can name it.
    for (name, value) in object.sorted(by: { $0.key < $1.key }) where Self(jsonObject: [name: value]) == nil {
      throw ConfigurationError.wrongType(
        setting: name, value: Self.shown(value), example: Self.shown(Self.example.jsonObject[name]), path: path)
    }
    object.merge(base.jsonObject) { own, _ in own }
    guard let configuration = Self(jsonObject: object) else { throw ConfigurationError.notAnObject(path: path) }
    self = configuration
    if let invalidSetting { throw ConfigurationError.invalid(invalidSetting, path: path) }
  }

  /// The settings that differ, as "name: this one's, the other's", by name.
  public func differences(from other: Self) -> [String] {
    changes(from: other).map { "\($0.name): \($0.own), \($0.other)" }
  }

  /// The settings that differ, by name, each as JSON or "none".
  package func changes(from other: Self) -> [(name: String, own: String, other: String)] {
    Self.changes(jsonObject, other.jsonObject)
  }

  /// Settings from a JSON object, or nil where a value is of the wrong type or isn't a number that JSON can express.
  private init?(jsonObject: [String: Any]) {
    guard JSONSerialization.isValidJSONObject(jsonObject),
      let data = try? JSONSerialization.data(withJSONObject: jsonObject),
      let configuration = try? JSONDecoder().decode(Self.self, from: data)
    else { return nil }
    self = configuration
  }

  /// A possible value of every setting, those that are none by default included.
  private static let example: Self = {
    var example = Self()
    (example.shards, example.validationSplit, example.classWeights) = (32, 0.1, [1, 2])
    (example.frozenBodyEpochs, example.frozenEmbeddingEpochs, example.embeddingRate) = (1, 1, 0.1)
    (example.weightDecay, example.clipping, example.bestModel) = (0.01, .norm(limit: 1), .validationLoss)
    (example.plateau, example.earlyStopping) = (ReduceLROnPlateau(), EarlyStopping())
    (example.wide, example.threshold, example.denseLayers) = (NGramSettings(), .bestF1, [.init(64, .relu)])
    example.wordPrediction = WordPrediction()
    return example
  }()

  /// A setting's value as JSON, or "none".
  private static func shown(_ value: Any?) -> String {
    guard let value else { return "none" }
    guard JSONSerialization.isValidJSONObject([value]),
      let json = try? JSONSerialization.data(
        withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
    else { return "\(value)" }
    return String(decoding: json, as: UTF8.self)
  }

  private static func changes(
    _ own: [String: Any], _ others: [String: Any]
  ) -> [(name: String, own: String, other: String)] {
    Set(own.keys).union(others.keys).sorted().flatMap { name in
      // Of dropout only the rates that differ, and so for the wide part.
      if [CodingKeys.dropout.rawValue, CodingKeys.wide.rawValue].contains(name),
        let own = own[name] as? [String: Any], let others = others[name] as? [String: Any]
      {
        return changes(own, others).map { ("\(name).\($0.name)", $0.own, $0.other) }
      }
      let pair = (shown(own[name]), shown(others[name]))
      return pair.0 == pair.1 ? [] : [(name, pair.0, pair.1)]
    }
  }

  private var jsonObject: [String: Any] {
    let data = (try? JSONEncoder().encode(self)) ?? Data()
    return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
  }
}
