import Files
import RecurrentNetwork

/// The weights and the optimizer's variables in an HDF5 file of Keras, whichever way they are named there.
///
/// Keras 3 and the last versions of Keras 2 name them by the objects that hold them (`layers/lstm/cell/vars/0`), their
/// legacy files by themselves (`model_weights/lstm/lstm/lstm_cell/kernel:0`), in an order that attributes give.
struct KerasWeights {
  private var file: HDF5File
  private let path: String
  private let advice: String
  /// The group of a legacy file's layers, with a slash if it is not the whole file; nil if weights are named by objects.
  private let legacyGroup: String?

  /// The weights in a file.
  init(_ file: HDF5File, path: String, advice: String) {
    (self.file, self.path, self.advice) = (file, path, advice)
    legacyGroup =
      file.texts("layer_names", of: "model_weights") != nil
      ? "model_weights/" : file.texts("layer_names") != nil ? "" : nil
  }

  func fail(_ problem: String) -> ModelError { ModelError(path: path, problem: problem, advice: advice) }

  // MARK: Names

  /// The paths of a layer's weights, in their order; nil if the file has no such layer.
  private func legacyPaths(ofLayer name: String) -> [String]? {
    guard let legacyGroup else { return nil }
    let group = legacyGroup + name
    return file.texts("weight_names", of: group).map { $0.map { "\(group)/\($0)" } }
  }

  /// The path of each weight of a layer in the order of the parameters; nil for a bias that the layer lacks.
  func paths(of layer: KerasModelConfiguration.Layer) throws -> [String?] {
    // Of three weights of a cell the last is the bias, and of the two of a dense layer.
    let isBias = layer.parts.map { $0.hasSuffix("vars/\(layer.parts.count == 2 ? 1 : 2)") }
    var names = layer.parts.map { "\(layer.path)/\($0)" }
    if !layer.hasBias { names = zip(names, isBias).filter { !$0.1 }.map(\.0) }
    if legacyGroup != nil {
      guard let found = legacyPaths(ofLayer: layer.name), found.count == names.count else {
        throw fail("layer \(quoted(layer.name)) doesn't have \(names.count) weights")
      }
      names = found
    }
    var next = names.makeIterator()
    return isBias.map { !layer.hasBias && $0 ? nil : next.next() }
  }

  /// The paths of the optimizer's variables: iterations, perhaps the learning rate, and both moments of each weight in
  /// turn.
  var optimizerPaths: [String] {
    guard let names = file.texts("weight_names", of: "optimizer_weights") else {
      let count = file.dataSets.keys.count { $0.hasPrefix("optimizer/") }
      return (0..<count).map { "optimizer/vars/\($0)" }
    }
    var paths = names.map { "optimizer_weights/\($0)" }
    // The first versions of Keras 2 have all first moments before all second ones.
    let (first, second) = (paths.filter { $0.hasSuffix("/m:0") }, paths.filter { $0.hasSuffix("/v:0") })
    if !first.isEmpty, first.count == second.count, paths.count == 1 + 2 * first.count {
      paths = [paths[0]] + zip(first, second).flatMap { [$0, $1] }
    }
    return paths
  }

  /// The layers of a file that says of a model nothing but its weights, from the input to the output as far as classes
  /// and numbers tell.
  var layers: [KerasModelConfiguration.Layer] {
    typealias Layer = KerasModelConfiguration.Layer
    if let legacyGroup {
      // By the number of a layer's weights.
      let parts = [1: Layer.table, 2: Layer.dense, 3: Layer.cells([""]), 6: Layer.cells(Layer.directions)]
      return (file.texts("layer_names", of: String(legacyGroup.dropLast())) ?? []).compactMap { name in
        parts[legacyPaths(ofLayer: name)?.count ?? 0].map { Layer(name: name, path: "", parts: $0) }
      }
    }
    let names = Set(file.dataSets.keys.compactMap { $0.hasPrefix("layers/") ? $0.split(separator: "/")[1] : nil })
    return [
      ("embedding", Layer.table), ("lstm", Layer.cells([""])), ("bidirectional", Layer.cells(Layer.directions)),
      ("dense", Layer.dense),
    ].flatMap { kind, parts in
      // lstm, lstm_1, … lstm_10
      names.compactMap { $0 == kind ? 0 : $0.hasPrefix(kind + "_") ? Int($0.dropFirst(kind.count + 1)) : nil }
        .sorted().map { "\(kind)\($0 == 0 ? "" : "_\($0)")" }
        .map { Layer(name: $0, path: "layers/\($0)", parts: parts) }
    }
  }

  // MARK: Values

  /// The shape of a weight, which must be a matrix.
  func matrix(_ name: String) throws -> [Int] {
    guard let shape = file.dataSets[name]?.shape else { throw fail("there is no data set \(name)") }
    guard shape.count == 2, !shape.contains(0) else { throw fail("\(name) has shape \(shape), expected a matrix") }
    return shape
  }

  /// Removes a data set of finite floats and a given shape, and returns its elements.
  mutating func take(_ name: String, _ shape: [Int], by authority: String) throws -> [Float] {
    guard let dataSet = file.dataSets.removeValue(forKey: name) else { throw fail("there is no data set \(name)") }
    guard dataSet.shape == shape else {
      throw fail("\(name) has shape \(dataSet.shape), expected \(shape) according to \(authority)")
    }
    guard case .float(let values) = dataSet.elements else { throw fail("\(name) has integers, expected floats") }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw fail("element \(index) of \(name) is \(values[index])")
    }
    return values
  }

  /// Removes a data set of one number that counts steps, and returns it.
  mutating func takeSteps(_ name: String) throws -> Int {
    guard let dataSet = file.dataSets.removeValue(forKey: name), dataSet.shape == [],
      case .integer(let steps) = dataSet.elements, 0...1 << 53 ~= steps[0]
    else { throw fail("\(name) is not a number of iterations") }
    return steps[0]
  }

  /// Checks that nothing is left but what makes no difference: seeds, the sums of metrics, and the optimizer's state,
  /// which is read on its own.
  func checkIsEmpty() throws {
    if let name = file.dataSets.keys.sorted().first(where: { name in
      !["optimizer/", "optimizer_weights/", "metrics/"].contains { name.hasPrefix($0) }
        && !name.contains("/seed_generator/") && !name.contains("top_level_model_weights/")
    }) {
      throw fail("there is an unexpected data set \(quoted(name))")
    }
  }
}
