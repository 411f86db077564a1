import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

extension Model {
  /// Combines several models into one network whose logits are the mean of theirs. So is its threshold.
  ///
  /// The network has the units of all members side by side, and zeros wherever one member's units would read another's.
  /// It is thus an ordinary network of n times the hidden size (and embedding size), for every format and framework.
  /// Members that are n-grams alone take no room in it.
  ///
  /// - Parameters:
  ///   - models: at least one model; all have the same architecture, words and labels, but were trained from different
  ///     seeds, for instance.
  ///   - paths: the models' files, for messages.
  /// - Throws: `ModelError` if the models differ in more than their weights, or together are too large.
  public init(ensembleOf models: [Model], paths: [String]? = nil) throws {
    let first = models[0]
    let networks = models.filter(\.configuration.hasNetwork)
    let members = networks.isEmpty ? models : networks
    for (index, model) in models.enumerated() {
      let isMember = networks.isEmpty || model.configuration.hasNetwork
      let differences: [(String, Bool)] = [
        ("network", isMember && model.architecture != members[0].architecture),
        ("maximum text length", model.configuration.maxLength != first.configuration.maxLength),
        ("words", model.vocabulary != first.vocabulary || model.coding != first.coding),
        ("labels", model.labels != first.labels),
        ("n-grams", model.wide?.index != first.wide?.index || model.wide?.squares != first.wide?.squares),
      ]
      if let difference = differences.first(where: \.1)?.0 {
        throw ModelError(
          path: paths?[index], problem: "differs from \(paths?[0] ?? "the first model") in its \(difference)",
          advice: "combine models that differ only in their weights")
      }
    }
    let count = members.count
    let (hiddenSize, embeddingSize) = (members[0].architecture.hiddenSize, members[0].architecture.embeddingSize)
    configuration = members[0].configuration.ensemble(of: count)
    let architecture = configuration.architecture
    if let setting = configuration.invalidSetting {
      throw ModelError(
        .tooLarge, path: paths?[0], problem: "together with the others, \(setting.name) \(setting.rule)",
        advice: "combine fewer models")
    }
    let need = architecture.inferenceMemory(maxLength: configuration.maxLength)
    guard need < ProcessInfo.processInfo.memoryLimit else {
      throw ModelError(
        path: paths?[0],
        problem: "together with the others, the network needs about \(described(bytes: need)) of memory",
        advice: "combine fewer models")
    }
    parameters = Parameters(zeros: ParameterLayout(architecture))
    (vocabulary, coding, labels) = (first.vocabulary, first.coding, first.labels)
    let known = models.compactMap(\.trainingTexts)
    trainingTexts = known.count == models.count ? known.dropFirst().reduce(known[0]) { $0.union($1) } : nil
    try setWide(first.wide.map { $0.mean(with: models.dropFirst().map { $0.wide! }) })
    threshold = models.reduce(0) { $0 + $1.threshold } / Float(models.count)

    let (layout, memberLayout) = (parameters.layout, members[0].parameters.layout)
    for (member, model) in members.enumerated() {
      /// Adds a tensor's elements, times `share`, to this member's rows and columns of the combined tensor.
      func add(
        _ from: ParameterLayout.Tensor, _ to: ParameterLayout.Tensor, share: Float = 1, row: (Int) -> Int,
        column: (Int) -> Int
      ) {
        let (columns, newColumns) = (from.shape.last!, to.shape.last!)
        for index in 0..<from.count {
          let element = row(index / columns) * newColumns + column(index % columns)
          parameters.values[to.offset + element] += model.parameters.values[from.offset + index] * share
        }
      }
      /// Maps an index into blocks of `size` elements to this member's part of blocks that hold all members.
      func widened(_ size: Int) -> (Int) -> Int { { $0 / size * size * count + member * size + $0 % size } }
      let unchanged: (Int) -> Int = { $0 }
      if embeddingSize > 0 {
        add(memberLayout.embedding, layout.embedding, row: unchanged, column: widened(embeddingSize))
      }
      for (layer, directions) in memberLayout.recurrences.enumerated() {
        let input = layer > 0 ? widened(hiddenSize) : embeddingSize > 0 ? widened(embeddingSize) : unchanged
        for (from, to) in zip(directions, layout.recurrences[layer]) {
          add(from.kernel, to.kernel, row: input, column: widened(hiddenSize))
          add(from.recurrentKernel, to.recurrentKernel, row: widened(hiddenSize), column: widened(hiddenSize))
          add(from.bias, to.bias, row: { _ in 0 }, column: widened(hiddenSize))
        }
      }
      var inputs = hiddenSize
      for (layer, (from, to)) in zip(memberLayout.dense, layout.dense).enumerated() {
        let isLast = layer == memberLayout.dense.count - 1
        let outputs = from.bias.count
        // The mean is taken at the end alone.
        let (share, column) = isLast ? (1 / Float(models.count), unchanged) : (1, widened(outputs))
        add(from.kernel, to.kernel, share: share, row: widened(inputs), column: column)
        add(from.bias, to.bias, share: share, row: { _ in 0 }, column: column)
        inputs = outputs
      }
    }
    // Members without units may have a bias nevertheless.
    for model in models where !networks.isEmpty && !model.configuration.hasNetwork {
      for (index, bias) in zip(layout.denseBias.range, model.parameters[model.parameters.layout.denseBias]) {
        parameters.values[index] += bias / Float(models.count)
      }
    }
  }
}

extension TrainingConfiguration {
  /// The settings of a network that has the units of several networks with these ones.
  package func ensemble(of count: Int) -> TrainingConfiguration {
    var architecture = architecture
    architecture.hiddenSize *= count
    architecture.embeddingSize *= count
    for layer in architecture.denseLayers.indices { architecture.denseLayers[layer].size *= count }
    var result = self
    result.architecture = architecture
    return result
  }
}
