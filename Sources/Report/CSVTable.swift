import Files
import Foundation
import Training

/// The advice about a file of a run that can't be used.
let runAdvice = "give the folder of a run, unchanged"

/// The complete lines of a file of comma-separated numbers, such as a run writes.
struct CSVTable {
  private var columns: [String: [Double]]
  private(set) var rowCount = 0

  /// A column, or nil if there is none of that name.
  subscript(_ name: String) -> [Double]? { columns[name] }

  private static let sizeLimit = 64 << 20

  /// Reads a file, except for anything after its last newline, which may be half written.
  ///
  /// The first column holds whole numbers in ascending order. The others hold any numbers in the range of a Float,
  /// including nan and inf.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - headers: the first lines that are allowed.
  /// - Returns: the table, or nil if there is no such file.
  /// - Throws: `ReportError` if the file is malformed, `FileError` if it can't be read.
  static func read(_ path: String, headers: [String]) throws -> CSVTable? {
    func fail(_ problem: String) -> ReportError { ReportError(.malformed, path: path, problem) }
    guard let data = try boundedContents(of: path, limit: sizeLimit, advice: runAdvice) else { return nil }
    var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let unfinished = String(decoding: lines.removeLast(), as: UTF8.self)
    guard let first = lines.first else {
      guard headers.contains(where: { $0.hasPrefix(unfinished) }) else { throw fail("line 1 is not a known header") }
      return CSVTable(columns: [:])
    }
    let header = String(decoding: first, as: UTF8.self)
    guard headers.contains(header) else {
      throw fail("line 1 is not a known header, expected \(headers.joined(separator: " or "))")
    }
    let names = header.split(separator: ",").map(String.init)
    var values = [[Double]](repeating: [], count: names.count)
    for (index, line) in lines.enumerated().dropFirst() {
      let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      guard fields.count == names.count else {
        throw fail(
          "line \(index + 1) has \(fields.count) field\(fields.count == 1 ? "" : "s"), expected \(names.count)")
      }
      for (column, field) in fields.enumerated() {
        guard let value = Double(String(decoding: field, as: UTF8.self)), !(value.isFinite && abs(value) > 1e39) else {
          throw fail("line \(index + 1): \(names[column]) is not a number")
        }
        values[column].append(value)
      }
      let count = values[0][index - 1]
      guard count >= 0, count < 0x1p53, count == count.rounded(), index < 2 || count > values[0][index - 2] else {
        throw fail("line \(index + 1): \(names[0]) must be a whole number greater than that of the line before")
      }
    }
    return CSVTable(columns: Dictionary(uniqueKeysWithValues: zip(names, values)), rowCount: lines.count - 1)
  }

  private init(columns: [String: [Double]], rowCount: Int = 0) {
    self.columns = columns
    self.rowCount = rowCount
  }
}
