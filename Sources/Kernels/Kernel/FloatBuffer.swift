/// A fixed number of floats on a cache line's boundary, freed with the object.
///
/// Uninitialized unless asked: memory that is never touched costs nothing.
package final class FloatBuffer {
  package let count: Int
  package let pointer: UnsafeMutablePointer<Float>

  package init(_ count: Int) {
    self.count = count
    pointer = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
      .bindMemory(to: Float.self, capacity: max(count, 1))
  }

  package convenience init(zeros count: Int) {
    self.init(count)
    clear()
  }

  package func clear() { pointer.update(repeating: 0, count: count) }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
