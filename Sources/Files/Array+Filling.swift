extension Array {
  /// As `init(unsafeUninitializedCapacity:initializingWith:)`, but with a capacity of 0 an empty array, without a call.
  ///
  /// The standard library then writes the count, 0, into the storage that all empty arrays share, which ThreadSanitizer
  /// takes for a race.
  @inlinable
  package init(
    filling capacity: Int,
    with body: (_ elements: UnsafeMutableBufferPointer<Element>, _ count: inout Int) throws -> Void
  ) rethrows {
    self = []
    if capacity > 0 { self = try Array(unsafeUninitializedCapacity: capacity) { try body($0, &$1) } }
  }
}
