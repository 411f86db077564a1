import Files
import Foundation
import Models
import Parallel

/// A TensorBoard event file of scalars.
///
/// TensorBoard takes a folder for a run and reads its event files in the order of their names. As Keras's callback does
/// (keras/src/callbacks/tensorboard.py), make two folders, which TensorBoard draws as two lines of the same charts:
/// - `train`: a step's `StepRecord.scalars` at its step, an epoch's `EpochRecord.trainingScalars` at its epoch;
/// - `validation`: an epoch's `EpochRecord.validationScalars` at its epoch.
///
/// The file is a sequence of TFRecords (tensorflow/core/lib/io/record_writer.h), each an Event
/// (tensorflow/core/util/event.proto).
package final class EventFile {
  /// One point's value, and the name of the chart that it goes into.
  package typealias Scalar = (tag: String, value: Float)

  /// The file.
  package let path: String
  private let file: Int32

  /// Begins a file, and makes its folder if need be.
  ///
  /// A run that goes on has to give the last step (in `validation`, the last epoch; -1 where there is none) that still
  /// holds; TensorBoard then drops what the folder has of later ones, as it does for a SessionLog START from the run's
  /// second on (`_CheckForRestartAndMaybePurge` in tensorboard/backend/event_processing/plugin_event_accumulator.py).
  /// Its reader in Rust, the default where it is installed, drops a chart's later points once the chart gets a new one
  /// (tensorboard/data/server/reservoir.rs). In `train` it's the steps that count: an epoch's old point stays until the
  /// epoch has been trained anew, and in the readers in Python beside the new one.
  ///
  /// - Throws: `TrainingError`.
  package init(folder: String, startTime: Date, resumingAfterStep lastStep: Int64? = nil) throws {
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw FileError(.unwritable(.createFolder, code: nil), path: folder)
    }
    let process = ProcessInfo.processInfo
    path =
      "\(folder)/\(Self.prefix)\(Self.seconds(startTime, in: folder)).\(process.hostName)."
      + "\(process.processIdentifier).swift-lstm"
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0o644)
    guard file >= 0 else { throw AtomicFile.failure(.write, path) }
    try append(startTime, step: 0, ProtobufWriter.field(3, "brain.Event:2"))
    // A SessionLog with the status START. The run's first one has it too, so that the others are not the first.
    try append(startTime, step: (lastStep ?? -1) + 1, ProtobufWriter.field(7, ProtobufWriter.field(1, Int64(1))))
  }

  deinit { close(file) }

  private static let prefix = "events.out.tfevents."

  /// The start's seconds since 1970, or so many that the file comes after those that the folder has, whatever the clock
  /// was when they were made.
  private static func seconds(_ startTime: Date, in folder: String) -> Int64 {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // 32 bits have ten digits, as many as the present; other numbers don't sort.
    let last = names.filter { $0.hasPrefix(prefix) }
      .compactMap { UInt32($0.dropFirst(prefix.count).prefix { $0 != "." }) }.max()
    return max(Int64(startTime.timeIntervalSince1970), last.map { Int64($0) + 1 } ?? 0)
  }

  /// Appends one point of each of some charts, in a single write: TensorBoard may read the file at any time.
  ///
  /// - Throws: `TrainingError`.
  package func write(_ scalars: [Scalar], step: Int64, wallTime: Date) throws {
    let values = scalars.map {
      ProtobufWriter.field(1, ProtobufWriter.field(1, $0.tag) + ProtobufWriter.field(2, $0.value))
    }
    try append(wallTime, step: step, ProtobufWriter.field(5, values.flatMap(\.self)))
  }

  /// Appends a record of an Event; protobuf leaves a step of 0 out.
  private func append(_ wallTime: Date, step: Int64, _ content: [UInt8]) throws {
    let event =
      ProtobufWriter.field(1, wallTime.timeIntervalSince1970) + (step == 0 ? [] : ProtobufWriter.field(2, step))
      + content
    let length = littleEndianBytes(UInt64(event.count))
    try AtomicFile.write(Data(length + Self.checksum(length) + event + Self.checksum(event)), to: file, path)
  }

  /// A record's checksum, masked as the format wants it.
  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    var crc = CRC32C()
    crc.update(bytes)
    return littleEndianBytes((crc.value >> 15 | crc.value << 17) &+ 0xA282_EAD8)
  }
}

// MARK: Keras's tags

extension StepRecord {
  /// With the tags of Keras's TensorBoard callback. The values are the batch's own, as in steps.csv; Keras's are the
  /// means of the epoch so far.
  package var scalars: [EventFile.Scalar] {
    [("batch_accuracy", Float(metrics.accuracy)), ("batch_loss", Float(metrics.loss))]
  }
}

extension EpochRecord {
  /// With the tags of Keras's TensorBoard callback, for the folder `train`.
  package func trainingScalars(learningRate: Double) -> [EventFile.Scalar] {
    Self.scalars(training) + [("epoch_learning_rate", Float(learningRate))]
  }

  /// With the tags of Keras's TensorBoard callback, for the folder `validation`.
  package var validationScalars: [EventFile.Scalar] { Self.scalars(validation) }

  private static func scalars(_ metrics: Metrics) -> [EventFile.Scalar] {
    [("epoch_accuracy", Float(metrics.accuracy)), ("epoch_loss", Float(metrics.loss))]
  }
}
