import Foundation

/// The model that `lstm train` leaves, and others take, where no folder is named.
enum DefaultModel {
  static let path = "Data/run/model.safetensors"

  /// Tells whoever has no model yet how to come by one.
  static func check(_ path: String) throws {
    guard path == Self.path, !FileManager.default.fileExists(atPath: path) else { return }
    throw CommandError(
      path: path, "no such file",
      advice: "train a model first, with lstm train --data FILE or make train, or name one with --model")
  }
}
