import Corpus
import EngineSelection
import Parallel
import RecurrentNetwork
import Testing

#if X86_KERNELS
  import KernelsNarrow
#endif

/// Vectors of 4, 8 and 16 lanes give the same bits, where multiply-adds are fused.
@Suite struct EngineBitsTests {
  private static let engines: [any Engine] = {
    var engines = Engines.available.filter(\.isFused)
    #if X86_KERNELS
      if !engines.isEmpty { engines.insert(KernelsNarrow.KernelEngine(), at: 0) }
    #endif
    return engines
  }()

  @Test(arguments: 0..<60 as Range<UInt64>)
  func gradientsHaveTheSameBits(seed: UInt64) {
    expectSameBits(RandomTask(seed: seed))
  }

  /// Units for several of the widest vectors, and for some.
  @Test(arguments: [16, 33, 50, 64, 128], [1, 2])
  func wideLayersHaveTheSameBits(hiddenSize: Int, layerCount: Int) {
    var task = RandomTask(seed: 6)
    task.change { ($0.hiddenSize, $0.embeddingSize, $0.layerCount) = (hiddenSize, 20, layerCount) }
    expectSameBits(task)
    task.change { ($0.isBidirectional, $0.pooling) = (true, .mean) }
    expectSameBits(task)
  }

  private func expectSameBits(_ task: RandomTask) {
    guard let first = Self.engines.first else { return }
    let (metrics, gradient) = task.engineGradient(first)
    let logits = task.network(first).logits(of: task.data, parameters: task.parameters)!
    for engine in Self.engines.dropFirst() {
      let (otherMetrics, other) = task.engineGradient(engine)
      let otherLogits = task.network(engine).logits(of: task.data, parameters: task.parameters)!
      #expect(metrics == otherMetrics, "\(task): \(engine.name)")
      #expect(differences(gradient.values, other.values) == 0, "\(task): \(engine.name)")
      #expect(differences(logits, otherLogits) == 0, "\(task): \(engine.name)")
    }
  }

  /// How many numbers differ. The sign of a zero depends on how many units are added to fill a vector, and counts for
  /// nothing.
  private func differences(_ values: [Float], _ others: [Float]) -> Int {
    zip(values, others).count { ($0 + 0).bitPattern != ($1 + 0).bitPattern } + abs(values.count - others.count)
  }
}
