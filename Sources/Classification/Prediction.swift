/// A model's prediction for a text.
public struct Prediction: Sendable, Equatable {
  /// The predicted label's name, as in the data that the model was trained on.
  public let label: String
  /// A probability, from 0 to 1. With two labels, it is that of label 1, the positive one, whichever is predicted. With more,
  /// it is that of the predicted label. It is NaN if the model's weights are so large that they overflow.
  public let probability: Float
  /// The probability of each label, in the order of the model's labels.
  public let probabilities: [Float]
  /// With two labels, whether label 1 is predicted, that is, whether its probability is above the threshold. With more,
  /// false.
  public let isPositive: Bool
  /// The number of words that the model has read and knows. If it is 0, the prediction says nothing about the text.
  public let knownWordCount: Int
}

/// How each word of a text affects a model's prediction, measured by occlusion.
///
/// Each word in turn is replaced by an unknown one, and the text is classified again. The word's effect is the probability
/// with it minus the probability without it. The method was introduced for images by M. D. Zeiler and R. Fergus,
/// "Visualizing and understanding convolutional networks" (ECCV 2014).
public struct Explanation: Sendable, Equatable {
  /// A word of the text, and its effect.
  public struct Word: Sendable, Equatable {
    /// The word, as the text spells it.
    public let word: String
    /// By how much the word raises the probability of label 1; it is negative if the word suggests label 0. With more than
    /// two labels, the probability is that of the predicted label. A word that the model doesn't know has no effect: 0.
    public let effect: Float
    /// Whether the model knows the word.
    public let isKnown: Bool
  }

  /// An n-gram of the text, and its part in the logit.
  public struct NGram: Sendable, Equatable {
    /// Words with spaces between them, after `^` where they begin the text; or characters, between hyphens where the word
    /// goes on.
    public let text: String
    /// What it adds to the logit of label 1, or with more than two labels of the predicted label. This is exact: with a
    /// bias, and with the network's, the shares of all n-grams add up to the logit.
    public let share: Float
  }

  /// The prediction for the text.
  public let prediction: Prediction
  /// The words that the model has read, in order; of a long text the last ones, at most ``wordLimit``.
  public let words: [Word]
  /// The n-grams of the text that the model's wide part knows, the largest share first; empty if it has none.
  public let ngrams: [NGram]
  /// The number of words that the model hasn't read, before all others: it reads only the end of a long text.
  public let unreadWordCount: Int
  /// The number of words that the model has read, but whose effects weren't measured: those before the last ``wordLimit``.
  public let unmeasuredWordCount: Int

  /// How many words of a text are measured at most. Each takes as long as classifying the text, so that a long text would
  /// take minutes.
  public static let wordLimit = 1000
}
