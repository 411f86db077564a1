import Foundation

extension JSONEncoder {
  /// An encoder that turns equal values into equal bytes: on one line, with sorted keys and unescaped slashes.
  package static var reproducible: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
