import Foundation
import RecurrentNetwork

/// Keeps what was given back, for the next one who takes as much.
// @unchecked: `free` is only accessed under the lock.
package final class SharedRowMemory: RowMemory, @unchecked Sendable {
  private let lock = NSLock()
  /// By their number of floats.
  private var free: [Int: [UnsafeMutablePointer<Float>]] = [:]

  package init() {}

  deinit { for piece in free.values.joined() { UnsafeMutableRawPointer(piece).deallocate() } }

  package func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    lock.withLock { free[count]?.popLast() }
      ?? UnsafeMutableRawPointer.allocate(byteCount: 4 * count, alignment: 64).bindMemory(
        to: Float.self, capacity: count)
  }

  package func give(_ piece: UnsafeMutablePointer<Float>, _ count: Int) {
    lock.withLock { free[count, default: []].append(piece) }
  }
}
