import Fixtures
import Foundation
import Models
import Testing

/// Inputs and surroundings that are not as they should be.
@Suite struct RobustnessTests {
  private static let trained = Result {
    try TrainedRun([
      "--data", "Data/sample.npz", "--epochs", "1", "--hidden-size", "4", "--embedding-size", "4", "--max-length", "20",
      "--vocabulary-size", "100", "--limit", "60",
    ])
  }

  // MARK: Files

  @Test func aPipeAsTheWordIndexIsRefused() throws {
    try withTemporaryFolder { folder in
      let pipe = folder.path("words.json")
      try #require(mkfifo(pipe, 0o600) == 0)
      let run = try Self.trained.get().write(into: folder)
      let refused = try LSTMProcess.run(
        "predict", "--model", run + "/model.safetensors", "--word-index", pipe, "a text")
      #expect(refused.exitCode == 1)
      #expect(
        refused.errors.contains("\(pipe): expected a word index, found something that is no regular file"),
        "\(refused.errors)")
    }
  }

  /// Nobody asked for it.
  @Test func aPipeBesideTheArchiveIsNoWordIndex() throws {
    try withTemporaryFolder { folder in
      let data = URL(fileURLWithPath: LSTMProcess.package + "/Data/sample.npz")
      try FileManager.default.copyItem(at: data, to: folder.url("reviews.npz"))
      try #require(mkfifo(folder.path("reviews_word_index.json"), 0o600) == 0)
      let inspected = try LSTMProcess.run(
        "train", "--quiet", "--data", folder.path("reviews.npz"), "--epochs", "1", "--hidden-size", "4",
        "--embedding-size", "4", "--max-length", "20", "--limit", "60", "--output", folder.path("run"))
      #expect(inspected.exitCode == 0, "\(inspected.errors)")
    }
  }

  // MARK: Names

  @Test(arguments: ["--data Data/sample.npz --output", "--data"])
  func aNameThatIsNotUTF8IsRefused(option: String) throws {
    try withTemporaryFolder { folder in
      let line = #"cd '\#(folder.path)' && "$lstm" train --epochs 1 \#(option) "$(printf 'caf\351')""#
      let (code, errors) = try LSTMProcess.shell(line)
      #expect(code == 64)
      #expect(errors.contains("caf\u{FFFD}”, is not UTF-8"), "\(errors)")
      #expect(folder.names == [])
    }
  }

  /// Absolute paths, which a run stores, can't name it.
  @Test func aFolderWhoseNameIsNotUTF8CanBeWorkedIn() throws {
    try withTemporaryFolder { folder in
      let data = LSTMProcess.package + "/Data/sample.npz"
      let line = """
        cd '\(folder.path)' && mkdir "$(printf 'caf\\351')" && cd caf* && cp '\(data)' . && \
        "$lstm" train --quiet --data sample.npz --epochs 1 --hidden-size 4 --max-length 20 --limit 60 --output run \
          --tensorboard events && "$lstm" train --quiet --resume run --epochs 2 && test -d events
        """
      let (code, errors) = try LSTMProcess.shell(line)
      #expect(code == 0, "\(errors)")
      // Nothing beside it.
      #expect(folder.names.count == 1)
    }
  }

  // MARK: Limits

  /// A sanitizer takes more memory and addresses than a limit leaves (`make asan`, `make tsan`).
  private static let limitsMemory = ConditionTrait.disabled(
    if: ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains { ProcessInfo.processInfo.environment[$0] != nil })

  @Test(Self.limitsMemory) func aFileThatMayNotGrowFurtherIsAnError() throws {
    try withTemporaryFolder { folder in
      let line = """
        ulimit -f 8; "$lstm" train --quiet --data Data/sample.npz --epochs 1 --limit 60 --output '\(folder.path)/run'
        """
      let (code, errors) = try LSTMProcess.shell(line)
      #expect(code == 1)
      #expect(errors.contains("can't be written (File too large)"), "\(errors)")
    }
  }

  /// Dispatch would end the process.
  @Test func tooFewOpenFilesAreAnError() throws {
    let (code, errors) = try LSTMProcess.shell("ulimit -n 5; \"$lstm\" train --data Data/sample.npz")
    #expect(code == 71)
    #expect(errors.contains("only 5 files may be open at once"), "\(errors)")
  }

  @Test(Self.limitsMemory) func tooLittleMemoryForAModelIsAnError() throws {
    try withTemporaryFolder { folder in
      var (header, end) = ([String](), 0)
      for (name, shape) in [
        ("embedding.weight", [1 << 23, 16]), ("lstm.weight_ih_l0", [4, 16]), ("lstm.weight_hh_l0", [4, 1]),
        ("lstm.bias_ih_l0", [4]), ("lstm.bias_hh_l0", [4]), ("fc.weight", [1, 1]), ("fc.bias", [1]),
      ] {
        let start = end
        end += 4 * shape.reduce(1, *)
        header.append(#""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#)
      }
      let json = Data("{\(header.joined(separator: ","))}".utf8)
      let path = folder.path("large.safetensors")
      try (withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json).write(
        to: URL(fileURLWithPath: path))
      // Zeros that take no room on the disk.
      #expect(truncate(path, off_t(8 + json.count + end)) == 0)
      // The libraries alone take some hundred megabytes of addresses.
      let (code, errors) = try LSTMProcess.shell("ulimit -v 1000000; \"$lstm\" inspect '\(path)'")
      #expect(code == 71, "\(errors)")
      #expect(errors.contains("large.safetensors: takes 1"), "\(errors)")
      #expect(errors.contains("MB of memory, more than can be had"), "\(errors)")
    }
  }

  /// What is allocated in the middle of the work.
  @Test(Self.limitsMemory) func tooLittleMemoryForTheWorkIsAnError() throws {
    try withTemporaryFolder { folder in
      let line = """
        ulimit -v 1000000
        "$lstm" train --data Data/sample.npz --limit 60 --max-length 20 --epochs 1 --threads 1 --hidden-size 32 \
          --embedding-size 60000 --output '\(folder.path)/run'
        """
      let (code, errors) = try LSTMProcess.shell(line)
      #expect(code == 71, "\(errors)")
      #expect(errors.contains("Error: there is too little memory; "), "\(errors)")
    }
  }

  /// The kernel would end the process without a word.
  @Test(.enabled(if: MemoryGroup.canBeMade, "only root can make control groups"), Self.limitsMemory)
  func aFullContainerIsAnError() throws {
    let group = try #require(MemoryGroup(megabytes: 120))
    defer { group.remove() }
    try withTemporaryFolder { folder in
      let (code, errors) = try LSTMProcess.shell(
        """
        awk 'BEGIN { for (i = 0; i < 500000; i++) print "word" i * 7919 " other" i * 104729 " more" i * 15485863 "," i % 2 }' \
          >'\(folder.path)/texts.csv'
        \(group.joining)
        "$lstm" train --data '\(folder.path)/texts.csv' --output '\(folder.path)/run'
        """)
      #expect(code == 71, "\(errors)")
      #expect(
        errors.contains("Error: the 126 MB of memory that this container may use are full; let it use more, or choose"),
        "\(errors)")
    }
  }

  /// All of them at once would take a gigabyte.
  @Test(Self.limitsMemory) func manyEmptyLinesTakeLittleMemory() throws {
    try withTemporaryFolder { folder in
      let run = try Self.trained.get().write(into: folder)
      let (code, errors) = try LSTMProcess.shell(
        """
        head -c 3000000 /dev/zero | tr '\\0' '\\n' >'\(folder.path)/lines'
        ulimit -v 1000000
        "$lstm" predict --threads 1 --model '\(run)/model.safetensors' <'\(folder.path)/lines' | wc -l >'\(folder.path)/count'
        """)
      #expect(code == 0, "\(errors)")
      #expect(try folder.text("count").trimmingCharacters(in: .whitespacesAndNewlines) == "3000000", "\(errors)")
    }
  }

  // MARK: Other builds

  @Test func resumingWithOtherKernelsIsSaid() throws {
    try withTemporaryFolder { folder in
      let run = try Self.trained.get().write(into: folder)
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").max())
      let path = run + "/checkpoints/" + name
      var file = try Safetensors(contentsOf: path)
      #expect(file.metadata["kernels"] != nil)
      for kernels in ["z80", nil] {
        file.metadata["checksum"] = nil
        file.metadata["kernels"] = kernels
        file.metadata["checksum"] = file.checksum
        try file.write(to: path)
        let resumed = try LSTMProcess.run("train", "--resume", run, "--epochs", "2")
        #expect(resumed.exitCode == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("kernels for z80") == (kernels != nil), "\(resumed.errors)")
        try file.write(to: path)
      }
    }
  }
}
