import RecurrentNetwork

/// The dense layers below the output layer, for one row after the other (legend: Kernels.md).
///
/// They are computed once a text, not once a step, so that plain loops over single rows are enough.
final class HiddenDense {
  private let architecture: Architecture
  private let geometry: NetworkGeometry
  /// What each layer reads, and last what the output layer reads: [layers + 1], each [denseStride].
  private let inputs: [FloatBuffer]
  /// The loss's gradient with respect to each of these.
  private let gradients: [FloatBuffer]

  init(_ geometry: NetworkGeometry) {
    self.geometry = geometry
    architecture = geometry.architecture
    let sizes = architecture.denseLayers.isEmpty ? [] : architecture.denseSizes.dropLast()
    inputs = sizes.map { FloatBuffer(zeros: denseStride($0)) }
    gradients = sizes.map { FloatBuffer(zeros: denseStride($0)) }
  }

  /// Computes the output layer's input, [logitInputs], of a row; where there are no layers, it is that row.
  ///
  /// - Parameter features: the pooled vector, [features].
  func forward(_ features: UnsafeMutablePointer<Float>, _ weights: PackedWeights) -> UnsafeMutablePointer<Float> {
    guard let first = inputs.first, let last = inputs.last else { return features }
    for feature in 0..<architecture.outputSize { first.pointer[feature] = features[geometry.packedFeature(feature)] }
    for (l, layer) in architecture.denseLayers.enumerated() {
      let (from, to, dense) = (inputs[l].pointer, inputs[l + 1], weights.hiddenDense[l])
      to.pointer.update(from: dense.bias.pointer, count: to.count)
      addDenseProduct(from, inputs: dense.inputs, weights: dense.kernel.pointer, stride: to.count, to: to.pointer)
      for i in stride(from: 0, to: to.count, by: Vector.scalarCount) {
        let sum = to.pointer.vector(i)
        to.pointer.store(layer.activation == .relu ? pointwiseMax(sum, Vector()) : tanh(sum), i)
      }
    }
    return last.pointer
  }

  /// Where the loss's gradient with respect to the output layer's input is written, [logitInputs].
  ///
  /// - Parameter features: where it is written if there are no layers.
  func outputGradient(_ features: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    gradients.last?.pointer ?? features
  }

  /// Goes back through the layers, for the row of the last `forward`: adds the gradients of the weights, and leaves that
  /// of the pooled vector, [features].
  func backward(
    _ weights: PackedWeights, to gradient: ShardGradient, features: UnsafeMutablePointer<Float>
  ) {
    guard let first = gradients.first else { return }
    for (l, layer) in architecture.denseLayers.enumerated().reversed() {
      let (input, output, dense) = (inputs[l].pointer, inputs[l + 1].pointer, weights.hiddenDense[l])
      let (inputGradient, sumGradient) = (gradients[l].pointer, gradients[l + 1].pointer)
      let width = gradients[l + 1].count
      for i in stride(from: 0, to: width, by: Vector.scalarCount) {
        let (y, d) = (output.vector(i), sumGradient.vector(i))
        let passed = layer.activation == .relu ? Vector().replacing(with: d, where: y .> 0) : d - d * (y * y)
        sumGradient.store(passed, i)
      }
      let offsets = gradient.form.hiddenDense[l]
      addMultiple(1, of: sumGradient, count: width, to: gradient.sums.pointer + offsets.bias)
      for i in 0..<dense.inputs {
        addMultiple(
          input[i], of: sumGradient, count: width, to: gradient.sums.pointer + offsets.kernel + i * width)
        inputGradient[i] = dotProduct(dense.kernel.pointer + i * width, sumGradient, count: width)
      }
    }
    for feature in 0..<architecture.outputSize { features[geometry.packedFeature(feature)] = first.pointer[feature] }
  }
}
