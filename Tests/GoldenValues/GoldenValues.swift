import Foundation

/// Reads a committed file of golden values, by its path below `Tests`.
public func goldenValues<Values: Decodable>(_ path: String, as: Values.Type = Values.self) throws -> Values {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return try JSONDecoder().decode(Values.self, from: Data(contentsOf: tests.appendingPathComponent(path)))
}

/// PyTorch's float64 answers for small networks, made by Scripts/golden/network.py.
public struct NetworkGoldenValues: Decodable, Sendable {
  /// One network with one batch.
  public struct Case: Decodable, Sendable {
    public var name: String
    public var V: Int
    public var E: Int
    public var H: Int
    public var T: Int
    public var B: Int
    public var parameters: [Double]
    public var tokens: [Int]
    public var labels: [Double]
    public var initialHidden: [Double]
    public var initialCell: [Double]
    public var logits: [Double]
    public var loss: Double
    public var gradients: [Double]
    public var initialHiddenGradient: [Double]
    public var initialCellGradient: [Double]
    public var hidden: [Double]
    public var cell: [Double]

    /// The tokens of each sequence, padding included.
    public var sequences: [[Int]] { (0..<B).map { Array(tokens[$0 * T..<($0 + 1) * T]) } }

    /// Whether every sequence starts from zeros.
    public var startsFromZeros: Bool { !(initialHidden + initialCell).contains { $0 != 0 } }
  }

  public var cases: [Case]

  /// The committed file.
  public static var all: [Case] {
    do { return try goldenValues("RecurrentNetworkTests/Golden/network.json", as: Self.self).cases } catch {
      fatalError("network.json: \(error)")
    }
  }
}

/// The largest difference, relative to the largest expected element (1e-30 where all are 0).
public func relativeError(_ found: some Collection<Double>, _ expected: some Collection<Double>) -> Double {
  precondition(found.count == expected.count)
  let largest = expected.reduce(1e-30) { max($0, abs($1)) }
  // `max` would pass over a NaN.
  return zip(found, expected).reduce(0) { abs($1.0 - $1.1) > $0 || $1.0.isNaN ? abs($1.0 - $1.1) : $0 } / largest
}
