import Foundation

/// A number for readers, with separated thousands and a proper minus sign; very large ones have an exponent.
func decimal(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "not a number" : value > 0 ? "∞" : "−∞" }
  guard abs(value) < 1e12 else { return String(format: "%.2e", value) }
  let parts = String(format: "%.\(decimals)f", abs(value)).split(separator: ".")
  var whole = String(parts[0])
  for offset in stride(from: whole.count - 3, to: 0, by: -3) {
    whole.insert(",", at: whole.index(whole.startIndex, offsetBy: offset))
  }
  let digits = ([whole] + parts.dropFirst().map(String.init)).joined(separator: ".")
  return value < 0 && digits.contains(where: { "123456789".contains($0) }) ? "−" + digits : digits
}

/// A share as a percentage with one decimal.
func percent(_ share: Double) -> String { decimal(100 * share, 1) + "\u{202F}%" }

/// Text with the special characters of HTML escaped, for elements and for quoted attributes.
func escaped(_ text: String) -> String {
  var escaped = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": escaped += "&amp;"
    case "<": escaped += "&lt;"
    case ">": escaped += "&gt;"
    case "\"": escaped += "&quot;"
    case "'": escaped += "&#39;"
    default: escaped.unicodeScalars.append(scalar)
    }
  }
  return escaped
}
