import Corpus
import Files
import RecurrentNetwork

/// A file's tensors, to be taken out one by one. Missing and unexpected tensors and wrong shapes are errors.
package struct TensorTable {
  private var shapes: [String: [Int]]
  private let values: (String) throws -> [Float]
  private let path: String
  /// The advice of all errors.
  package var advice: String

  /// A table of tensors that are in memory.
  package init(_ tensors: [String: Safetensors.Tensor], path: String, advice: String) {
    self.init(tensors.mapValues(\.shape), path: path, advice: advice) { tensors[$0]!.values }
  }

  /// A table of tensors that are read when they are taken.
  ///
  /// - Parameter values: reads the elements of a tensor.
  package init(
    _ shapes: [String: [Int]], path: String, advice: String, values: @escaping (String) throws -> [Float]
  ) {
    (self.shapes, self.path, self.advice, self.values) = (shapes, path, advice, values)
  }

  /// Makes an error about the file.
  package func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }

  private func missing(_ name: String) -> ModelError {
    if let other = shapes.keys.sorted().first(where: { $0.hasSuffix("." + name) }) {
      let prefix = CorpusError.quoted(String(other.dropLast(name.count)))
      return fail("there is no tensor \(name), but \(CorpusError.escaped(other)): remove \(prefix) from the names")
    }
    let names = shapes.keys.sorted().prefix(8).map { CorpusError.escaped($0) }.joined(separator: ", ")
    let more = shapes.count > 8 ? " and \(shapes.count - 8) more" : ""
    return fail("there is no tensor \(name)" + (shapes.isEmpty ? "" : "; the others are \(names)\(more)"))
  }

  /// Whether a tensor is in the file and hasn't been taken.
  package func contains(_ name: String) -> Bool { shapes[name] != nil }

  /// The extents of a tensor.
  ///
  /// - Throws: `ModelError` if it is missing.
  package func shape(_ name: String) throws -> [Int] {
    guard let shape = shapes[name] else { throw missing(name) }
    return shape
  }

  /// The extents of a matrix, for files whose shapes are the only source of the sizes.
  ///
  /// - Parameter stacked: whether the tensor has an additional first dimension of 1.
  /// - Throws: `ModelError` if it is missing, not a matrix, or empty.
  package func matrix(_ name: String, stacked: Bool = false) throws -> [Int] {
    let shape = try shape(name)
    guard shape.count == (stacked ? 3 : 2), !shape.contains(0), !stacked || shape[0] == 1 else {
      throw fail("\(name) has shape \(shape), expected a matrix")
    }
    return shape.suffix(2)
  }

  /// Checks that the tensors are those of some names and shapes, before any of them is read.
  ///
  /// - Throws: `ModelError` if one is missing, has another shape, or is unexpected.
  package func check(_ expected: [(name: String, shape: [Int])]) throws {
    var rest = self
    for (name, shape) in expected { try rest.remove(name, shape) }
    try rest.checkIsEmpty()
  }

  private mutating func remove(_ name: String, _ expected: [Int]) throws {
    let shape = try shape(name)
    guard shape == expected else { throw fail("\(name) has shape \(shape), expected \(expected)") }
    shapes[name] = nil
  }

  /// Removes a tensor of a given shape, and returns its elements.
  ///
  /// - Throws: `ModelError` if it is missing, or has another shape or elements that aren't finite; `FileError` if it can't
  ///   be read.
  package mutating func take(_ name: String, _ shape: [Int]) throws -> [Float] {
    try remove(name, shape)
    let values = try values(name)
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw fail("element \(index) of \(name) is \(values[index])")
    }
    return values
  }

  /// Checks that all tensors have been taken.
  ///
  /// - Throws: `ModelError` if one is left.
  package func checkIsEmpty() throws {
    if let name = shapes.keys.sorted().first {
      throw fail("there is an unexpected tensor \(CorpusError.escaped(name))")
    }
  }

  /// Returns a network whose sizes were read from shapes.
  ///
  /// - Throws: `ModelError` if a size is impossible.
  package func checked(_ architecture: Architecture) throws -> Architecture {
    if let setting = architecture.invalidSetting { throw fail("\(setting.name) \(setting.rule)") }
    return architecture
  }
}
