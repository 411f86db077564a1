import Corpus
import Files
import Foundation
import Hyperparameters
import RecurrentNetwork

/// What a file stores about a model besides its weights: texts by name, each of them JSON.
package struct ModelMetadata: Equatable {
  /// Nil in a file that another program wrote.
  package var configuration: TrainingConfiguration?
  package var vocabulary: [String]?
  package var coding = TextCoding()
  /// Nil for a model's default label names.
  package var labels: [String]?
  /// Nil for 0.5.
  package var threshold: Float?
  /// Nil for a model of numbers.
  package var trainingTexts: TextHashes?

  package enum Key {
    package static let version = "format_version"
    static let configuration = "configuration"
    static let vocabulary = "vocabulary"
    static let coding = "coding"
    static let labels = "labels"
    static let threshold = "threshold"
    static let trainingTexts = "training_texts"
  }

  private static let version = "1"
  fileprivate static let advice = "give a file as it was written, or save the model again"

  package init(_ model: Model) {
    configuration = model.configuration
    vocabulary = model.vocabulary
    coding = model.coding
    labels = model.labels
    if model.threshold != 0.5 { threshold = model.threshold }
    trainingTexts = model.trainingTexts
  }

  /// Decodes the texts of a file; texts with other names are ignored.
  ///
  /// - Throws: `ModelError` if a text can't be decoded or has an impossible value.
  package init(_ texts: [String: String], path: String) throws {
    func fail(_ problem: String) -> ModelError {
      ModelError(path: path, problem: "the metadata's \(problem)", advice: Self.advice)
    }
    func value<Value: Decodable>(_ key: String, _ problem: String) throws -> Value? {
      guard let json = texts[key] else { return nil }
      guard let value = try? JSONSyntax.decode(Value.self, from: Data(json.utf8)) else {
        throw fail("\(key) \(problem)")
      }
      return value
    }
    if let version = texts[Key.version], version != Self.version {
      throw ModelError(
        path: path,
        problem: "the metadata's \(Key.version) is \(CorpusError.escaped(version)), expected \(Self.version)",
        advice: "a newer lstm may read it")
    }
    configuration = try value(Key.configuration, "can't be read")
    if let setting = configuration?.invalidSetting { throw fail("\(setting.name) \(setting.rule)") }
    vocabulary = try value(Key.vocabulary, "is not a list of words")
    if let coding: TextCoding = try value(Key.coding, "can't be read") { self.coding = coding }
    if coding.padding == .post, configuration?.maxLength ?? .max > Model.maxLengthOfPaddingBehind {
      throw fail("maxLength is more than \(Model.maxLengthOfPaddingBehind), with padding behind texts")
    }
    labels = try value(Key.labels, "are not a list of names")
    threshold = try value(Key.threshold, "is not a number")
    if let threshold, !(0...1 ~= threshold) { throw fail("threshold is not from 0 to 1") }
    trainingTexts = try value(Key.trainingTexts, "are not a list of hashes")
  }

  /// The texts to write.
  package var texts: [String: String] {
    get throws {
      let encoder = JSONEncoder.reproducible
      func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
      var texts = [Key.version: Self.version, Key.coding: try json(coding)]
      if let labels { texts[Key.labels] = try json(labels) }
      if let threshold { texts[Key.threshold] = "\(threshold)" }
      if let configuration { texts[Key.configuration] = try json(configuration) }
      if let trainingTexts { texts[Key.trainingTexts] = try json(trainingTexts) }
      if let vocabulary { texts[Key.vocabulary] = try json(vocabulary) }
      return texts
    }
  }
}

extension Model {
  /// Creates a model from a file's weights and metadata.
  ///
  /// - Throws: `ModelError` if the configuration, the vocabulary or the labels don't fit the weights.
  package init(_ parameters: Parameters, _ metadata: ModelMetadata, path: String) throws {
    self.init(parameters)
    do {
      if let configuration = metadata.configuration {
        try self.init(parameters, configuration: configuration)
      }
      coding = metadata.coding
      try setVocabulary(metadata.vocabulary)
      if let labels = metadata.labels { try setLabels(labels) }
      if let threshold = metadata.threshold { self.threshold = threshold }
      trainingTexts = metadata.trainingTexts
    } catch let error as ModelError {
      throw ModelError(
        error.kind, path: path, problem: "in the metadata, \(error.problem)", advice: ModelMetadata.advice)
    }
  }
}
