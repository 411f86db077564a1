/// What a model says of a text.
public struct Prediction: Sendable, Equatable {
  /// The label's name, as in the data that the model was trained on.
  public let label: String
  /// From 0 to 1: of two labels how probable label 1 is, the positive one, whichever was chosen; of more how probable
  /// the chosen one is. Not a number where the model's weights are so large that they overflow.
  public let probability: Float
  /// Of two labels, whether it is label 1: whether its probability is greater than the threshold. Of more, false.
  public let isPositive: Bool
  /// How many of the text's words the model has read and knows. Where it is 0, the answer says nothing of the text.
  public let knownWordCount: Int
}

/// What moved a model's verdict on a text, word by word: by occlusion.
///
/// Each word in turn is replaced by an unknown one, and the text classified anew: a word's effect is the probability
/// with it minus the probability without it. M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional
/// networks" (ECCV 2014), did so with pictures.
public struct Explanation: Sendable, Equatable {
  /// A word as it stands in the text.
  public struct Word: Sendable, Equatable {
    /// As the text spells it.
    public let word: String
    /// By how much it raised the probability of label 1; below 0 where it speaks for label 0. With more than two labels
    /// that of the text's own label. Of a word that the model doesn't know it is 0.
    public let effect: Float
    /// Whether the model knows it.
    public let isKnown: Bool
  }

  /// What the model says.
  public let prediction: Prediction
  /// The words that the model has read, in the text's order.
  public let words: [Word]
  /// How many words stand before them: of a long text the model reads the end alone.
  public let unreadWordCount: Int
}
