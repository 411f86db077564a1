import RecurrentNetwork

extension Architecture {
  /// Whether this is Embedding → LSTM → Dense(1, sigmoid), of any sizes.
  ///
  /// It is the one network whose npz archives may have layer names of the user's choice. Those of any other network must
  /// be exactly as they are written here.
  var isPlain: Bool {
    embeddingSize > 0
      && self == Architecture(vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize)
  }
}
