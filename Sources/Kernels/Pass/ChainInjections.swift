import RecurrentNetwork

/// What each tile of a batch sends back along the padding chains: (dh, dc) of each layer, [tiles][layers][2][unitStride]
/// (legend: Kernels.md).
///
/// The shards' backward passes write their tiles' elements, and `ChainGradients` reads them all.
package final class ChainInjections: EngineInjections {
  private let layers: Int
  private let geometry: PackedGeometry
  private var buffer = FloatBuffer(0)

  package init(_ architecture: Architecture) {
    layers = architecture.layerCount
    geometry = NetworkGeometry(architecture).layers[0]
  }

  /// Elements of (dh, dc) in a layer.
  var size: Int { 2 * geometry.unitStride }

  package func reserve(tiles: Int) {
    let count = tiles * layers * size
    if buffer.count < count { buffer = FloatBuffer(zeros: count) }
  }

  /// (dh, dc) of a tile in a layer, [2][unitStride].
  func pointer(tile: RowTile, layer: Int) -> UnsafeMutablePointer<Float> {
    buffer.pointer + (tile.index * layers + layer) * size
  }

  package subscript(tile: RowTile) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: pointer(tile: tile, layer: 0), count: layers * size)
  }
}
