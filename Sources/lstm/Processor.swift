import EngineSelection
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
  static var availableCores: Int { max(1, min(allowedCores.count, quota ?? .max)) }

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

  /// The limit on processor time, in cores, rounded up, that the process's control group or one above it has; nil if
  /// there is none.
  static var quota: Int? {
    let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    return quota(groups: groups) { try? String(contentsOfFile: "/sys/fs/cgroup/" + $0, encoding: .utf8) }
  }

  /// - Parameters:
  ///   - groups: the content of /proc/self/cgroup.
  ///   - text: reads a file by its path below /sys/fs/cgroup.
  static func quota(groups: String, text: (String) -> String?) -> Int? {
    var quotas: [Int] = []
    for line in groups.split(separator: "\n") {
      // "number:controllers:path"; version 2 names no controllers.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      guard controllers.isEmpty || controllers.contains("cpu") else { continue }
      var path = fields[2].split(separator: "/")
      // In a container the path may be the host's, and the files of the group itself are then at the top.
      while true {
        let folder = path.map { $0 + "/" }.joined()
        if controllers.isEmpty {
          // "quota period" in microseconds, or "max period" where there is no limit.
          quotas += [text(folder + "cpu.max").flatMap(cores(quotaAndPeriod:))].compactMap(\.self)
        } else {
          // A file for each, and -1 where there is no limit; the folder is named after the controllers.
          for mount in ["cpu", String(fields[1])] {
            guard let quota = text("\(mount)/\(folder)cpu.cfs_quota_us"),
              let period = text("\(mount)/\(folder)cpu.cfs_period_us")
            else { continue }
            quotas += [cores(quotaAndPeriod: "\(quota) \(period)")].compactMap(\.self)
            break
          }
        }
        if path.popLast() == nil { break }
      }
    }
    return quotas.min()
  }

  private static func cores(quotaAndPeriod text: String) -> Int? {
    let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
    return max(1, Int((quota / period).rounded(.up)))
  }
}
