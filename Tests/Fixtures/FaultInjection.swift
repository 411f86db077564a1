import Files
import Foundation

/// One test at a time has faults: `AtomicFile` has one place for them, and tests run side by side.
private let lock = NSLock()

/// Runs `body` while system calls of `AtomicFile` fail on paths that start with `path`.
///
/// - Parameter fault: asked before each call; an error number that it returns becomes the call's outcome.
package func withFaults<Result>(
  below path: String, _ fault: @escaping @Sendable (AtomicFile.Operation) -> Int32?, _ body: () throws -> Result
) rethrows -> Result {
  try lock.withLock {
    AtomicFile.fault = { operation, file in file.hasPrefix(path) ? fault(operation) : nil }
    defer { AtomicFile.fault = nil }
    return try body()
  }
}
