import Corpus
import Models
import Parallel
import RecurrentNetwork

/// Lets the rows of tokens that a batch lacks take Adam's steps later: all that they have missed at once, when they are
/// next read.
///
/// Such a row has no gradient, but its momentum moves it at every step. Taken one after the other while the row is in the
/// cache, the steps are the same arithmetic in the same order, hence the same bits; but a step then costs what the
/// batch's own tokens cost, and not what the vocabulary does.
package struct LateRows {
  /// The tensors with a row for each token.
  private let tables: [ParameterLayout.Tensor]
  /// All other parameters.
  private let others: [Range<Int>]
  /// The steps since all rows were up to date.
  private var steps: [AdamStep] = []
  /// The first step from which on no α is more than 5 % above the one before it.
  private var calmFrom = 0
  /// How many of the steps each token's rows have taken: [V].
  private var taken: [Int]
  /// The tokens of the batch under way.
  private var tokens: [Int] = []
  private var isInBatch: [Bool]

  package init(_ layout: ParameterLayout) {
    let tables = layout.tablesByToken
    self.tables = tables
    others = layout.tensors.filter { !tables.contains($0) }.flatMap(\.range.pieces)
    taken = [Int](repeating: 0, count: layout.architecture.vocabularySize)
    isInBatch = [Bool](repeating: false, count: layout.architecture.vocabularySize)
  }

  /// Brings the rows up to date that a batch reads.
  ///
  /// - Parameter samples: tokens beside the batch's own.
  package mutating func begin(
    _ batch: some Collection<Int>, of data: LabeledSequences, samples: [Int32] = [], _ parameters: inout Parameters,
    _ adam: inout Adam, team: WorkerTeam
  ) {
    for token in tokens { isInBatch[token] = false }
    // Padding is part of every batch.
    (tokens, isInBatch[0]) = ([0], true)
    data.sequences.tokens.withUnsafeBufferPointer { all in
      for sample in batch {
        add(all[data.sequences.offsets[sample]..<data.sequences.offsets[sample + 1]])
      }
    }
    add(samples)
    update(tokens, &parameters, &adam, team)
  }

  private mutating func add(_ new: some Collection<Int32>) {
    for token in new where !isInBatch[Int(token)] {
      isInBatch[Int(token)] = true
      tokens.append(Int(token))
    }
  }

  /// Brings all rows up to date.
  package mutating func finish(_ parameters: inout Parameters, _ adam: inout Adam, team: WorkerTeam) {
    if steps.isEmpty { return }
    update(taken.indices, &parameters, &adam, team)
    steps.removeAll(keepingCapacity: true)
    calmFrom = 0
    for token in taken.indices { taken[token] = 0 }
  }

  private mutating func update(
    _ tokens: some Collection<Int>, _ parameters: inout Parameters, _ adam: inout Adam, _ team: WorkerTeam
  ) {
    let late = tokens.filter { taken[$0] < steps.count }
    adam.withArithmetic(on: &parameters.values) { arithmetic in
      team.perform(rowJobs(late)) { _, tokens in
        forEachRow(tokens) { token, row in
          arithmetic.takeIdly(steps[taken[token]...], calmFrom: calmFrom, row)
        }
      }
    }
    for token in late { taken[token] = steps.count }
  }

  /// Takes the step of the batch that was begun.
  ///
  /// - Parameters:
  ///   - gradient: zero in the rows of tokens that the batch lacks.
  ///   - frozenCount: so many parameters, the first ones, stay as they are; the end of some tensor. Their moments go on, so
  ///     that the first steps later are no larger than others.
  ///   - tableRate: the tables' step size, as a share of that of the others.
  package mutating func take(
    _ gradient: [Float], frozenCount: Int = 0, tableRate: Double = 1, _ parameters: inout Parameters,
    _ adam: inout Adam, team: WorkerTeam
  ) {
    precondition(gradient.count == parameters.values.count)
    let full = adam.nextStep()
    let none = AdamStep(alpha: 0, rate: 0)
    // The tables are all frozen, or none is: they begin the embedding, or the recurrent layers.
    let step = tables.contains { $0.offset < frozenCount } ? none : full.scaled(by: tableRate)
    gradient.withUnsafeBufferPointer { gradient in
      adam.withArithmetic(on: &parameters.values) { arithmetic in
        let gradient = gradient.baseAddress!
        let rows = rowJobs(tokens)
        team.perform(others.count + rows.count) { _, job in
          if job < others.count {
            let piece = others[job]
            arithmetic.take(piece.lowerBound < frozenCount ? none : full, piece, gradient: gradient)
          } else {
            forEachRow(rows[job - others.count]) { _, row in arithmetic.take(step, row, gradient: gradient) }
          }
        }
      }
    }
    if let last = steps.last, step.alpha > 1.05 * last.alpha { calmFrom = steps.count }
    steps.append(step)
    for token in tokens { taken[token] = steps.count }
  }

  /// Whether all numbers that the batch may have written are finite.
  package func areFinite(_ gradient: [Float]) -> Bool {
    gradient.withUnsafeBufferPointer { gradient in
      // x − x is 0 where x is finite, and NaN where it isn't.
      func isFinite(_ range: Range<Int>) -> Bool {
        var (sums, sum) = (SIMD16<Float>(), Float())
        var i = range.lowerBound
        while i + SIMD16<Float>.scalarCount <= range.upperBound {
          let x = UnsafeRawPointer(gradient.baseAddress! + i).loadUnaligned(as: SIMD16<Float>.self)
          sums += x - x
          i += SIMD16<Float>.scalarCount
        }
        for i in i..<range.upperBound { sum += gradient[i] - gradient[i] }
        return sums == SIMD16() && sum == 0
      }
      return others.allSatisfy(isFinite)
        && tokens.allSatisfy { token in tables.allSatisfy { isFinite($0.row(token)) } }
    }
  }

  /// Cuts tokens into pieces of work.
  private func rowJobs(_ tokens: [Int]) -> [ArraySlice<Int>] {
    let size = 32
    return stride(from: 0, to: tokens.count, by: size).map { tokens[$0..<min($0 + size, tokens.count)] }
  }

  /// Calls `body` with each table's row of some tokens.
  private func forEachRow(_ tokens: ArraySlice<Int>, _ body: (_ token: Int, _ row: Range<Int>) -> Void) {
    for token in tokens {
      for table in tables { body(token, table.row(token)) }
    }
  }
}

extension ParameterLayout.Tensor {
  /// The indices of a row's elements in the flat array.
  fileprivate func row(_ index: Int) -> Range<Int> {
    let start = offset + index * shape[1]
    return start..<start + shape[1]
  }
}
