import RecurrentNetwork

/// The engine with the instructions that this module was built for.
package struct KernelEngine: Engine {
  package init() {}

  package var name: String {
    #if X86_64_V4
      "x86-64-v4"
    #elseif X86_64_V3
      "x86-64-v3"
    #elseif arch(x86_64)
      "baseline"
    #elseif arch(arm64)
      "arm64"
    #else
      "portable"
    #endif
  }

  package var isFused: Bool {
    #if X86_64_V3 || FUSED || arch(arm64)
      true
    #else
      false
    #endif
  }

  package var flopPerRoundInRegisters: Int { 12 * Vector.scalarCount * 2 }

  package func makeBatch(_ layout: ParameterLayout) -> any EngineBatch { PreparedBatch(layout) }

  package func makeWorker(
    _ architecture: Architecture, steps: Int, earlierPaddings: Int, learns: Bool, predictsWords: Bool
  ) -> any EngineWorker {
    ShardWorker(
      architecture, steps: steps, earlierPaddings: earlierPaddings, learns: learns, predictsWords: predictsWords)
  }

  package func adam(_ memory: AdamMemory) -> any AdamArithmetic { VectorAdam(memory) }

  package func multiplyAddsInRegisters(rounds: Int) -> Float { runMultiplyAdds(rounds: rounds) }
}
