import EngineSelection

#if X86_64_V4
  import KernelsX86V4
#elseif X86_64_V3
  import KernelsX86V3
#else
  import Kernels
#endif

/// Whether this processor has the instructions of the kernels under test.
let isAvailable = Engines.available.contains { $0.name == KernelEngine().name }
