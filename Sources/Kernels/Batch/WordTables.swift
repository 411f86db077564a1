import RecurrentNetwork

/// The weights that predict words, as far as a batch needs them: those of its samples in the kernels' order, and a row
/// for each of its tokens (legend: Kernels.md).
final class WordTables {
  private let layout: ParameterLayout
  private let geometry: PackedGeometry
  /// K.
  private(set) var sampleCount = 0
  /// The samples' slots, as Floats, which count exactly to 2²⁴: [K].
  private(set) var sampleSlots = FloatBuffer(0)
  /// The samples' tokens: [K].
  private(set) var sampleTokens: [Int32] = []
  /// Whether a token can be predicted, by slot.
  private(set) var isPredicted: [Bool] = []
  private var corrections: [Float] = []
  /// [directions].
  let directions: [Direction]

  /// What one direction predicts with.
  final class Direction {
    /// The samples' weights for h O: [samplePanels][units][width].
    fileprivate(set) var samples = FloatBuffer(0)
    /// The same for d Oᵀ: [unitPanels][K][width].
    fileprivate(set) var samplesTransposed = FloatBuffer(0)
    /// The samples' biases, corrected: [K].
    fileprivate(set) var sampleBiases = FloatBuffer(0)
    /// The weights of the batch's tokens: [slots][unitStride].
    fileprivate(set) var rows = FloatBuffer(0)
    /// Their biases, corrected: [slots].
    fileprivate(set) var biases = FloatBuffer(0)
  }

  init(_ layout: ParameterLayout, _ geometry: NetworkGeometry) {
    self.layout = layout
    self.geometry = geometry.layers[0]
    directions = layout.words.map { _ in Direction() }
  }

  var samplePanels: Int { sampleCount / RegisterTile.columns }

  /// Packs the samples' weights, and makes room for the tokens' rows.
  func load(_ samples: WordSamples, _ tokens: TokenTable, _ parameters: Parameters) {
    let g = geometry
    let h = g.hiddenSize
    let count = samples.tokens.count
    corrections = samples.corrections
    sampleTokens = samples.tokens
    isPredicted = tokens.tokens.map { corrections[Int($0)] > -.infinity }
    if count != sampleCount {
      sampleCount = count
      sampleSlots = FloatBuffer(count)
      for direction in directions {
        direction.samples = FloatBuffer(zeros: count * g.units)
        direction.samplesTransposed = FloatBuffer(zeros: count * g.units)
        direction.sampleBiases = FloatBuffer(count)
      }
    }
    for (k, token) in samples.tokens.enumerated() { sampleSlots.pointer[k] = Float(tokens.slots[Int(token)]) }
    for (direction, table) in zip(directions, layout.words) {
      if direction.biases.count < tokens.count {
        direction.rows = FloatBuffer(zeros: tokens.count * g.unitStride)
        direction.biases = FloatBuffer(tokens.count)
      }
      parameters.values.withUnsafeBufferPointer { values in
        for (k, token) in samples.tokens.enumerated() {
          let row = values.baseAddress! + table.offset + Int(token) * (h + 1)
          for unit in 0..<h {
            direction.samples.pointer[PackedGeometry.panelIndex(row: unit, column: k, rowCount: g.units)] = row[unit]
            direction.samplesTransposed.pointer[PackedGeometry.panelIndex(row: k, column: unit, rowCount: count)] =
              row[unit]
          }
          direction.sampleBiases.pointer[k] = row[h] - corrections[Int(token)]
        }
      }
    }
  }

  /// Copies the rows of the tokens with some slots.
  func gather(_ slots: Range<Int>, of tokens: TokenTable, _ parameters: Parameters) {
    let h = geometry.hiddenSize
    for (direction, table) in zip(directions, layout.words) {
      parameters.values.withUnsafeBufferPointer { values in
        for slot in slots {
          let token = Int(tokens.tokens[slot])
          let row = values.baseAddress! + table.offset + token * (h + 1)
          (direction.rows.pointer + slot * geometry.unitStride).update(from: row, count: h)
          direction.biases.pointer[slot] = row[h] - corrections[token]
        }
      }
    }
  }
}
