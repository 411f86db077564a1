import Foundation

/// The memory use of this process, as reported by the system.
package enum ProcessMemory {
  /// The largest resident size so far, in bytes.
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

  /// Lets ``peak`` begin anew, where the system can do that (proc_pid_clear_refs(5)).
  static func resetPeak() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    if file < 0 { return }
    _ = write(file, "5", 1)
    close(file)
  }

  /// Gives memory back to the system that was freed, which glibc keeps otherwise.
  static func returnFreed() {
    // Swift's module of the library lacks the functions, and other libraries have none.
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> Int32).self)(0)
  }

  /// Lets each array of a megabyte or more have memory of its own, which the system has back when the array is freed.
  ///
  /// glibc does that from 128 kB on, but only until the first such array is freed; later ones share memory, of which
  /// what is freed between two others is kept. It is for the process to decide, not for a library in it.
  package static func keepLargeArraysApart() {
    guard let symbol = dlsym(nil, "mallopt") else { return }
    // M_MMAP_THRESHOLD of malloc.h.
    _ = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)(-3, 1 << 20)
  }

  /// The current resident size in bytes, or the largest one if the system doesn't report the current one.
  package static var resident: Int { sizes?.resident ?? peak }

  /// The bytes of the current resident size that no file and no other process has; nil if the system doesn't report it.
  package static var unshared: Int? { sizes.map { $0.resident - $0.shared } }

  /// In bytes, from /proc/self/statm (proc_pid_statm(5)).
  private static var sizes: (resident: Int, shared: Int)? {
    // The file has "size resident shared …", in pages.
    let numbers = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    guard numbers.count > 2, let resident = Int(numbers[1]), let shared = Int(numbers[2]) else { return nil }
    let page = sysconf(Int32(_SC_PAGESIZE))
    return (resident * page, shared * page)
  }
}
