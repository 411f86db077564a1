import RecurrentNetwork

/// What the padding chains of all layers add to a batch's gradient; zeros for a batch without chains
/// (legend: Kernels.md).
final class ChainGradients {
  /// [layers].
  let layers: [Layer]
  /// dE of the padding token: [inputs].
  let embedding: FloatBuffer
  private var isZero = true
  /// The sums of the injections into one layer, by number of paddings: [length + 1][2][unitStride].
  private var sums = FloatBuffer(0)

  /// What one layer's chain adds.
  final class Layer {
    /// dU: [gatePanels][units][width].
    let recurrent: FloatBuffer
    /// dW: [gatePanels][inputs][width]; empty in the first layer, which reads the padding token.
    let kernel: FloatBuffer
    /// Σ dz: [columns].
    let input: FloatBuffer

    init(_ geometry: PackedGeometry, isFirst: Bool) {
      recurrent = FloatBuffer(zeros: geometry.units * geometry.columns)
      kernel = FloatBuffer(zeros: isFirst ? 0 : geometry.inputs * geometry.columns)
      input = FloatBuffer(zeros: geometry.columns)
    }
  }

  init(_ geometry: NetworkGeometry) {
    layers = geometry.layers.enumerated().map { Layer($1, isFirst: $0 == 0) }
    embedding = FloatBuffer(zeros: geometry.layers[0].inputs)
  }

  /// Takes what the tiles have sent back along the batch's chains; overwrites the chains' gates.
  func compute(_ batch: PreparedBatch, _ injections: ChainInjections, _ tiles: [RowTile]) {
    for (layer, gradient) in layers.enumerated().reversed() {
      let chain = batch.chains[layer]
      chain.backward(
        injection: sum(injections, layer, tiles, chainLength: chain.length),
        above: layer + 1 < layers.count
          ? (batch.chains[layer + 1], UnsafePointer(batch.recurrences[layer + 1][0].kernelTransposed.pointer)) : nil,
        recurrentTransposed: batch.recurrences[layer][0].recurrentTransposed.pointer,
        recurrentGradient: gradient.recurrent.pointer, inputGradient: gradient.input.pointer)
      if layer > 0 { chain.kernelGradient(below: batch.chains[layer - 1], into: gradient.kernel.pointer) }
    }
    let geometry = batch.geometry.layers[0]
    embedding.clear()
    let ordered = FloatBuffer(geometry.columns)
    geometry.copyInOrderOfSums(layers[0].input.pointer, to: ordered.pointer)
    addRow(
      ordered.pointer, times: batch.recurrences[0][0].kernelTransposed.pointer,
      panelCount: geometry.inputPanels, count: geometry.columns, to: embedding.pointer)
    isZero = false
  }

  func clear() {
    if isZero { return }
    for layer in layers { for buffer in [layer.recurrent, layer.kernel, layer.input] { buffer.clear() } }
    embedding.clear()
    isZero = true
  }

  /// Adds up what the tiles send that enter after the same number of paddings, in the order of the tiles.
  ///
  /// - Returns: dh and dc after a number of paddings, [2][unitStride], or nil where no tile enters.
  private func sum(
    _ injections: ChainInjections, _ layer: Int, _ tiles: [RowTile], chainLength: Int
  ) -> (_ paddings: Int) -> UnsafePointer<Float>? {
    let (size, count) = (injections.size, chainLength + 1)
    if sums.count < count * size { sums = FloatBuffer(count * size) }
    let sums = sums
    var isSet = [Bool](repeating: false, count: count)
    for tile in tiles where tile.start > 0 {
      let (sum, injected) = (sums.pointer + tile.start * size, injections.pointer(tile: tile, layer: layer))
      if isSet[tile.start] {
        for i in stride(from: 0, to: size, by: Vector.scalarCount) { sum.store(sum.vector(i) + injected.vector(i), i) }
      } else {
        sum.update(from: injected, count: size)
        isSet[tile.start] = true
      }
    }
    return { [isSet] in isSet[$0] ? UnsafePointer(sums.pointer + $0 * size) : nil }
  }
}
