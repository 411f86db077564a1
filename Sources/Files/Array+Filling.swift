extension Array {
  /// As `init(unsafeUninitializedCapacity:initializingWith:)`, except that with a capacity of 0 nothing is called or written.
  ///
  /// With that capacity, the standard library's initializer writes the count, 0, into the storage that all empty arrays
  /// share, which ThreadSanitizer takes for a race.
  @inlinable
  package init(
    filling capacity: Int,
    with body: (_ elements: UnsafeMutableBufferPointer<Element>, _ count: inout Int) throws -> Void
  ) rethrows {
    self = []
    if capacity > 0 { self = try Array(unsafeUninitializedCapacity: capacity) { try body($0, &$1) } }
  }
}
