import Foundation

/// The names of the files in a run's folder.
package enum RunFiles {
  package static let model = "model.safetensors"
  package static let bestModel = "best.safetensors"
  package static let history = "history.csv"
  package static let historyJSON = "history.json"
  package static let steps = "steps.csv"
  package static let performance = "performance.csv"
  package static let description = "run.json"
  package static let checkpoints = "checkpoints"
  /// The folder of the runs with several seeds, until they are complete.
  package static let seeds = "seeds"
  /// The folder of what a run has learned from texts without labels.
  package static let pretraining = "pretraining"
  package static let learningCurve = "learning_curve.csv"
  /// What came of several seeds.
  package static let seedTable = "seeds.csv"

  /// The name of the checkpoint after a number of steps.
  package static func checkpoint(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".safetensors"
  }

  /// The paths of the checkpoints in a run's folder, the newest first.
  ///
  /// - Throws: Foundation's error if the folder can't be listed.
  package static func checkpointPaths(inRun folder: String) throws -> [String] {
    let checkpoints = folder + "/" + checkpoints
    return try FileManager.default.contentsOfDirectory(atPath: checkpoints)
      .compactMap { name -> (step: Int, path: String)? in
        guard name.hasPrefix("step-"), name.hasSuffix(".safetensors"),
          let step = Int(name.dropFirst("step-".count).dropLast(".safetensors".count))
        else { return nil }
        return (step, checkpoints + "/" + name)
      }
      .sorted { $0.step > $1.step }
      .map(\.path)
  }
}
