import Corpus
import Models
import Parallel
import RecurrentNetwork
import Testing
import Training

@Suite("Rows that take steps late")
struct LateRowsTests {
  /// A word that is in the first batches alone, some that come now and then, and some that never do.
  private static let data = LabeledSequences(
    sequences: TokenSequences(
      (0..<400).map { step in
        [1] + (step < 3 ? [2] : []) + (step % 7 == 0 ? [3, 4] : []) + (step % 150 == 0 ? [5] : [])
      }), labels: .init(repeating: 0, count: 400))

  private static func layout(_ embeddingSize: Int, isBidirectional: Bool) -> ParameterLayout {
    ParameterLayout(
      Architecture(
        vocabularySize: 9, embeddingSize: embeddingSize, hiddenSize: 5, isBidirectional: isBidirectional))
  }

  @Test(
    "lead to the bits of a step after the other, at any time",
    arguments: [
      (embeddingSize: 7, isBidirectional: false), (embeddingSize: 0, isBidirectional: false),
      (embeddingSize: 0, isBidirectional: true),
    ], [nil, 0.01])
  func sameBits(_ network: (embeddingSize: Int, isBidirectional: Bool), weightDecay: Double?) {
    let layout = Self.layout(network.embeddingSize, isBidirectional: network.isBidirectional)
    var generator = RandomGenerator(seed: 3)
    let initial = Parameters(kerasInitial: layout, using: &generator)
    let team = WorkerTeam(count: 2)
    var (at, late) = (initial, initial)
    var adams = [Adam](repeating: Adam(parameterCount: layout.count, learningRate: 0.01), count: 2)
    for index in 0..<2 { (adams[index].weightDecay, adams[index].epsilon) = (weightDecay, 1e-4) }
    var rows = LateRows(layout)
    for step in 0..<400 {
      // Up, down, and far up now and then: a row that no longer moves may have to once more.
      let rate = step < 50 ? 1e-3 * Double(step + 1) : step % 40 == 39 ? 1 : 1e-3
      for index in 0..<2 { adams[index].learningRate = rate }
      rows.begin(step..<step + 1, of: Self.data, &late, &adams[1], team: team)
      let tokens = Set(Self.data.sequences[step].map(Int.init) + [0])
      var gradient = [Float](repeating: 0, count: layout.count)
      for tensor in layout.tensors {
        for index in tensor.range {
          let isTable = layout.tablesByToken.contains(tensor)
          if isTable {
            let row = (index - tensor.offset) / tensor.shape[1]
            guard tokens.contains(row) else { continue }
            #expect(late.values[index] == at.values[index], "row \(row) before step \(step)")
          }
          gradient[index] = Float(2 * generator.uniform() - 1)
        }
      }
      #expect(rows.areFinite(gradient))
      adams[0].update(&at.values, gradient: gradient, team: team)
      rows.take(gradient, &late, &adams[1], team: team)
      if [0, 20, 290, 399].contains(step) {
        rows.finish(&late, &adams[1], team: team)
        #expect(late.values.map(\.bitPattern) == at.values.map(\.bitPattern), "after step \(step)")
        #expect(adams[0] == adams[1], "after step \(step)")
      }
    }
    #expect(late != initial)
  }

  @Test("are told of numbers that aren't finite", arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(number: Float) {
    let layout = Self.layout(7, isBidirectional: false)
    var (parameters, adam) = (Parameters(zeros: layout), Adam(parameterCount: layout.count))
    var rows = LateRows(layout)
    rows.begin(0..<1, of: Self.data, &parameters, &adam, team: WorkerTeam(count: 1))
    // In the rows of tokens 0 to 5 of the first batch, and elsewhere.
    for index in [0, 7, 2 * 7 + 6, layout.recurrentKernel.offset, layout.count - 1] {
      var gradient = [Float](repeating: 1, count: layout.count)
      #expect(rows.areFinite(gradient))
      gradient[index] = number
      #expect(!rows.areFinite(gradient))
    }
  }
}
