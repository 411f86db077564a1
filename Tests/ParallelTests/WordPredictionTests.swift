import Corpus
import EngineSelection
import GoldenValues
import Parallel
import RecurrentNetwork
import Testing

#if X86_KERNELS
  import KernelsNarrow
#endif

/// Predicting words by sampled softmax: the engine computes what the reference defines, with the same bits on all
/// processors and threads.
@Suite struct WordPredictionTests {
  @Test(arguments: 0..<4)
  func equalsPyTorch(number: Int) throws {
    let golden = try goldenValues("ParallelTests/Golden/word_prediction.json", as: GoldenWords.self)
    let expected = golden.cases[number]
    var architecture = Architecture(
      vocabularySize: golden.vocabularySize, embeddingSize: expected.embeddingSize, hiddenSize: expected.hiddenSize,
      layerCount: expected.layerCount, isBidirectional: expected.isBidirectional)
    architecture.masksPadding = expected.masksPadding
    let layout = ParameterLayout(architecture, predictsWords: true)
    let counts = [-Double.infinity, -.infinity, -.infinity] + expected.logExpectedCounts

    let reference = ReferenceNetwork(layout, maxLength: golden.maxLength, values: expected.parameters)
    let result = reference.evaluateWords(
      of: expected.texts, samples: .init(tokens: expected.samples, corrections: counts))
    #expect(result.count == expected.count)
    for (found, loss) in zip(result.losses, expected.losses) { #expect(abs(found - loss) < 1e-9) }
    #expect(relativeError(result.gradient, expected.gradient[...]) < 1e-9)

    let data = LabeledSequences(
      sequences: TokenSequences(expected.texts.map { $0.map { Int32($0) } }), labels: expected.texts.map { _ in 0 })
    let parameters = try #require(Parameters(expected.parameters.map { Float($0) }, layout: layout))
    for engine in Engines.available {
      let network = DataParallelNetwork(layout, maxLength: golden.maxLength, threads: 2, engine: engine)
      let samples = WordSamples(
        tokens: expected.samples.map { Int32($0) }, corrections: counts.map { Float($0) })
      let found = network.wordGradient(of: 0..<data.count, in: data, words: samples, parameters: parameters)
      #expect(abs(found.loss - expected.losses.reduce(0, +)) < 1e-6 * found.loss)
      for tensor in layout.tensors {
        let error = relativeError(
          found.gradient.values[tensor.range].map { Double($0) }, expected.gradient[tensor.range])
        #expect(error < 1e-5, "\(tensor.name), \(engine.name)")
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func equalsTheReference(seed: UInt64) {
    let task = WordTask(seed: seed)
    let expected = task.reference.evaluateWords(of: task.texts, samples: task.referenceSamples)
    for engine in Engines.available {
      let found = task.gradient(engine)
      #expect(found.count == expected.count, "\(task)")
      let loss = expected.losses.reduce(0, +)
      #expect(abs(found.loss - loss) <= 1e-6 * loss, "\(task)")
      for tensor in task.layout.tensors {
        let error = relativeError(
          found.gradient.values[tensor.range].map { Double($0) }, expected.gradient[tensor.range])
        #expect(error < EngineAgainstReferenceTests.gradientTolerance, "\(task): \(tensor.name)")
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func bitsAreTheSame(seed: UInt64) {
    let task = WordTask(seed: seed)
    var engines = Engines.available.filter(\.isFused)
    #if X86_KERNELS
      if !engines.isEmpty { engines.append(KernelsNarrow.KernelEngine()) }
    #endif
    guard let first = engines.first else { return }
    let expected = task.gradient(first)
    for (engine, threads) in engines.flatMap({ [($0, 1), ($0, 3)] }) {
      let found = task.gradient(engine, threads: threads)
      #expect(found.loss == expected.loss, "\(task): \(engine.name)")
      let differences = zip(found.gradient.values, expected.gradient.values).count { $0 != $1 }
      #expect(differences == 0, "\(task): \(engine.name), \(threads) threads")
    }
  }

  /// The reference's gradient is the slope of its loss.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func theReferenceIsItsOwnSlope(seed: UInt64) {
    let task = WordTask(seed: seed)
    let values = task.parameters.values.map { Double($0) }
    func loss(_ values: [Double]) -> Double {
      let reference = ReferenceNetwork(task.layout, maxLength: task.maxLength, values: values)
      let result = reference.evaluateWords(of: task.texts, samples: task.referenceSamples)
      return result.losses.reduce(0, +) / Double(max(result.count, 1))
    }
    let gradient = task.reference.evaluateWords(of: task.texts, samples: task.referenceSamples).gradient
    var generator = RandomGenerator(seed: seed, stream: 91)
    for _ in 0..<30 {
      let i = Int(generator.uniform() * Double(values.count))
      var (more, less) = (values, values)
      more[i] += 1e-5
      less[i] -= 1e-5
      #expect(abs((loss(more) - loss(less)) / 2e-5 - gradient[i]) < 1e-8, "\(task): \(i)")
    }
  }
}

/// PyTorch's float64 answers, made by Scripts/golden/word_prediction.py.
private struct GoldenWords: Decodable {
  struct Case: Decodable {
    let embeddingSize: Int
    let hiddenSize: Int
    let layerCount: Int
    let isBidirectional: Bool
    let masksPadding: Bool
    let texts: [[Int]]
    let samples: [Int]
    /// Of the tokens from 3 on; the others are never drawn.
    let logExpectedCounts: [Double]
    let parameters: [Double]
    let losses: [Double]
    let count: Int
    let gradient: [Double]
  }

  let vocabularySize: Int
  let maxLength: Int
  let cases: [Case]
}

/// A network, texts and samples, drawn from a seed.
private struct WordTask: CustomStringConvertible {
  let seed: UInt64
  let layout: ParameterLayout
  let parameters: Parameters
  let maxLength: Int
  let texts: [[Int]]
  let samples: WordSamples

  init(seed: UInt64) {
    var generator = RandomGenerator(seed: seed, stream: 90)
    func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(generator.uniform() * Double(range.count)) }
    self.seed = seed
    var architecture = Architecture(
      vocabularySize: number(6...60), embeddingSize: seed % 3 == 0 ? number(1...20) : 0, hiddenSize: number(1...40),
      layerCount: number(1...2))
    architecture.isBidirectional = seed % 2 == 1
    architecture.pooling = Architecture.Pooling.allCases[Int(seed % 4)]
    architecture.masksPadding = seed / 4 % 2 == 1
    layout = ParameterLayout(architecture, predictsWords: true)
    let limit = min(1, 2.5 / Double(architecture.hiddenSize).squareRoot())
    var parameters = Parameters(zeros: layout)
    for tensor in layout.tensors {
      parameters[tensor] = (0..<tensor.count).map { _ in Float(limit * (2 * generator.uniform() - 1)) }[...]
    }
    self.parameters = parameters
    maxLength = number(1...14)
    let vocabularySize = architecture.vocabularySize
    let steps = maxLength
    texts = (0..<number(1...40)).map { _ in (0..<number(0...steps)).map { _ in number(0...vocabularySize - 1) } }
    // The first three tokens stand for no words.
    let counts = (0..<vocabularySize).map { token in token < 3 ? -Float.infinity : Float(2 * generator.uniform() - 1) }
    samples = WordSamples(
      tokens: (0..<32 * number(1...3)).map { _ in Int32(number(3...vocabularySize - 1)) }, corrections: counts)
  }

  var description: String { "seed \(seed), \(layout.architecture), \(maxLength) steps, \(texts.count) texts" }

  var reference: ReferenceNetwork {
    ReferenceNetwork(layout, maxLength: maxLength, values: parameters.values.map { Double($0) })
  }

  var referenceSamples: ReferenceNetwork.WordSamples {
    .init(
      tokens: samples.tokens.map { Int($0) }, corrections: samples.corrections.map { Double($0) })
  }

  func gradient(_ engine: any Engine, threads: Int = 2) -> (loss: Double, count: Int, gradient: Parameters) {
    let data = LabeledSequences(
      sequences: TokenSequences(texts.map { $0.map { Int32($0) } }), labels: texts.map { _ in 0 })
    let network = DataParallelNetwork(layout, maxLength: maxLength, threads: threads, engine: engine)
    return network.wordGradient(of: 0..<data.count, in: data, words: samples, parameters: parameters)
  }
}
