import Classification
import Corpus
import Foundation
import Models
import Training

/// The predictions of a run's model for its validation texts: the test part, or the texts set apart for validation.
///
/// A wide part has learned from the texts that were set apart, too, once they had served for validation; of such a model
/// these are the predictions for the test part.
package struct Predictions: Sendable {
  /// A text whose label was predicted wrongly.
  package struct WrongText: Sendable {
    /// Its index among the validation texts, from 0 on.
    package var index: Int
    /// Its true label.
    package var label: UInt8
    /// The label that was predicted.
    package var predicted: UInt8
    /// The predicted probability of label 1, or with more than two labels of the predicted one.
    package var probability: Float
    /// Where it comes from, as “line 7”; nil where the data are numbers.
    package var place: String?
    /// The tokens that the network read.
    package var tokens: [Int32]
    /// The text as it was read; nil where the data are numbers.
    package var text: String?
  }

  /// Why there are no predictions.
  package enum Omission: Error, Equatable {
    /// The run has written no model yet.
    case noModel
    /// The run predicts words.
    case predictsWords
    /// Nothing says which data the run was trained on.
    case unknownData
    /// The run's data are no longer at their path.
    case missingData(path: String)
    /// The data have no test part, and no texts were set apart for validation.
    case noTexts(path: String)
    /// The data have no test part, and the model has learned from all others.
    case onlyKnownTexts(path: String)

    /// The reason, as a sentence.
    package var reason: String {
      switch self {
      case .noModel: "There is no model.safetensors yet: a run writes it when it ends."
      case .predictsWords: "It predicts words, and knows no labels."
      case .unknownData: "The run doesn't say which data it was trained on."
      case .missingData(let path): "The run's data, \(path), aren't there."
      case .noTexts(let path): "\(path) has no test texts."
      case .onlyKnownTexts(let path): "\(path) has no test texts, and the model has learned from all others."
      }
    }
  }

  /// What part of the data they are: "validation" or "test".
  package var part: String
  /// The number of texts that the model was trained on.
  package var trainingCount: Int
  /// The figures of a model of two labels; without samples for more labels.
  package var evaluation: BinaryEvaluation
  /// The precision and recall of label 1 at every threshold; without points for more labels.
  package var precisionRecallCurve: PrecisionRecallCurve
  /// The figures of each label, whatever their number.
  package var labelEvaluation: MulticlassEvaluation
  /// The share of texts whose label is predicted; nil if there are no texts.
  package var accuracy: Double? { labelEvaluation.accuracy }
  /// How many of the texts are also among those that the model was trained on; nil where nobody knows.
  package var seenCount: Int?
  /// At most ten texts, the most confidently wrong one first.
  package var mostConfidentlyWrong: [WrongText]
}

extension RunRecord {
  /// Classifies the validation texts with the run's model.
  ///
  /// - Parameters:
  ///   - data: the path of the data; nil for that of the data that the run was trained on.
  ///   - threads: the number of threads that share the work.
  ///   - progress: called with the share of the texts that are done.
  /// - Returns: the predictions, or why there are none.
  /// - Throws: `CorpusError` or `FileError` if the data can't be read, `ModelError` if the model can't be used.
  package func predictions(
    data: String?, threads: Int, progress: (Double) -> Void
  ) throws -> Result<Predictions, Predictions.Omission> {
    guard let model else { return .failure(.noModel) }
    guard model.configuration.wordPrediction == nil else { return .failure(.predictsWords) }
    guard let dataPath = data ?? settings?.data else { return .failure(.unknownData) }
    guard data != nil || FileManager.default.fileExists(atPath: dataPath) else {
      return .failure(.missingData(path: dataPath))
    }
    let configuration = model.configuration
    var source = DataSource(
      path: dataPath, limit: settings?.limit, wordIndex: settings?.wordIndex, text: settings?.text)
    if data == nil { (source.validationPath, source.testPath) = (settings?.validationData, settings?.testData) }
    source.splitsByHash = model.trainingTexts != nil
    let dataset = try source.load(configuration, as: model, keepsOriginals: true, threads: threads)
    var (training, validation) = try dataset.parts(validationSplit: configuration.validationSplit)
    let knowsValidation = model.wide != nil && configuration.validationSplit != nil
    if knowsValidation { (training, validation) = (dataset.training, dataset.test) }
    guard validation.count > 0 else {
      return .failure(knowsValidation ? .onlyKnownTexts(path: dataPath) : .noTexts(path: dataPath))
    }

    let outcomes = try model.outcomes(
      of: validation, threads: threads, path: path + "/" + RunFiles.model, progress: progress)
    let isPair = configuration.labelCount == 2
    // Of two labels ordered by their logits, since many probabilities are rounded to 0 or 1.
    func sureness(_ index: Int) -> Float { isPair ? abs(outcomes[index].logit) : outcomes[index].probability }
    let probabilities = outcomes.map(\.probability)
    let predicted = outcomes.map(model.predictedLabel)
    let wrong = outcomes.indices.filter { predicted[$0] != validation.labels[$0] }
      .sorted { (-sureness($0), $0) < (-sureness($1), $1) }
    let known = training.origins.map { TextHashes($0.map(\.hash)) }
    return .success(
      Predictions(
        part: knowsValidation ? "test" : "validation", trainingCount: training.count,
        evaluation: isPair
          ? BinaryEvaluation(probabilities: probabilities, labels: validation.labels, threshold: model.threshold)
          : BinaryEvaluation(probabilities: [], labels: []),
        precisionRecallCurve: PrecisionRecallCurve(
          probabilities: isPair ? probabilities : [], labels: isPair ? validation.labels : []),
        labelEvaluation: MulticlassEvaluation(
          predicted: predicted, labels: validation.labels, labelCount: configuration.labelCount),
        seenCount: known.flatMap { validation.places(in: $0)?.count },
        mostConfidentlyWrong: wrong.prefix(10).map { index in
          .init(
            index: index, label: validation.labels[index], predicted: predicted[index],
            probability: outcomes[index].probability,
            place: validation.origins.map { Self.place($0[index], dataset.fileNames) },
            tokens: Array(validation.sequences[index]), text: validation.originals?[index])
        }))
  }

  /// Where a text comes from, in words.
  private static func place(_ origin: TextOrigin, _ fileNames: [String]) -> String {
    // Parts that lie elsewhere have files of their own.
    let name = fileNames.indices.contains(Int(origin.file)) ? fileNames[Int(origin.file)] : ""
    let line = origin.line > 0 ? "line \(origin.line)" : ""
    return [name, line].filter { !$0.isEmpty }.joined(separator: ", ")
  }
}
