extension Architecture {
  // All in Double: the sizes may come from an untrusted file, and their products could overflow an Int.

  /// The approximate memory that training needs, in bytes, not counting the data.
  package func trainingMemory(maxLength: Int, threads: Int) -> Double {
    let (h, directions, layers) = (Double(hiddenSize), Double(directionCount), Double(layerCount))
    let inputs = Double(inputSize(ofLayer: 0)) + (layers - 1) * directions * h
    let recurrences = 4 * h * directions * (inputs + layers * h)
    // Weights, gradient and two moments; the history of a block per thread; packed copies and sums.
    let parameters = Double(vocabularySize) * Double(embeddingSize) + recurrences
    let rows = Double(threads) * Double(maxLength) * Double(RowTile.rowsPerBlock)
    // Of hidden dense layers a packed copy and sums as well.
    let dense = Double(4 + 1 + threads + 8) * hiddenDenseParameters
    return 4
      * (4 * parameters + rows * 8 * h * layers * directions + Double(threads + 8) * 4 * h * h * layers + dense)
  }

  /// The approximate memory that inference needs, in bytes: weights, packed weights, the table of token inputs, and what
  /// the steps of a block of texts take. Where padding is read by each text, all of them have `maxLength` steps.
  package func inferenceMemory(maxLength: Int) -> Double {
    let (v, e, h) = (Double(vocabularySize), Double(embeddingSize), Double(hiddenSize))
    let (layers, directions) = (Double(layerCount), Double(directionCount))
    let (first, above) = (Double(inputSize(ofLayer: 0)), (layers - 1) * directions * h)
    let table = v * (2 * e + directions * 4 * h)
    let rows = Double(RowTile.rowsPerBlock)
    let steps = PaddingTreatment(self, nil) == .read ? Double(maxLength) * rows * above : 0
    return 4 * (table + 3 * 4 * h * directions * (first + above + layers * h) + steps + 2 * hiddenDenseParameters)
  }

  /// The number of weights and biases of the dense layers below the output layer.
  private var hiddenDenseParameters: Double {
    zip(denseSizes, denseSizes.dropFirst()).dropLast().reduce(0) { $0 + (Double($1.0) + 1) * Double($1.1) }
  }
}
