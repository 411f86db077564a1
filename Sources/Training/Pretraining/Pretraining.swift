import Foundation
import Hyperparameters
import Models

/// The first of a run's two stages: before it learns from labels, its first recurrent layers learn to predict the words
/// of all texts, those without labels among them.
///
///     let pretraining = try Pretraining(beginning: "run", of: start)
///     try pretraining.run?.train()
///     let run = try Run(beginning: "run", from: pretraining.secondStage())
///     try Pretraining.end(in: "run")
///
/// It is a run of its own, in a subfolder, and can be resumed like any other.
public final class Pretraining {
  /// The run that predicts words; nil where it is complete, and once the second stage begins, which needs its memory.
  public private(set) var run: Run?
  private let path: String
  private let start: Checkpoint?

  /// The folder of the first stage.
  public static func folder(in path: String) -> String { "\(path)/\(RunFiles.pretraining)" }

  private static func startPath(_ path: String) -> String { "\(folder(in: path))/start.safetensors" }

  /// Whether a folder holds a run whose second stage hasn't begun.
  public static func isUnderWay(in path: String) -> Bool {
    FileManager.default.fileExists(atPath: startPath(path))
      && !FileManager.default.fileExists(atPath: "\(path)/\(RunFiles.checkpoints)")
  }

  /// Begins the first stage of a run.
  ///
  /// - Parameters:
  ///   - path: the run's folder.
  ///   - start: what the second stage begins from; its source names the texts without labels. Asked for on rank 0 alone.
  ///   - epochs: of the first stage; nil for the usual number.
  ///   - options: what this process decides for itself.
  ///   - report: told of each preparation.
  /// - Throws: what `Run` does.
  public init(
    beginning path: String, of start: @autoclosure () throws -> Checkpoint, epochs: Int? = nil,
    options: Run.Options = Run.Options(), report: (Run.Preparation) -> Void = { _ in }
  ) throws {
    var kept: Checkpoint?
    func firstStage() throws -> Checkpoint {
      try RunFolder.check(path, overwrite: options.overwrites)
      let second = try start()
      kept = second
      var configuration = second.configuration.pretraining
      if let epochs { configuration.epochs = epochs }
      return try Checkpoint(configuration: configuration, source: second.source)
    }
    run = try Run(
      beginning: Self.folder(in: path), from: firstStage(), options: Self.own(options), report: report)
    (self.path, self.start) = (path, kept)
    guard let kept else { return }
    try RunFolder.removeRun(in: path)
    // Last: a folder that has it can go on.
    try kept.write(to: Self.startPath(path))
  }

  /// Goes on with the first stage of a run.
  ///
  /// - Throws: what `Run` does; `ModelError` where the folder's files can't be read.
  public init(
    resuming path: String, options: Run.Options = Run.Options(), report: (Run.Preparation) -> Void = { _ in }
  ) throws {
    self.path = path
    start = options.communicator.rank == 0 ? try Checkpoint(contentsOf: Self.startPath(path)) : nil
    run = try Run(resuming: Self.folder(in: path), options: Self.own(options), report: report)
  }

  /// What the second stage begins from, once the first is complete; on rank 0 alone.
  ///
  /// - Throws: `ModelError`, `TrainingError`.
  public func secondStage() throws -> Checkpoint {
    guard var start else { preconditionFailure("the second stage begins on rank 0") }
    run = nil
    let file = "\(Self.folder(in: path))/\(RunFiles.model)"
    try start.stand(on: Model(contentsOf: file), path: file)
    // Its words are in the vocabulary, and there is nothing else to learn from them.
    start.source.unlabeledPath = nil
    return start
  }

  /// Forgets, once the second stage has begun, what it began from.
  ///
  /// - Throws: `FileError`.
  public static func end(in path: String) throws { try RunFolder.remove(startPath(path)) }

  /// Settings are those that the run was begun with.
  private static func own(_ options: Run.Options) -> Run.Options {
    var own = options
    own.settings = { $0 }
    return own
  }
}
