import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

extension Model {
  /// One network that answers as some networks together: its logits are the mean of theirs.
  ///
  /// It has all their units side by side, and zeros where one network's would read another's. So it is a network like any
  /// other, of n times the hidden size (and embedding size), for every format and framework.
  ///
  /// - Parameters:
  ///   - models: of one architecture, with the same words and labels; trained from other seeds, for instance.
  ///   - paths: their files, for messages.
  /// - Throws: `ModelError` where they are not alike, or together too large.
  public init(ensembleOf models: [Model], paths: [String]? = nil) throws {
    let first = models[0]
    for (index, model) in models.enumerated() {
      let differences: [(String, Bool)] = [
        ("network", model.parameters.architecture != first.parameters.architecture),
        ("number of tokens that are read", model.configuration.maxLength != first.configuration.maxLength),
        ("words", model.vocabulary != first.vocabulary || model.coding != first.coding),
        ("labels", model.labels != first.labels),
      ]
      if let difference = differences.first(where: \.1)?.0 {
        throw ModelError(
          path: paths?[index], problem: "has another \(difference) than \(paths?[0] ?? "the first model")",
          advice: "put models together that differ in nothing but their weights")
      }
    }
    let count = models.count
    var architecture = first.parameters.architecture
    let (hiddenSize, embeddingSize) = (architecture.hiddenSize, architecture.embeddingSize)
    architecture.hiddenSize *= count
    architecture.embeddingSize *= count
    configuration = first.configuration
    configuration.architecture = architecture
    if let setting = configuration.invalidSetting {
      throw ModelError(
        .tooLarge, path: paths?[0], problem: "with the others \(setting.name) \(setting.rule)",
        advice: "take fewer models")
    }
    let need = architecture.inferenceMemory(maxLength: configuration.maxLength)
    guard need < Double(ProcessInfo.processInfo.physicalMemory) else {
      throw ModelError(
        path: paths?[0], problem: "with the others the network needs about \(Int(need / 1e9)) GB of memory",
        advice: "take fewer models")
    }
    parameters = Parameters(zeros: ParameterLayout(architecture))
    (vocabulary, coding, labels) = (first.vocabulary, first.coding, first.labels)

    let (layout, part) = (parameters.layout, first.parameters.layout)
    for (member, model) in models.enumerated() {
      /// Copies a tensor's elements to where the rows and columns of this member are.
      func put(
        _ from: ParameterLayout.Tensor, _ to: ParameterLayout.Tensor, share: Float = 1, row: (Int) -> Int,
        column: (Int) -> Int
      ) {
        let (columns, newColumns) = (from.shape.last!, to.shape.last!)
        for index in 0..<from.count {
          let place = row(index / columns) * newColumns + column(index % columns)
          parameters.values[to.offset + place] += model.parameters.values[from.offset + index] * share
        }
      }
      /// An element of one of several vectors side by side, of `size` elements each.
      func own(_ size: Int) -> (Int) -> Int { { $0 / size * size * count + member * size + $0 % size } }
      let same: (Int) -> Int = { $0 }
      if embeddingSize > 0 { put(part.embedding, layout.embedding, row: same, column: own(embeddingSize)) }
      for (layer, directions) in part.recurrences.enumerated() {
        let input = layer > 0 ? own(hiddenSize) : embeddingSize > 0 ? own(embeddingSize) : same
        for (from, to) in zip(directions, layout.recurrences[layer]) {
          put(from.kernel, to.kernel, row: input, column: own(hiddenSize))
          put(from.recurrentKernel, to.recurrentKernel, row: own(hiddenSize), column: own(hiddenSize))
          put(from.bias, to.bias, row: { _ in 0 }, column: own(hiddenSize))
        }
      }
      put(part.denseKernel, layout.denseKernel, share: 1 / Float(count), row: own(hiddenSize), column: same)
      put(part.denseBias, layout.denseBias, share: 1 / Float(count), row: { _ in 0 }, column: same)
    }
  }
}
