import Corpus
import Hyperparameters
import RecurrentNetwork

extension Model {
  /// The same network under a new last layer, for texts with other labels.
  ///
  /// All other layers are kept, dense ones too. The last is that of a new network with this seed. The optimizer goes
  /// on, its moments for the layer are zero. What else depended on the labels is left out: the wide part, and the
  /// labels' weights.
  ///
  /// - Parameters:
  ///   - labels: the names of the new labels, from 2 to 256 different ones.
  ///   - seed: determines the layer's weights.
  /// - Throws: `ModelError` of the kind `mismatch` if these can't be labels.
  public func withNewHead(labels: [String], seed: UInt64) throws -> Model {
    var new = configuration
    (new.labelCount, new.classWeights, new.wide) = (labels.count, nil, nil)
    if let setting = new.architecture.invalidSetting {
      throw ModelError(
        .mismatch, problem: "\(setting.name) \(setting.rule)", advice: "give each label a different name")
    }
    let layout = ParameterLayout(new.architecture)
    var generator = RandomGenerator(seed: seed)
    var weights = Parameters(kerasInitial: layout, using: &generator)
    // All but the last layer has the same place in both layouts.
    let head = [layout.denseKernel, layout.denseBias]
    let kept = zip(layout.tensors, parameters.layout.tensors).filter { !head.contains($0.0) }
    for (target, source) in kept { weights[target] = parameters[source] }
    var result = try Model(weights, configuration: new, vocabulary: vocabulary, coding: coding, labels: labels)
    if let optimizer {
      func moment(_ values: [Float]) -> [Float] {
        var moment = [Float](repeating: 0, count: layout.count)
        for (target, source) in kept { moment.replaceSubrange(target.range, with: values[source.range]) }
        return moment
      }
      result.optimizer = optimizer
      result.optimizer!.firstMoment = moment(optimizer.firstMoment)
      result.optimizer!.secondMoment = moment(optimizer.secondMoment)
    }
    return result
  }
}

extension DataSource {
  /// The labels of the data, where they aren't those of a model; nil where each of them is one of the model's.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - labelCount: how many labels numbers have, which don't tell; nil for as many as the model.
  ///   - threads: how many threads share the work.
  /// - Throws: `CorpusError` where the data can't be read.
  package func labels(unlike model: Model, labelCount: Int?, threads: Int) throws -> [String]? {
    if try holdsNumbers {
      return labelCount.flatMap { $0 == model.architecture.labelCount ? nil : Dataset.defaultLabels($0) }
    }
    if let names = text?.labelNames { return names == model.labels ? nil : names }
    func load(_ labels: [String]?) throws -> [String] {
      var source = self
      source.terms = .init(vocabulary: [], coding: model.coding, labels: labels)
      // Those are going to be held against the labels of the training texts.
      (source.validationPath, source.testPath) = (nil, nil)
      return try source.load(
        vocabularySize: 0, maxLength: 1, labelCount: nil, for: nil, keeping: [], threads: threads, progress: { _ in }
      ).labels
    }
    do {
      _ = try load(model.labels)
      return nil
    } catch let error as CorpusError {
      guard case .foreignLabels = error.kind else { throw error }
      return try load(nil)
    }
  }
}
