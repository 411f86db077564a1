import Foundation

/// What a checkpoint holds of a callback.
public struct CallbackState: Sendable, Equatable {
  /// JSON, or empty.
  public var json: String
  /// Weights in the layout of the parameters, or none.
  public var weights: [Float]?

  /// A value as JSON, and weights.
  public init(json: String = "", weights: [Float]? = nil) {
    self.json = json
    self.weights = weights
  }

  init(_ value: some Encodable, weights: [Float]? = nil) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    self.init(json: String(decoding: try encoder.encode(value), as: UTF8.self), weights: weights)
  }

  func value<Value: Decodable>() throws -> Value { try JSONDecoder().decode(Value.self, from: Data(json.utf8)) }
}
