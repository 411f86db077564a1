import ArgumentParser
import Corpus
import Hyperparameters
import Models
import Training

extension Train {
  /// Begins or resumes a run that learns from texts without labels first, and trains it in both stages.
  func runInTwoStages(_ ranks: RankGroup, _ options: Run.Options) throws {
    let folder = resume ?? outputPath
    var preparation = PreparationDisplay(data: data ?? folder, folder: folder, isQuiet: quiet || !ranks.isFirst)
    let pretraining: Pretraining
    if resume != nil {
      let own = try settings.applied(to: Self.defaults)
      guard own == Self.defaults, unlabeled == nil, pretrainingEpochs == nil else {
        throw ValidationError(
          "Settings can't be changed before the texts without labels have been learned from; leave them out.")
      }
      pretraining = try Pretraining(resuming: folder, options: options) { preparation.show($0) }
    } else {
      pretraining = try Pretraining(
        beginning: folder, of: start(), epochs: pretrainingEpochs, options: options
      ) { preparation.show($0) }
    }
    preparation.end()
    let name = data ?? folder
    if let first = pretraining.run {
      if ranks.isFirst, !quiet { printError("\(name): stage 1 of 2: learning to predict the words of all texts") }
      try first.train(on: ranks, data: name, folder: folder, isQuiet: quiet)
    }
    if ranks.isFirst, !quiet { printError("\(name): stage 2 of 2: learning from the labels") }
    // What a killed process has left of the second stage is nothing to keep.
    var options = options
    options.overwrites = true
    let run = try Run(beginning: folder, from: pretraining.secondStage(), options: options) {
      // What there is to say of the data has been said.
      if case .note = $0 { return }
      preparation.show($0)
    }
    if ranks.isFirst { try Pretraining.end(in: folder) }
    preparation.end()
    try run.train(on: ranks, data: name, folder: folder, isQuiet: quiet)
  }

  /// Whether the folder that is resumed holds a run of which rank 0 sees that its first stage isn't complete.
  func resumesFirstStage(_ ranks: RankGroup) -> Bool {
    guard let resume else { return false }
    var isFirstStage = ranks.isFirst && Pretraining.isUnderWay(in: resume)
    ranks.communicator.broadcast(&isFirstStage)
    return isFirstStage
  }
}
