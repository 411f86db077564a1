import EngineSelection
import Files
import Foundation

/// The processor, and what of it this process may use.
enum Processor {
  /// The instructions of the engine in use.
  static var kernels: String {
    let name = Engines.current.name
    let description = [
      "x86-64-v4": "AVX-512", "x86-64-v3": "AVX2 and FMA", "arm64": "NEON",
      "baseline": "SSE2, about a third as fast as AVX2 and FMA, and with other last bits",
    ]
    return description[name].map { "\(name): \($0)" } ?? name
  }

  /// The processor's name.
  static var model: String {
    let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return facts.split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces) ?? "Unknown processor"
  }

  /// The number of cores that this process may use, according to its affinity mask and to the container's limit on processor
  /// time.
  static var availableCores: Int { max(1, min(allowedCores.count, ControlGroups.own.coreLimit ?? .max)) }

  /// The cores of the affinity mask.
  static var allowedCores: Set<Int> {
    #if os(Linux)
      // "Cpus_allowed:" and a hexadecimal mask, in groups between commas. Foundation's core count ignores it.
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      if let mask = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) {
        let digits = mask.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue).reversed()
        return Set(
          digits.enumerated().flatMap { index, digit in
            (0..<4).filter { digit >> $0 & 1 == 1 }.map { 4 * index + $0 }
          })
      }
    #endif
    return Set(0..<ProcessInfo.processInfo.activeProcessorCount)
  }
}
