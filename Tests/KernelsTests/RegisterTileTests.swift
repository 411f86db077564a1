import RecurrentNetwork
import Testing

#if X86_64_V4
  import KernelsX86V4
#elseif X86_64_V3
  import KernelsX86V3
#else
  import Kernels
#endif

/// The one kernel against plain loops, with whole numbers, whose sums are exact in any order.
@Suite(.enabled(if: isAvailable)) struct RegisterTileTests {
  private let width = RegisterTile.columns

  /// Forward and backward the rows of the left side lie apart, in the weights' gradient its columns do.
  @Test(arguments: [(rowStride: 13, stepStride: 1), (rowStride: 1, stepStride: 17)], [0, 1, 4, 7])
  func addsAProductOfAnyStrides(strides: (rowStride: Int, stepStride: Int), count: Int) {
    for rows in [4, 6] {
      let left = numbers(400, seed: 1)
      let right = numbers(400, seed: 2)
      let start = numbers(400, seed: 3)
      let (rightStride, outStride) = (width + 3, width + 5)
      var expected = [Float](repeating: -99, count: 6 * outStride)
      for row in 0..<rows {
        for column in 0..<width {
          expected[row * outStride + column] = start[row * width + column]
          for k in 0..<count {
            expected[row * outStride + column] +=
              left[row * strides.rowStride + k * strides.stepStride] * right[k * rightStride + column]
          }
        }
      }
      var found = [Float](repeating: -99, count: 6 * outStride)
      // The number of rows must be a literal.
      if rows == 4 {
        var tile = RegisterTile(loading: start, stride: width, rows: 4)
        tile.add(
          left, rowStride: strides.rowStride, stepStride: strides.stepStride, times: right, rightStride: rightStride,
          count: count, rows: 4)
        tile.store(to: &found, stride: outStride, rows: 4)
      } else {
        var tile = RegisterTile(loading: start, stride: width, rows: 6)
        tile.add(
          left, rowStride: strides.rowStride, stepStride: strides.stepStride, times: right, rightStride: rightStride,
          count: count, rows: 6)
        tile.store(to: &found, stride: outStride, rows: 6)
      }
      #expect(found == expected, "\(rows) rows")
    }
  }

  @Test(arguments: [0, 4, 12])
  func addsAProductWithAPanel(count: Int) {
    let (left, panel) = (numbers(400, seed: 1), numbers(12 * width, seed: 2))
    var expected = [Float](repeating: 0, count: 6 * width)
    for row in 0..<6 {
      for column in 0..<width {
        for k in 0..<count { expected[row * width + column] += left[row * 15 + k] * panel[k * width + column] }
      }
    }
    var found = [Float](repeating: -99, count: 6 * width)
    var tile = RegisterTile()
    tile.add(left, rowStride: 15, timesPanel: panel, count: count)
    tile.store(to: &found, stride: width)
    #expect(found == expected)
  }

  @Test func startsFromRowsThatLieAnywhere() {
    let numbers = numbers(40 + width, seed: 1)
    let starts = [31, 2, 19, 0, 33, 7]
    var found = [Float](repeating: -99, count: 6 * width)
    numbers.withUnsafeBufferPointer { numbers in
      let rows = starts.map { numbers.baseAddress! + $0 }
      RegisterTile(rows: rows, offset: 5).store(to: &found, stride: width)
    }
    #expect(found == starts.flatMap { numbers[$0 + 5..<$0 + 5 + width] })
  }

  /// The padding chain's states stand for those of rows, so not a bit may differ. Five panels are four and one.
  @Test func aSingleRowHasTheBitsOfATilesRow() {
    var generator = RandomGenerator(seed: 1)
    func fractions(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.uniform() - 0.5) } }
    let (left, panels, start) = (fractions(32), fractions(5 * 32 * width), fractions(5 * width))
    var found = start
    addRow(left, times: panels, panelCount: 5, count: 32, to: &found)
    for panel in 0..<5 {
      let column = panel * width
      var row = [Float](repeating: 0, count: width)
      // All six rows are the same one.
      var tile = RegisterTile(loading: Array(start[column...]) + fractions(width), stride: 0, rows: 6)
      panels.withUnsafeBufferPointer {
        tile.add(left, rowStride: 0, timesPanel: $0.baseAddress! + column * 32, count: 32)
      }
      tile.store(to: &row, stride: 0)
      #expect(Array(found[column..<column + width]) == row)
    }
  }

  /// Whole numbers from −8 to 8.
  private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = RandomGenerator(seed: seed)
    return (0..<count).map { _ in (generator.uniform() * 17 - 8.5).rounded() }.map { Float($0) }
  }
}
