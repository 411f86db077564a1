import CIntrinsics
import Foundation
import Kernels
import RecurrentNetwork
import Synchronization

#if X86_KERNELS
  import KernelsX86V3
  import KernelsX86V4
#endif

/// The engines that this package was built with, and the one to use.
package enum Engines {
  /// The environment's variable for the name of the engine to use.
  package static let variable = "LSTM_PROCESSOR"

  /// Those whose instructions this processor has, the fastest last.
  package static let available: [any Engine] = {
    var engines: [any Engine] = [Kernels.KernelEngine()]
    #if X86_KERNELS
      if processorLevel() >= 3 { engines.append(KernelsX86V3.KernelEngine()) }
      if processorLevel() >= 4 { engines.append(KernelsX86V4.KernelEngine()) }
    #endif
    return engines
  }()

  private static let chosen = Mutex<any Engine>(requested.flatMap(named) ?? available.last!)

  /// The one that the environment names, if it is available, or else the fastest.
  package static var current: any Engine { chosen.withLock { $0 } }

  /// Why what the environment asks for can't be had; nil where it can.
  package static var problem: String? {
    guard let requested, named(requested) == nil else { return nil }
    let names = available.map(\.name).joined(separator: ", ")
    return "\(variable)=\(requested): on this processor this build can use \(names)"
  }

  /// Uses another of the available engines from now on. Networks that there are keep theirs.
  package static func use(_ name: String) {
    guard let engine = named(name) else { return }
    chosen.withLock { $0 = engine }
  }

  /// Whether engines of these names compute the same bits.
  package static func giveSameBits(_ name: String, _ other: String) -> Bool {
    name == other || [name, other].allSatisfy(["x86-64-v3", "x86-64-v4"].contains)
  }

  private static var requested: String? {
    ProcessInfo.processInfo.environment[variable].flatMap { $0 == "" ? nil : $0 }
  }
  private static func named(_ name: String) -> (any Engine)? { available.first { $0.name == name } }
}
