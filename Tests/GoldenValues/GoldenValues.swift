import Foundation

/// Reads a committed file of golden values, by its path below `Tests`.
package func goldenValues<Values: Decodable>(_ path: String, as: Values.Type = Values.self) throws -> Values {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  let decoder = JSONDecoder()
  // The scripts write sizes as papers do: V, E, H, T, B.
  decoder.keyDecodingStrategy = .custom { path in
    path.last!.stringValue.count == 1 ? Key(stringValue: path.last!.stringValue.lowercased())! : path.last!
  }
  return try decoder.decode(Values.self, from: Data(contentsOf: tests.appendingPathComponent(path)))
}

private struct Key: CodingKey {
  var stringValue: String
  var intValue: Int? { nil }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The folder with the real `imdb.npz`, where the environment names one: the repository doesn't hold it.
package let realDataFolder = ProcessInfo.processInfo.environment["IMDB_DATA"]

/// PyTorch's float64 answers for small networks, made by Scripts/golden/network.py.
package struct NetworkGoldenValues: Decodable, Sendable {
  /// One network with one batch.
  package struct Case: Decodable, Sendable {
    package var name: String
    package var v: Int
    package var e: Int
    package var h: Int
    package var t: Int
    package var b: Int
    package var parameters: [Double]
    package var tokens: [Int]
    package var labels: [Double]
    package var initialHidden: [Double]
    package var initialCell: [Double]
    package var logits: [Double]
    package var loss: Double
    package var gradients: [Double]
    package var initialHiddenGradient: [Double]
    package var initialCellGradient: [Double]
    package var hidden: [Double]
    package var cell: [Double]

    /// The tokens of each sequence, padding included.
    package var sequences: [[Int]] { (0..<b).map { Array(tokens[$0 * t..<($0 + 1) * t]) } }

    /// Whether every sequence starts from zeros.
    package var startsFromZeros: Bool { !(initialHidden + initialCell).contains { $0 != 0 } }
  }

  package var cases: [Case]

  /// The committed file.
  package static var all: [Case] {
    do { return try goldenValues("RecurrentNetworkTests/Golden/network.json", as: Self.self).cases } catch {
      fatalError("network.json: \(error)")
    }
  }
}

/// The largest difference, relative to the largest expected element (1e-30 where all are 0).
package func relativeError(_ found: some Collection<Double>, _ expected: some Collection<Double>) -> Double {
  precondition(found.count == expected.count)
  let largest = expected.reduce(1e-30) { max($0, abs($1)) }
  // `max` would pass over a NaN.
  return zip(found, expected).reduce(0) { abs($1.0 - $1.1) > $0 || $1.0.isNaN ? abs($1.0 - $1.1) : $0 } / largest
}
