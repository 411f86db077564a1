import GoldenValues
import RecurrentNetwork
import Testing

#if X86_64_V4
  import KernelsX86V4
#elseif X86_64_V3
  import KernelsX86V3
#else
  import Kernels
#endif

/// The chains of two layers against the reference's steps, and their gradients against the slopes of those.
@Suite(.enabled(if: isAvailable)) struct PaddingChainTests {
  private let length = 7
  private let layout = ParameterLayout(.init(vocabularySize: 3, embeddingSize: 4, hiddenSize: 5, layerCount: 2))
  private let parameters: Parameters
  private let batch: PreparedBatch

  init() {
    var generator = RandomGenerator(seed: 2)
    var parameters = Parameters(zeros: layout)
    for i in parameters.values.indices { parameters.values[i] = Float(2 * generator.uniform() - 1) }
    self.parameters = parameters
    batch = PreparedBatch(layout)
    batch.load(parameters, for: [])
    for job in batch.jobs(chainLength: length, learns: true) { batch.perform(job, parameters) }
  }

  @Test func statesEqualTheReferences() {
    let expected = plainStates(parameters.values.map { Double($0) })
    for layer in 0..<2 {
      let chain = batch.chains[layer]
      for paddings in 0...length {
        let (h, c) = (chain.hidden(after: paddings), chain.cell(after: paddings))
        #expect(error((0..<5).map { Double(h[$0]) }, expected[layer][paddings].hidden) < 2e-6)
        #expect(error((0..<5).map { Double(c[$0]) }, expected[layer][paddings].cell) < 2e-6)
      }
    }
  }

  /// Inference keeps the states until they repeat themselves; the others are the same, to the bit.
  @Test(arguments: [0, 1, 7, 511, 3000]) func statesWithoutHistoryAreTheSame(length: Int) {
    let (whole, short) = (PreparedBatch(layout), PreparedBatch(layout))
    for (batch, learns) in [(whole, true), (short, false)] {
      batch.load(parameters, for: [])
      batch.perform(.chains(length: length, learns: learns), parameters)
    }
    func areSame() -> Bool {
      (0..<2).allSatisfy { layer in
        func isSame(_ state: (PaddingChain) -> UnsafePointer<Float>) -> Bool {
          let (own, others) = (state(whole.chains[layer]), state(short.chains[layer]))
          return (0..<5).allSatisfy { own[$0].bitPattern == others[$0].bitPattern }
        }
        return (0...length).allSatisfy { n in isSame { $0.hidden(after: n) } && isSame { $0.cell(after: n) } }
      }
    }
    #expect(areSame())
    // A validation between two steps uses the same memory.
    short.perform(.chains(length: length / 2, learns: false), parameters)
    short.perform(.chains(length: length, learns: true), parameters)
    #expect(areSame())
  }

  /// Of Σ a h + b c, over the states at which tiles enter.
  @Test func gradientsEqualTheSlopesOfTheReference() {
    let entries = [2, 3, 7]
    var generator = RandomGenerator(seed: 3)
    let factors = (0..<2).map { _ in entries.map { _ in (0..<10).map { _ in Float(2 * generator.uniform() - 1) } } }
    func loss(_ values: [Double]) -> Double {
      let states = plainStates(values)
      var sum = 0.0
      for layer in 0..<2 {
        for (entry, factors) in zip(entries, factors[layer]) {
          let state = states[layer][entry].hidden + states[layer][entry].cell
          for (x, factor) in zip(state, factors) { sum += x * Double(factor) }
        }
      }
      return sum
    }
    func slopes(_ tensor: ParameterLayout.Tensor) -> [Double] {
      tensor.range.map { index in
        var values = parameters.values.map { Double($0) }
        values[index] += 1e-5
        let above = loss(values)
        values[index] -= 2e-5
        return (above - loss(values)) / 2e-5
      }
    }

    for layer in [1, 0] {
      let (chain, recurrence) = (batch.chains[layer], batch.recurrences[layer][0])
      let g = recurrence.geometry
      let injections = factors[layer].map { factors in
        let buffer = FloatBuffer(zeros: 2 * g.unitStride)
        for i in 0..<10 { buffer.pointer[i / 5 * g.unitStride + i % 5] = factors[i] }
        return buffer
      }
      let (recurrent, input) = (FloatBuffer(g.units * g.columns), FloatBuffer(g.columns))
      chain.backward(
        injection: { k in entries.firstIndex(of: k).map { UnsafePointer(injections[$0].pointer) } },
        above: layer == 0 ? (batch.chains[1], UnsafePointer(batch.recurrences[1][0].kernelTransposed.pointer)) : nil,
        recurrentTransposed: recurrence.recurrentTransposed.pointer, recurrentGradient: recurrent.pointer,
        inputGradient: input.pointer)
      let tensors = layout.recurrences[layer][0]
      #expect(relativeError(unpacked(recurrent, g.units, g), slopes(tensors.recurrentKernel)) < 1e-5)
      let columns = (0..<20).map { g.column(gate: $0 / 5, unit: $0 % 5) }
      #expect(relativeError(columns.map { Double(input.pointer[$0]) }, slopes(tensors.bias)) < 1e-5)
      if layer == 1 {
        let kernel = FloatBuffer(g.inputs * g.columns)
        chain.kernelGradient(below: batch.chains[0], into: kernel.pointer)
        #expect(relativeError(unpacked(kernel, g.inputs, g), slopes(tensors.kernel)) < 1e-5)
      }
    }
  }

  /// The first five rows of a packed matrix, in Keras's order.
  private func unpacked(_ buffer: FloatBuffer, _ rowCount: Int, _ g: PackedGeometry) -> [Double] {
    (0..<5).flatMap { row in
      (0..<20).map {
        let column = g.column(gate: $0 / 5, unit: $0 % 5)
        return Double(buffer.pointer[PackedGeometry.panelIndex(row: row, column: column, rowCount: rowCount)])
      }
    }
  }

  private func error(_ found: [Double], _ expected: [Double]) -> Double {
    zip(found, expected).map { abs($0 - $1) }.max()!
  }

  /// The states of both layers after 0 … `length` paddings, by the definition.
  private func plainStates(_ values: [Double]) -> [[ReferenceLSTM.State]] {
    var inputs = [[Double]](repeating: Array(values[layout.embedding.range].prefix(4)), count: length)
    return layout.recurrences.map { directions in
      let tensors = directions[0]
      let lstm = ReferenceLSTM(
        kernel: Array(values[tensors.kernel.range]), recurrentKernel: Array(values[tensors.recurrentKernel.range]),
        bias: Array(values[tensors.bias.range]), inputSize: inputs[0].count, hiddenSize: 5)
      var states = [ReferenceLSTM.State(zeros: 5)]
      for x in inputs {
        states.append(lstm.step(x, from: states.last!, recurrentFactors: .init(repeating: 1, count: 5)).state)
      }
      inputs = states.dropFirst().map(\.hidden)
      return states
    }
  }
}
