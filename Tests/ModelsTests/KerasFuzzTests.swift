#if HDF5
  import Corpus
  import Files
  import Fixtures
  import Foundation
  import Models
  import Testing

  /// Damaged files give a model or an error of one line, whatever they make libhdf5 do.
  ///
  /// FUZZ_MUTATIONS sets the number of mutations of each kind of file.
  @Suite struct KerasFuzzTests {
    private static let mutations = ProcessInfo.processInfo.environment["FUZZ_MUTATIONS"].flatMap(Int.init) ?? 1000

    private static func mutated(_ seed: Data, _ generator: inout MersenneTwister) -> Data {
      func below(_ bound: Int) -> Int { Int(generator.interval(UInt32(max(1, bound) - 1))) }
      var bytes = seed
      for _ in 0...below(3) where !bytes.isEmpty {
        let place = below(bytes.count)
        switch below(8) {
        case 0...2: bytes[place] ^= 1 << UInt8(below(8))
        case 3: bytes[place] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF][below(6)]
        // A number of 2, 4 or 8 bytes is made huge.
        case 4:
          for offset in 0..<[2, 4, 8][below(3)] where place + offset < bytes.count { bytes[place + offset] = 0xFF }
        case 5:
          let length = min(1 + below(16), bytes.count - place)
          let other = below(bytes.count - length + 1)
          bytes.replaceSubrange(place..<place + length, with: Data(bytes[other..<other + length]))
        case 6: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(8)))
        default: if below(8) == 0 { bytes.removeSubrange(place...) }
        }
      }
      return bytes
    }

    /// Most of an HDF5 file that h5py writes is zeros between the things that count.
    private static func withoutZeros(_ data: Data, _ generator: inout MersenneTwister) -> Data {
      if generator.interval(2) == 0 { return mutated(data, &generator) }
      var bytes = data
      let telling = bytes.indices.filter { bytes[$0] != 0 }
      for _ in 0...generator.interval(3) {
        let place = telling[Int(generator.interval(UInt32(telling.count - 1)))]
        bytes[place] = UInt8(truncatingIfNeeded: generator.interval(255))
      }
      return bytes
    }

    private func run(
      _ name: String, count: Int = mutations, _ make: (inout MersenneTwister) throws -> Data
    ) throws -> (read: Int, refused: [String: Int]) {
      var generator = MersenneTwister(seed: 11)
      var result = (read: 0, refused: [String: Int]())
      let file = TemporaryFile(name)
      for number in 0..<count {
        try file.write(make(&generator))
        do {
          _ = try Model(contentsOf: file.path)
          result.read += 1
        } catch {
          let text = "\(error)"
          #expect(error is any ActionableError, "mutation \(number): \(text)")
          #expect(!text.contains("\n"), "mutation \(number)")
          let kind = text.contains("libhdf5 failed") ? "crashed" : text.contains("timed out") ? "late" : "other"
          result.refused[kind, default: 0] += 1
        }
      }
      if ProcessInfo.processInfo.environment["FUZZ_MUTATIONS"] != nil { print("\(name): \(result)") }
      return result
    }

    @Test func mutatedWeightsOfKerasAreReadOrRefused() throws {
      let seed = try Data(contentsOf: URL(fileURLWithPath: KerasGolden.path("weights.weights.h5")))
      let result = try run("weights.h5") { Self.withoutZeros(seed, &$0) }
      #expect(result.read > 0 && !result.refused.isEmpty)
    }

    @Test func mutatedLegacyModelsAreReadOrRefused() throws {
      let seed = try KerasGolden.entry("old-2.h5", of: "keras_models.zip")
      let result = try run("h5") { Self.withoutZeros(seed, &$0) }
      #expect(result.read > 0 && !result.refused.isEmpty)
    }

    @Test func mutatedWeightsOfOursAreReadOrRefused() throws {
      let file = TemporaryFile("keras")
      try KerasWritingTests.models[1].write(to: file.path)
      let seed = try ZipArchive(path: file.path).read("model.weights.h5") { try Data($0.bytes($0.remaining)) }
      let result = try run("weights.h5") { Self.mutated(seed, &$0) }
      #expect(result.read > 0 && !result.refused.isEmpty)
    }

    @Test func mutatedConfigurationsAreReadOrRefused() throws {
      let config = try KerasGolden.entry("config.json", of: "adam.keras")
      let weights = try KerasGolden.entry("model.weights.h5", of: "adam.keras")
      let result = try run("keras") { generator in
        try ZipWriter.archive([("config.json", Self.mutated(config, &generator)), ("model.weights.h5", weights)])
      }
      #expect(result.read > 0 && !result.refused.isEmpty)
    }

    @Test func mutatedArchivesAreRefused() throws {
      let seed = try Data(contentsOf: URL(fileURLWithPath: KerasGolden.path("adamw.keras")))
      let result = try run("keras") { Self.mutated(seed, &$0) }
      #expect(!result.refused.isEmpty)
    }
  }
#endif
