import RecurrentNetwork

/// What the first layer reads, computed once for each distinct token of a batch instead of for each position
/// (legend: Kernels.md).
///
/// The embedding is folded into the gates' input: a step's x W + b is a row of this table, so no multiplication by W is
/// left in the loop over time.
final class TokenInputs {
  private let layout: ParameterLayout
  private let geometry: PackedGeometry
  /// The tokens' embeddings, [tokens, rounded up to tiles][inputs].
  private(set) var embeddings = FloatBuffer(0)
  /// x W + b of each direction: [tokens, rounded up to tiles][gateStride].
  private(set) var gateInputs: [FloatBuffer]

  init(_ layout: ParameterLayout, _ geometry: NetworkGeometry) {
    self.layout = layout
    self.geometry = geometry.layers[0]
    gateInputs = (0..<geometry.directions).map { _ in FloatBuffer(0) }
  }

  private var isOneHot: Bool { layout.architecture.embeddingSize == 0 }

  /// Cuts so many tokens into whole tiles, and few enough that all threads find work.
  static func slotRanges(_ count: Int) -> [Range<Int>] {
    let size = 16 * RegisterTile.rows
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  func reserve(tokenCount: Int) {
    let rows = (tokenCount + RegisterTile.rows - 1) / RegisterTile.rows * RegisterTile.rows
    if embeddings.count < rows * geometry.inputs { embeddings = FloatBuffer(zeros: rows * geometry.inputs) }
    for direction in gateInputs.indices where gateInputs[direction].count < rows * geometry.gateStride {
      gateInputs[direction] = FloatBuffer(rows * geometry.gateStride)
    }
  }

  /// Computes the rows of some tokens. Where positions are embedded one by one, that is the embeddings alone.
  func compute(_ slots: Range<Int>, of batch: PreparedBatch, _ parameters: Parameters) {
    if isOneHot {
      for slot in slots {
        for (direction, table) in gateInputs.enumerated() {
          computeOneHot(
            batch.tokens[slot], direction, of: batch, parameters,
            into: table.pointer + slot * geometry.gateStride)
        }
      }
      return
    }
    gather(batch.tokens[slots], from: parameters, into: embeddings.pointer + slots.lowerBound * geometry.inputs)
    if batch.embedsPositions { return }
    for (recurrence, table) in zip(batch.recurrences[0], gateInputs) {
      recurrence.computeGateInputs(of: slots, inputs: embeddings.pointer, into: table.pointer)
    }
  }

  /// x W + b of the padding token, forward: [columns].
  func computePaddingRow(
    of batch: PreparedBatch, _ parameters: Parameters, into out: UnsafeMutablePointer<Float>
  ) {
    if isOneHot { return computeOneHot(0, 0, of: batch, parameters, into: out) }
    let embedding = FloatBuffer(zeros: geometry.inputs)
    gather([0], from: parameters, into: embedding.pointer)
    batch.recurrences[0][0].computeGateInput(of: embedding.pointer, into: out)
  }

  private func computeOneHot(
    _ token: Int32, _ direction: Int, of batch: PreparedBatch, _ parameters: Parameters,
    into out: UnsafeMutablePointer<Float>
  ) {
    let kernel = layout.recurrences[0][direction].kernel
    parameters.values.withUnsafeBufferPointer { values in
      batch.recurrences[0][direction].computeGateInput(
        ofOneHot: values.baseAddress! + kernel.offset + Int(token) * kernel.shape[1], scale: batch.foldedWordScale,
        into: out)
    }
  }

  /// Copies the embeddings of tokens into rows of `inputs` elements.
  func gather(_ tokens: some Collection<Int32>, from parameters: Parameters, into rows: UnsafeMutablePointer<Float>) {
    let e = layout.architecture.embeddingSize
    parameters.values.withUnsafeBufferPointer { values in
      for (row, token) in tokens.enumerated() {
        (rows + row * geometry.inputs).update(
          from: values.baseAddress! + layout.embedding.offset + Int(token) * e, count: e)
      }
    }
  }
}
