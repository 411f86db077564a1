import Corpus
import Files
import RecurrentNetwork

/// A file's tensors, to be taken out one by one. Missing and unexpected tensors and wrong shapes are errors.
package struct TensorTable {
  private var tensors: [String: Safetensors.Tensor]
  private let path: String
  /// The advice of all errors.
  package var advice: String

  package init(_ tensors: [String: Safetensors.Tensor], path: String, advice: String) {
    self.tensors = tensors
    self.path = path
    self.advice = advice
  }

  /// Makes an error about the file.
  package func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }

  private func missing(_ name: String) -> ModelError {
    if let other = tensors.keys.sorted().first(where: { $0.hasSuffix("." + name) }) {
      let prefix = CorpusError.quoted(String(other.dropLast(name.count)))
      return fail("there is no tensor \(name), but \(CorpusError.escaped(other)): remove \(prefix) from the names")
    }
    let names = tensors.keys.sorted().prefix(8).map { CorpusError.escaped($0) }.joined(separator: ", ")
    let more = tensors.count > 8 ? " and \(tensors.count - 8) more" : ""
    return fail("there is no tensor \(name)" + (tensors.isEmpty ? "" : "; the others are \(names)\(more)"))
  }

  /// Whether a tensor is in the file and hasn't been taken.
  package func contains(_ name: String) -> Bool { tensors[name] != nil }

  /// The extents of a tensor.
  ///
  /// - Throws: `ModelError` if it is missing.
  package func shape(_ name: String) throws -> [Int] {
    guard let tensor = tensors[name] else { throw missing(name) }
    return tensor.shape
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

  /// Removes a tensor of a given shape, and returns its elements.
  ///
  /// - Throws: `ModelError` if it is missing, or has another shape or elements that aren't finite.
  package mutating func take(_ name: String, _ shape: [Int]) throws -> [Float] {
    guard let tensor = tensors.removeValue(forKey: name) else { throw missing(name) }
    guard tensor.shape == shape else { throw fail("\(name) has shape \(tensor.shape), expected \(shape)") }
    if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
      throw fail("element \(index) of \(name) is \(tensor.values[index])")
    }
    return tensor.values
  }

  /// Checks that all tensors have been taken.
  ///
  /// - Throws: `ModelError` if one is left.
  package func checkIsEmpty() throws {
    if let name = tensors.keys.sorted().first {
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
