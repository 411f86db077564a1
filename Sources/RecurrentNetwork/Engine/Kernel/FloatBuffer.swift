/// Floats that it owns, on a cache line's boundary. Not initialised unless asked: memory that is never touched costs none.
final class FloatBuffer {
  let count: Int
  let pointer: UnsafeMutablePointer<Float>

  init(_ count: Int) {
    self.count = count
    pointer = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
      .bindMemory(to: Float.self, capacity: max(count, 1))
  }

  convenience init(zeros count: Int) {
    self.init(count)
    clear()
  }

  func clear() { pointer.update(repeating: 0, count: count) }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
