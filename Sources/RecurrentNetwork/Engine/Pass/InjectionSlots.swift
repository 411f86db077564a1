/// A place for what each tile of a batch sends along the padding chains: (dh, dc), [tiles][layers][2][unitStride].
package final class InjectionSlots {
  private let layers: Int
  private let geometry: PackedGeometry
  private var buffer = FloatBuffer(0)

  package init(_ architecture: Architecture) {
    layers = architecture.layerCount
    geometry = NetworkGeometry(architecture).layers[0]
  }

  /// Elements of a layer's (dh, dc).
  var slotSize: Int { 2 * geometry.unitStride }

  /// Makes room for a batch's tiles.
  package func reserve(tiles: Int) {
    let count = tiles * layers * slotSize
    if buffer.count < count { buffer = FloatBuffer(zeros: count) }
  }

  func slot(_ tile: Int, layer: Int) -> UnsafeMutablePointer<Float> {
    buffer.pointer + (tile * layers + layer) * slotSize
  }

  /// A tile's place: that of all layers.
  package subscript(tile: RowTile) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: slot(tile.index, layer: 0), count: layers * slotSize)
  }
}
