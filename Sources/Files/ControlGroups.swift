import Foundation

/// The limits that Linux's control groups, and so containers, set for this process.
package struct ControlGroups {
  /// The content of /proc/self/cgroup.
  private let groups: String
  /// Reads a file by its path below /sys/fs/cgroup; nil if there is none.
  private let text: (String) -> String?

  package init(groups: String, text: @escaping (String) -> String?) { (self.groups, self.text) = (groups, text) }

  /// Those of this process.
  package static var own: Self {
    Self(groups: (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "") {
      try? String(contentsOfFile: "/sys/fs/cgroup/" + $0, encoding: .utf8)
    }
  }

  /// The limit on processor time, in cores, rounded up; nil if there is none.
  package var coreLimit: Int? {
    // "quota period" in microseconds, or "max period" where there is no limit; of version 1 a file for each, and -1.
    let limits = texts(of: "cpu", ["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]).compactMap { text -> Int? in
      let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
      guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
        return nil
      }
      return max(1, Int((quota / period).rounded(.up)))
    }
    return limits.min()
  }

  /// The limit on memory, in bytes; nil if there is none.
  package var memoryLimit: Int? {
    // "max" where there is no limit; of version 1 a number near 2⁶³.
    texts(of: "memory", ["memory.max"], ["memory.limit_in_bytes"])
      .compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }.min()
  }

  /// What a controller's files say in the process's group and in those above it, several files' texts joined by spaces.
  ///
  /// - Parameters:
  ///   - unified: the files' names in version 2.
  ///   - legacy: the files' names in version 1.
  private func texts(of controller: String, _ unified: [String], _ legacy: [String]) -> [String] {
    var found: [String] = []
    for line in groups.split(separator: "\n") {
      // "number:controllers:path"; version 2 names no controllers.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      guard controllers.isEmpty || controllers.contains(where: { $0 == controller }) else { continue }
      var path = fields[2].split(separator: "/")
      // In a container the path may be the host's, and the files of the group itself are then at the top.
      while true {
        let folder = path.map { $0 + "/" }.joined()
        // In version 1 the folder is named after the controllers.
        for mount in controllers.isEmpty ? [""] : ["\(controller)/", "\(fields[1])/"] {
          let parts = (controllers.isEmpty ? unified : legacy).map { text(mount + folder + $0) }
          guard parts.allSatisfy({ $0 != nil }) else { continue }
          found.append(parts.map { $0! }.joined(separator: " "))
          break
        }
        if path.popLast() == nil { break }
      }
    }
    return found
  }
}

extension ProcessInfo {
  /// The bytes of memory that this process may use: the machine's, or what its container leaves of them.
  package var memoryLimit: Double {
    Double(min(physicalMemory, UInt64(max(ControlGroups.own.memoryLimit ?? .max, 0))))
  }
}

/// Bytes as a message names them: "12 GB", "300 MB".
package func described(bytes: Double) -> String {
  bytes < 1e10 ? "\(Int((bytes / 1e6).rounded(.up))) MB" : "\(Int((bytes / 1e9).rounded(.up))) GB"
}
