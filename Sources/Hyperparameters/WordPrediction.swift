/// Learning to predict the words of texts that need no labels: at each position the next word, and in a network of both
/// directions the one before it, too.
///
/// The right word has to be told from a sample of words that is drawn for each step (sampled softmax: Jean et al., 2015).
/// A classifier that has few labels can start from what the recurrent layers learn in this way.
public struct WordPrediction: Codable, Sendable, Equatable {
  /// K: how many words are drawn for a step; a multiple of 32.
  public var sampleCount = 256
  /// The power to which the words' frequencies are raised where they are drawn, so that rare ones are drawn more often
  /// than they occur; 0.75 as in word2vec (Mikolov et al., 2013).
  public var samplingPower = 0.75

  /// The defaults.
  public init() {}
}
