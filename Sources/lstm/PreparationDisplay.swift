import Corpus
import EngineSelection
import Files
import Training

/// Shows what happens before a run's first step.
struct PreparationDisplay {
  /// Shows how far the data have been read; its path is what messages call the data.
  var reading: ReadingProgress
  /// The run's folder.
  private let folder: String
  private let isQuiet: Bool
  /// Shows how far the n-grams are.
  private var bar: ProgressBar

  init(data: String, folder: String, isQuiet: Bool) {
    reading = ReadingProgress(path: data, isQuiet: isQuiet)
    bar = ProgressBar(isQuiet: isQuiet)
    (self.folder, self.isQuiet) = (folder, isQuiet)
  }

  mutating func show(_ preparation: Run.Preparation) {
    switch preparation {
    case .damagedCheckpoint(let error):
      printError("Warning: \((error as? any ActionableError)?.facts ?? "\(error)"); using the one before it")
    case .otherKernels(let name):
      printError(
        "Warning: \(folder): the run was begun with kernels for \(name.escapedForTerminal()), and goes on with those for "
          + "\(Engines.current.name); it ends with other last bits than with one kind")
    case .reading(let share): reading.show(share)
    case .ngrams(let share): bar.draw("Training n-grams", done: share, details: [])
    case .note(let note):
      reading.end()
      guard !isQuiet else { return }
      let hint = Dataset.hintOfUnlabeled
      let advice = "; --unlabelled learns from them, too"
      printError("\(reading.path): \(note.hasSuffix(hint) ? note.dropLast(hint.count) + advice : note)")
    }
  }

  mutating func end() {
    reading.end()
    bar.clear()
  }
}
