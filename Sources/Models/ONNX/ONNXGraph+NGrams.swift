import NGrams

/// What an ONNX graph needs of n-grams: those of words, and those of characters, each counted by a TfIdfVectorizer.
struct ONNXNGrams {
  /// n-grams of one kind.
  struct Kind {
    /// The name of the input with the parts, int64 [batch, parts].
    let input: String
    /// The parts of each n-gram, by column of the weights.
    let ngrams: [[Int64]]
    /// w · r of each logit, [logits][n-grams].
    let products: [[Float]]
    /// r² of each logit, [logits][n-grams].
    let squares: [[Float]]
  }

  /// The names of the inputs.
  static let (words, characters) = ("words", "characters")

  let kinds: [Kind]
  /// [logits].
  let biases: [Float]

  init(_ wide: NGramClassifier) {
    let index = wide.index
    var parts = (0..<index.words.count).map { [Int64($0)] }
    for sequence in 0..<index.sequences.count {
      let (first, last) = index.sequences.pair(sequence)
      parts.append(parts[Int(first)] + [Int64(last)])
    }
    func kind(_ input: String, _ ngrams: [[Int64]], from first: Int) -> Kind {
      func part(_ row: (Int) -> ArraySlice<Float>) -> [[Float]] {
        (0..<wide.logitCount).map { Array(row($0).dropFirst(first).prefix(ngrams.count)) }
      }
      return Kind(
        input: input, ngrams: ngrams, products: part { wide.products(of: $0) }, squares: part { wide.squares(of: $0) })
    }
    var kinds = [kind(Self.words, parts, from: 0)]
    if index.characters.count > 0 {
      let codes = (0..<index.characters.count).map { index.characters[$0].unicodeScalars.map { Int64($0.value) } }
      kinds.append(kind(Self.characters, codes, from: index.firstOfCharacters))
    }
    (self.kinds, biases) = (kinds, wide.biases)
  }
}

extension ONNXNGrams.Kind {
  /// The names of the weights, each [n-grams, logits].
  var names: (products: String, squares: String) { ("\(input).products", "\(input).squares") }

  /// The lengths of the n-grams, from the shortest to the longest.
  private var lengths: ClosedRange<Int> {
    let counts = ngrams.map(\.count)
    return counts.min()!...counts.max()!
  }

  /// TfIdfVectorizer's attributes: the n-grams by length, and the column of each.
  func attributes() -> [[UInt8]] {
    let columns = ngrams.indices.sorted { (ngrams[$0].count, $0) < (ngrams[$1].count, $1) }
    // Where the n-grams of each length begin in the pool.
    var (starts, start) = ([Int64](), 0)
    for length in 1...lengths.upperBound {
      starts.append(Int64(start))
      start += ngrams.reduce(0) { $0 + ($1.count == length ? length : 0) }
    }
    return [
      ONNXGraph.attribute("max_gram_length", Int64(lengths.upperBound)), ONNXGraph.attribute("max_skip_count", 0),
      ONNXGraph.attribute("min_gram_length", Int64(lengths.lowerBound)), ONNXGraph.attribute("mode", "TF"),
      ONNXGraph.attribute("ngram_counts", starts), ONNXGraph.attribute("ngram_indexes", columns.map { Int64($0) }),
      ONNXGraph.attribute("pool_int64s", columns.flatMap { ngrams[$0] }),
    ]
  }
}

extension ONNXGraph {
  /// Adds the n-grams' logits to the network's: √½ Σ p / √Σ r² over those of each kind that occur, and the biases.
  ///
  /// - Parameter logits: the name of the network's, or of its bias where there is no network.
  mutating func addNGrams(_ ngrams: ONNXNGrams, logits: String, sum: String) {
    add("Constant", [], ["half"], [Self.attribute("value_float", float: 0.5)])
    // Instead of zero, where no n-gram is known; the sum of the products is zero then, too.
    add("Constant", [], ["least"], [Self.attribute("value_float", float: 1e-30)])
    var parts = [logits, Initializer.ngramBias]
    for kind in ngrams.kinds {
      let name = kind.input
      add("TfIdfVectorizer", [name], ["\(name).counts"], kind.attributes())
      add("Sign", ["\(name).counts"], ["\(name).occurrences"])
      add("MatMul", ["\(name).occurrences", kind.names.products], ["\(name).sums"])
      add("MatMul", ["\(name).occurrences", kind.names.squares], ["\(name).norms"])
      add("Max", ["\(name).norms", "least"], ["\(name).divisors"])
      add("Div", ["half", "\(name).divisors"], ["\(name).scales_squared"])
      add("Sqrt", ["\(name).scales_squared"], ["\(name).scales"])
      add("Mul", ["\(name).sums", "\(name).scales"], ["\(name).logits"])
      parts.append("\(name).logits")
    }
    add("Sum", parts, [sum])
  }
}
