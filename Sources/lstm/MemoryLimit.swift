import Files
import Foundation

/// Lets the process end with a message and EX_OSERR before it fills the memory that its container may use; the kernel
/// would end it without a word.
///
/// A thread looks from time to time, the more often the less room is left, and may come too late. What the process leaves
/// is what it would leave after `kill -9`.
func endWithMessageAtMemoryLimit() {
  guard let limit = ControlGroups.own.memoryLimit, UInt64(limit) < ProcessInfo.processInfo.physicalMemory,
    !hasSwapSpace
  else { return }
  let sizes = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
  guard sizes >= 0 else { return }
  // The kernel counts its own tables, too.
  let usable = limit - limit / 64 - (2 << 20)
  let message = Array(
    """
    Error: the \(described(bytes: Double(limit))) of memory that this container may use are full; let it use more, or \
    choose a smaller network or fewer texts

    """.utf8)
  let thread = Thread {
    while let size = privateMemory(sizes) {
      let room = usable - size
      if room < 0 {
        // Unbuffered, and without an allocation.
        _ = message.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress!, $0.count) }
        _exit(EX_OSERR)
      }
      // No program fills four gigabytes a second.
      usleep(useconds_t(min(max(room / 4000, 1000), 100_000)))
    }
  }
  thread.stackSize = 1 << 17
  thread.start()
}

/// The bytes in memory that are neither a file's nor shared, from /proc/self/statm; nil if that can't be read.
private func privateMemory(_ file: Int32) -> Int? {
  withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { text in
    let count = pread(file, text.baseAddress, text.count, 0)
    guard count > 0 else { return nil }
    // "size resident shared …", in pages.
    let numbers = text[..<count].split(separator: UInt8(ascii: " "), maxSplits: 3).prefix(3).map {
      $0.reduce(0) { 10 * $0 + Int($1) - 48 }
    }
    guard numbers.count == 3 else { return nil }
    return (numbers[1] - numbers[2]) * sysconf(Int32(_SC_PAGESIZE))
  }
}

/// Whether the system can move memory to a disk, so that a full one is slow rather than the end.
private var hasSwapSpace: Bool {
  let text = (try? String(contentsOfFile: "/proc/swaps", encoding: .utf8)) ?? ""
  // The first line names the columns.
  return text.split(separator: "\n").count > 1
}
