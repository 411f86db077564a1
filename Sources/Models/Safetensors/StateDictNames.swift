import Corpus
import Files

/// Which of a PyTorch model's tensors are which of ours, whatever its modules are called.
///
/// Wrappers' prefixes are taken off, then modules are renamed as the caller asks. What is then still missing is looked
/// for by shape: the one LSTM, the table of vectors as long as its inputs, and the linear layers from its outputs on.
struct StateDictNames {
  /// The tensors' names in the file, by ours.
  private(set) var originals: [String: String] = [:]
  /// What was assumed, in sentences.
  private(set) var remarks: [String] = []
  /// The extents, by our names.
  private(set) var shapes: [String: [Int]] = [:]
  private let path: String
  /// The names of each module's own tensors, before modules are found by shape.
  private var tensors: [String: Set<String>] = [:]

  /// - Parameters:
  ///   - file: the extents of the file's tensors, by name.
  ///   - renaming: modules' names in the file, and what to call them; an empty one is left out.
  /// - Throws: `ModelError` if a name in `renaming` isn't in the file, if two tensors get one name, or if several modules
  ///   might be the same of ours.
  init(_ file: [String: [Int]], renaming: [String: String], path: String) throws {
    self.path = path
    var prefixes: [String] = []
    for name in file.keys.sorted() { try add(Self.withoutPrefixes(name, taken: &prefixes), name, file[name]!) }
    if !prefixes.isEmpty {
      remarks.append("the names are read without \(prefixes.map(CorpusError.quoted).joined(separator: " and "))")
    }
    if !renaming.isEmpty { try rename(renaming) }
    tensors = Dictionary(grouping: originals.keys, by: Self.module)
      .mapValues { Set($0.map { String($0[($0.lastIndex(of: ".").map($0.index(after:)) ?? $0.startIndex)...]) }) }
    try findRecurrence()
    try findEmbedding()
    try findDense()
  }

  // MARK: Names

  /// What wrappers put before a model's names: DataParallel, torch.compile, and classes that hold a model.
  private static let prefixes = ["module.", "_orig_mod.", "model."]

  private static func withoutPrefixes(_ name: String, taken: inout [String]) -> String {
    var rest = name[...]
    while let prefix = prefixes.first(where: { rest.hasPrefix($0) && rest.count > $0.count }) {
      rest = rest.dropFirst(prefix.count)
      if !taken.contains(prefix) { taken.append(prefix) }
    }
    return String(rest)
  }

  private mutating func add(_ name: String, _ original: String, _ shape: [Int]) throws {
    if let other = originals[name] {
      throw fail(
        "\(CorpusError.quoted(other)) and \(CorpusError.quoted(original)) are both \(CorpusError.quoted(name))")
    }
    (originals[name], shapes[name]) = (original, shape)
  }

  private mutating func rename(_ renaming: [String: String]) throws {
    var ignored: [String] = []
    let old = self
    (originals, shapes) = ([:], [:])
    // Of several that fit, the longest says most.
    let rules = renaming.map { (from: Self.withoutPrefixes($0.key, taken: &ignored), to: $0.value) }
      .sorted { ($1.from.count, $0.from) < ($0.from.count, $1.from) }
    var used: Set<String> = []
    for name in old.originals.keys.sorted() {
      var new = name
      if let rule = rules.first(where: { name == $0.from || name.hasPrefix($0.from + ".") }) {
        used.insert(rule.from)
        let rest = name.dropFirst(rule.from.count)
        new = rule.to + (rule.to.isEmpty ? rest.dropFirst() : rest)
      }
      try add(new, old.originals[name]!, old.shapes[name]!)
    }
    if let unused = rules.first(where: { !used.contains($0.from) }) {
      throw fail("there is no module \(CorpusError.quoted(unused.from)) to rename")
    }
  }

  private func fail(_ problem: String) -> ModelError {
    ModelError(
      .otherNames, path: path, problem: problem,
      advice: "rename its modules (\(CorpusError.quoted(modules, limit: 8))) to embedding, lstm and fc")
  }

  // MARK: Shapes

  private static func module(of name: String) -> String {
    String(name[..<(name.lastIndex(of: ".") ?? name.startIndex)])
  }

  /// Gives the one module that can be it the name that we have for it.
  ///
  /// - Parameter usual: the names by which several are told apart, as far as they begin with one.
  private mutating func take(_ candidates: [String], for name: String, usual: [String]) throws {
    let obvious = candidates.filter { candidate in
      // A Sequential's layers have numbers.
      let last = candidate.split(separator: ".").last { Int($0) == nil } ?? ""
      return usual.contains { last.lowercased().hasPrefix($0) }
    }
    guard let found = candidates.count == 1 ? candidates.first : obvious.count == 1 ? obvious.first : nil else {
      if candidates.isEmpty { return }
      throw fail("each of \(CorpusError.quoted(candidates, limit: 8)) may be \(name)")
    }
    try assign([(found, name)])
  }

  /// Gives modules the names that we have for them.
  private mutating func assign(_ modules: [(module: String, name: String)]) throws {
    let old = self
    func tensors(of module: String) -> [String] { old.originals.keys.filter { Self.module(of: $0) == module } }
    for tensor in modules.flatMap({ tensors(of: $0.module) }) { (originals[tensor], shapes[tensor]) = (nil, nil) }
    for (module, name) in modules {
      for tensor in tensors(of: module) {
        try add("\(name).\(tensor.dropFirst(module.count + 1))", old.originals[tensor]!, old.shapes[tensor]!)
      }
      if module != name { remarks.append("\(CorpusError.quoted(module)) is taken for \(name), by its shape") }
    }
  }

  private var modules: [String] { tensors.keys.sorted() }

  private mutating func findRecurrence() throws {
    guard shapes["lstm.weight_ih_l0"] == nil else { return }
    let candidates = modules.filter { shapes["\($0).weight_ih_l0"] != nil }
    for module in candidates {
      guard let shape = shapes["\(module).weight_hh_l0"], shape.count == 2, shape[1] > 0, shape[0] != 4 * shape[1]
      else { continue }
      let kind = shape[0] == 3 * shape[1] ? "a GRU" : shape[0] == shape[1] ? "a plain RNN" : "no LSTM"
      throw fail("\(CorpusError.quoted(module)) is \(kind), expected an LSTM")
    }
    try take(candidates, for: "lstm", usual: ["lstm", "rnn", "encoder"])
  }

  private mutating func findEmbedding() throws {
    guard shapes["embedding.weight"] == nil, let input = shapes["lstm.weight_ih_l0"], input.count == 2 else { return }
    let candidates = modules.filter {
      let shape = shapes["\($0).weight"] ?? []
      return shape.count == 2 && shape[1] == input[1] && tensors[$0] == ["weight"]
    }
    try take(candidates, for: "embedding", usual: ["emb", "encoder", "word", "token"])
  }

  private mutating func findDense() throws {
    guard let state = shapes["lstm.weight_hh_l0"], state.count == 2 else { return }
    // From the LSTM's outputs on, each layer takes those of the one below.
    var chain: [String] = []
    var size = state[1] * (shapes["lstm.weight_ih_l0_reverse"] == nil ? 1 : 2)
    while chain.last != "fc" {
      var candidates = modules.filter { module in
        guard let shape = shapes["\(module).weight"], shape.count == 2, !chain.contains(module) else { return false }
        return shape[1] == size && shapes["\(module).bias"] == [shape[0]] && tensors[module] == ["weight", "bias"]
      }
      let own = "dense.\(chain.count)"
      if let named = [own, "fc"].first(where: candidates.contains) { candidates = [named] }
      if candidates.count > 1 {
        guard chain.isEmpty else { throw fail("each of \(CorpusError.quoted(candidates, limit: 8)) may be \(own)") }
        let usual = ["fc", "out", "classifier", "linear", "decoder", "head", "dense", "score"]
        return try take(candidates, for: "fc", usual: usual)
      }
      guard let next = candidates.first else { break }
      chain.append(next)
      size = shapes["\(next).weight"]![0]
    }
    // A layer of that name which takes something else isn't replaced: its shape is what is wrong.
    if shapes["fc.weight"] != nil && chain.last != "fc" { return }
    try assign(chain.enumerated().map { ($1, $0 == chain.count - 1 ? "fc" : "dense.\($0)") })
  }
}
