/// A place for what each tile of a batch sends along the padding chain: (dh, dc), [tiles][2][unitStride].
package final class InjectionSlots {
  private let geometry: PackedGeometry
  private var buffer = FloatBuffer(0)

  package init(_ architecture: Architecture) { geometry = NetworkGeometry(architecture).layers[0] }

  /// Makes room for a batch's tiles.
  package func reserve(tiles: Int) {
    let count = tiles * 2 * geometry.unitStride
    if buffer.count < count { buffer = FloatBuffer(zeros: count) }
  }

  func slot(_ tile: Int) -> UnsafeMutablePointer<Float> { buffer.pointer + tile * 2 * geometry.unitStride }

  /// A tile's place.
  package subscript(tile: RowTile) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: slot(tile.index), count: 2 * geometry.unitStride)
  }
}
