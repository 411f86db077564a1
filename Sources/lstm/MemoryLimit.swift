import Files
import Foundation
import Training

/// Lets the process end with a message and EX_OSERR before it fills the memory that its container may use; the kernel
/// would end it without a word.
///
/// A thread looks from time to time, the more often the less room is left, and may come too late. What the process leaves
/// is what it would leave after `kill -9`.
func endWithMessageAtMemoryLimit() {
  guard let limit = ControlGroups.own.memoryLimit, UInt64(limit) < ProcessInfo.processInfo.physicalMemory,
    !hasSwapSpace
  else { return }
  // The kernel counts its own tables, too.
  let usable = limit - limit / 64 - (2 << 20)
  let message = Array(
    """
    Error: the \(described(bytes: Double(limit))) of memory that this container may use are full; let it use more, or \
    choose a smaller network or fewer texts

    """.utf8)
  let thread = Thread {
    while let size = ProcessMemory.unshared {
      let room = usable - size
      if room < 0 {
        // There may be no memory left for more.
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

/// Whether the system can move memory to a disk, so that a full one is slow rather than the end.
private var hasSwapSpace: Bool {
  let text = (try? String(contentsOfFile: "/proc/swaps", encoding: .utf8)) ?? ""
  // The first line names the columns.
  return text.split(separator: "\n").count > 1
}
