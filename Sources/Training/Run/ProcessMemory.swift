import Foundation

/// How much memory this process has, as the system counts it.
package enum ProcessMemory {
  /// The process's largest resident size so far, in bytes.
  package static var peak: Int {
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #else
      getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss * 1024
    #endif
  }

  /// The process's resident size now, in bytes; its largest where the system doesn't tell.
  package static var resident: Int {
    // "size resident …" in pages.
    let sizes = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    guard sizes.count > 1, let pages = Int(sizes[1]) else { return peak }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}
