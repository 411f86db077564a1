import EngineSelection
import Fixtures
import Foundation
import Testing

/// One program for all processors: the environment can ask for the instructions of another one.
@Suite struct ProcessorTests {
  private static let settings =
    "--data Data/sample.npz --vocabulary-size 200 --max-length 30 --hidden-size 20 --embedding-size 10 --batch-size 32 "
    + "--limit 200 --epochs 2 --quiet"

  /// Whole trainings, a resumed one among them, on each of the engines that there are.
  @Test func theSameModelOnEveryProcessor() throws {
    let names = Engines.available.filter(\.isFused).map(\.name)
    try withTemporaryFolder { folder in
      var models: [Data] = []
      for name in names {
        let run = folder.path + "/" + name
        let (code, errors) = try LSTMProcess.shell(
          "LSTM_PROCESSOR=\(name) \"$lstm\" train \(Self.settings) --output '\(run)'")
        #expect(code == 0, "\(errors)")
        for file in ["model.safetensors", "history.csv", "steps.csv"] {
          models.append(try Data(contentsOf: URL(fileURLWithPath: run + "/" + file)))
        }
      }
      for first in 0..<3 { #expect(Set(stride(from: first, to: models.count, by: 3).map { models[$0] }).count <= 1) }
    }
  }

  @Test func aRunGoesOnWithAnotherProcessorsKernels() throws {
    let names = Engines.available.map(\.name)
    guard names.count > 1 else { return }
    try withTemporaryFolder { folder in
      let run = folder.path + "/run"
      let begin = try LSTMProcess.shell(
        "LSTM_PROCESSOR=\(names[1]) \"$lstm\" train \(Self.settings) --output '\(run)'")
      #expect(begin.code == 0, "\(begin.errors)")
      for name in names.reversed() {
        let resumed = try LSTMProcess.shell(
          "cp -R '\(run)' '\(run)-\(name)' && LSTM_PROCESSOR=\(name) \"$lstm\" train --resume '\(run)-\(name)' --epochs 3"
        )
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(
          resumed.errors.contains("ends with other last bits") == !Engines.giveSameBits(name, names[1]),
          "\(resumed.errors)")
      }
    }
  }

  @Test func instructionsThatTheProcessorLacksAreRefused() throws {
    let (code, errors) = try LSTMProcess.shell("LSTM_PROCESSOR=z80 \"$lstm\" --help >/dev/null")
    #expect(code == 1)
    #expect(errors.contains("LSTM_PROCESSOR=z80: on this processor this build can use baseline"), "\(errors)")
  }
}
