import Files
import Foundation
import Models
import Parallel

/// A TensorBoard event file of scalars.
///
/// TensorBoard treats each folder as a run, and reads its event files in the order of their names. Like Keras's callback
/// (keras/src/callbacks/tensorboard.py), use two folders, which TensorBoard shows as two lines in the same charts:
/// - `train`, with each step's `StepRecord.scalars` at the step, and each epoch's `EpochRecord.trainingScalars` at the
///   epoch;
/// - `validation`, with each epoch's `EpochRecord.validationScalars` at the epoch.
///
/// The file is a sequence of TFRecords (tensorflow/core/lib/io/record_writer.h), each of which is an Event
/// (tensorflow/core/util/event.proto).
package final class EventFile {
  /// The value of a point, and the name of its chart.
  package typealias Scalar = (tag: String, value: Float)

  /// The path of the file.
  package let path: String
  private let file: Int32

  /// Creates a file, and its folder if there is none.
  ///
  /// A resumed run passes the last step that is still valid (in `validation`, the last epoch; -1 if there is none).
  /// TensorBoard then drops later points in the folder, as it does at every SessionLog START but a run's first
  /// (`_CheckForRestartAndMaybePurge` in tensorboard/backend/event_processing/plugin_event_accumulator.py). Its Rust
  /// reader, the default where it is installed, drops a chart's later points when the chart gets a new one
  /// (tensorboard/data/server/reservoir.rs). In `train` the points are compared by step, so an epoch's old point stays
  /// until the epoch has been trained again; TensorBoard's Python reader then shows both.
  ///
  /// - Throws: `FileError`.
  package init(folder: String, startTime: Date, resumingAfterStep lastStep: Int64? = nil) throws {
    try createFolder(folder)
    let process = ProcessInfo.processInfo
    path =
      "\(folder)/\(Self.prefix)\(Self.seconds(startTime, in: folder)).\(process.hostName)."
      + "\(process.processIdentifier).swift-lstm"
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0o644)
    guard file >= 0 else { throw AtomicFile.failure(.write, path) }
    try append(startTime, step: 0, ProtobufWriter.field(3, "brain.Event:2"))
    // A SessionLog with the status START. A new run writes one too, so that later ones are never the first.
    try append(startTime, step: (lastStep ?? -1) + 1, ProtobufWriter.field(7, ProtobufWriter.field(1, Int64(1))))
  }

  deinit { close(file) }

  private static let prefix = "events.out.tfevents."

  /// The start time in seconds since 1970, or more if needed to sort the file after those already in the folder, which
  /// may have been written while the clock was ahead.
  private static func seconds(_ startTime: Date, in folder: String) -> Int64 {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // Numbers of up to 32 bits have at most ten digits, like the present time; longer ones wouldn't sort with it.
    let last = names.filter { $0.hasPrefix(prefix) }
      .compactMap { UInt32($0.dropFirst(prefix.count).prefix { $0 != "." }) }.max()
    return max(Int64(startTime.timeIntervalSince1970), last.map { Int64($0) + 1 } ?? 0)
  }

  /// Appends one point to each of several charts, in a single write, since TensorBoard may read the file at any time.
  ///
  /// - Throws: `FileError`.
  package func write(_ scalars: [Scalar], step: Int64, wallTime: Date) throws {
    let values = scalars.map {
      ProtobufWriter.field(1, ProtobufWriter.field(1, $0.tag) + ProtobufWriter.field(2, $0.value))
    }
    try append(wallTime, step: step, ProtobufWriter.field(5, values.flatMap(\.self)))
  }

  /// Appends a record with an Event; a step of 0 is omitted, as protobuf does.
  private func append(_ wallTime: Date, step: Int64, _ content: [UInt8]) throws {
    let event =
      ProtobufWriter.field(1, wallTime.timeIntervalSince1970) + (step == 0 ? [] : ProtobufWriter.field(2, step))
      + content
    let length = littleEndianBytes(UInt64(event.count))
    try AtomicFile.write(Data(length + Self.checksum(length) + event + Self.checksum(event)), to: file, path)
  }

  /// The checksum of a record, masked as the format requires.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var crc = CRC32C()
    crc.update(bytes)
    return littleEndianBytes((crc.value >> 15 | crc.value << 17) &+ 0xA282_EAD8)
  }
}

// MARK: Keras's tags

extension StepRecord {
  /// The metrics with the tags of Keras's TensorBoard callback. They are those of the batch alone, as in steps.csv;
  /// Keras's are means over the epoch so far.
  package var scalars: [EventFile.Scalar] {
    [("batch_accuracy", Float(metrics.accuracy)), ("batch_loss", Float(metrics.loss))]
  }
}

extension EpochRecord {
  /// The metrics with the tags of Keras's TensorBoard callback, for the folder `train`.
  package func trainingScalars(learningRate: Double) -> [EventFile.Scalar] {
    Self.scalars(training) + [("epoch_learning_rate", Float(learningRate))]
  }

  /// The metrics with the tags of Keras's TensorBoard callback, for the folder `validation`.
  package var validationScalars: [EventFile.Scalar] { Self.scalars(validation) }

  private static func scalars(_ metrics: Metrics) -> [EventFile.Scalar] {
    [("epoch_accuracy", Float(metrics.accuracy)), ("epoch_loss", Float(metrics.loss))]
  }
}
