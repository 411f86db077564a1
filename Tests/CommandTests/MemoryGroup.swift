import Foundation

/// A control group whose processes may use little memory; where there is root, and no swap space.
struct MemoryGroup {
  private let path: String

  /// - Returns: nil where none can be made.
  init?(megabytes: Int) {
    guard let swaps = try? String(contentsOfFile: "/proc/swaps", encoding: .utf8),
      swaps.split(separator: "\n").count == 1
    else { return nil }
    // Of version 1, then of version 2.
    for (root, limit) in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")] {
      let group = "\(root)/lstm-tests-\(UUID())"
      guard mkdir(group, 0o755) == 0 else { continue }
      if Self.write(String(megabytes << 20), to: "\(group)/\(limit)") {
        path = group
        return
      }
      rmdir(group)
    }
    return nil
  }

  private static func write(_ text: String, to path: String) -> Bool {
    guard let file = FileHandle(forWritingAtPath: path) else { return false }
    return (try? file.write(contentsOf: Data(text.utf8))) != nil
  }

  /// What makes a shell join the group.
  var joining: String { "echo $$ >'\(path)/cgroup.procs'" }

  /// To be called once its processes have ended.
  func remove() { rmdir(path) }

  static var canBeMade: Bool {
    let group = MemoryGroup(megabytes: 100)
    group?.remove()
    return group != nil
  }
}
