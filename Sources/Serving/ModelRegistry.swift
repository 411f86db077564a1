#if Serve
  import Classification
  import Files
  import Foundation
  import Synchronization

  /// Where a model comes from, and what it is called.
  public struct ModelSource: Sendable, Equatable {
    /// The name in addresses: letters, digits, `.`, `_` and `-`.
    public var name: String
    /// A model in any of the formats of `Model(contentsOf:)`, or the folder of a run.
    public var path: String
    /// The path of a word index, for a model without a vocabulary.
    public var wordIndex: String?

    /// - Parameters:
    ///   - name: the name in addresses.
    ///   - path: the model's file, or the folder of a run.
    ///   - wordIndex: the path of a word index, for a model without a vocabulary.
    public init(name: String, path: String, wordIndex: String? = nil) {
      (self.name, self.path, self.wordIndex) = (name, path, wordIndex)
    }

    /// Whether a name can be part of an address as it is.
    public static func isValid(name: String) -> Bool {
      !name.isEmpty && name.utf8.count <= 64 && name != "." && name != ".."
        && name.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
          default: false
          }
        }
    }
  }

  /// A model in use. It never changes: another takes its place in the registry.
  package final class ServedModel: Sendable {
    package let source: ModelSource
    package let classifier: TextClassifier
    /// Its file's state just before it was read; nil where there was none.
    package let fileState: FileState?
    /// When it was loaded.
    package let date = Date()

    /// Loads a model, and tries it.
    fileprivate init(_ source: ModelSource, _ load: (ModelSource) throws -> TextClassifier) throws {
      self.source = source
      fileState = FileState(ofModel: source.path)
      classifier = try load(source)
      guard !classifier.classify("").probability.isNaN else { throw ServingError.unusableWeights(source.path) }
    }

    package var name: String { source.name }
    package var labels: [String] { classifier.labels }
  }

  /// The models by name. A request takes its model once, so replacing one is atomic.
  package final class ModelRegistry: Sendable {
    private let load: @Sendable (ModelSource) throws -> TextClassifier
    private let state: Mutex<[ServedModel]>

    /// Loads all models.
    ///
    /// - Parameter load: loads a model.
    /// - Throws: `ServingError` if names are invalid or not distinct; what `load` throws; `ServingError` if a model's
    ///   probabilities are not numbers.
    package init(
      _ sources: [ModelSource], load: @escaping @Sendable (ModelSource) throws -> TextClassifier
    ) throws {
      self.load = load
      var names = Set<String>()
      for name in sources.map(\.name) {
        guard ModelSource.isValid(name: name) else { throw ServingError.invalidName(name) }
        guard names.insert(name).inserted else { throw ServingError.repeatedName(name) }
      }
      guard !sources.isEmpty else { throw ServingError.noModel }
      state = Mutex(try sources.map { try ServedModel($0, load) })
    }

    /// The models in the order in which they were given. The first answers where a request names none.
    package var models: [ServedModel] { state.withLock { $0 } }

    package func model(named name: String) -> ServedModel? { models.first { $0.name == name } }

    /// Loads a model anew, and replaces it.
    ///
    /// - Throws: what is wrong with the new one. The old one then stays.
    package func reload(_ name: String) throws {
      guard let old = model(named: name) else { return }
      let new = try ServedModel(old.source, load)
      state.withLock { models in
        for index in models.indices where models[index].name == name { models[index] = new }
      }
    }
  }

  extension FileState {
    /// The state of a model's file, or of the model in a run's folder; nil where there is none.
    package init?(ofModel path: String) {
      var facts = stat()
      guard stat(path + "/model.safetensors", &facts) == 0 || stat(path, &facts) == 0 else { return nil }
      self.init(facts)
    }
  }

  /// Why nothing can be served.
  public enum ServingError: ActionableError, Equatable {
    /// No model was given.
    case noModel
    /// A name that can't be part of an address.
    case invalidName(String)
    /// Two models have this name.
    case repeatedName(String)
    /// The probabilities of the model in this file are not numbers.
    case unusableWeights(String)
    /// The address can't be listened at.
    case unavailableAddress(host: String, port: Int, reason: String)

    /// The model's file, where it is at fault.
    public var path: String? {
      if case .unusableWeights(let path) = self { path } else { nil }
    }
    /// What is wrong, without the path.
    public var problem: String {
      switch self {
      case .noModel: "there is no model to serve"
      case .invalidName(let name): "“\(name.escapedForTerminal())” can't be a model's name in an address"
      case .repeatedName(let name): "two models are called “\(name)”"
      case .unusableWeights: "its probabilities are not numbers"
      case .unavailableAddress(let host, let port, let reason): "\(host) port \(port) can't be listened at (\(reason))"
      }
    }
    /// What the caller can do about it.
    public var advice: String {
      switch self {
      case .noModel: "name one"
      case .invalidName: "use up to 64 letters, digits, “.”, “_” and “-”"
      case .repeatedName: "give each a name of its own"
      case .unusableWeights: "the weights are unusable; train again"
      case .unavailableAddress: "choose another port or address, or end the process that has it"
      }
    }
  }
#endif
