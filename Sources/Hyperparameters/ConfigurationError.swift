import Files
import RecurrentNetwork

/// Why a file of settings can't be used.
public enum ConfigurationError: ActionableError, Equatable {
  /// It isn't a JSON object.
  case notAnObject(path: String)
  /// It isn't JSON: what is wrong, at some byte.
  case notJSON(String, byte: Int, path: String)
  /// It names a setting that doesn't exist.
  case unknownSetting(String, path: String)
  /// It names a rate of dropout that doesn't exist.
  case unknownRate(String, path: String)
  /// A setting's value is of the wrong type, a text for a number, say; the value and one that is possible, as JSON.
  case wrongType(setting: String, value: String, example: String, path: String)
  /// A setting's value is impossible.
  case invalid(InvalidSetting, path: String)

  /// The file.
  public var path: String? {
    switch self {
    case .notAnObject(let path), .notJSON(_, _, let path), .unknownSetting(_, let path), .unknownRate(_, let path),
      .wrongType(_, _, _, let path),
      .invalid(_, let path):
      path
    }
  }

  /// What is wrong, without the path.
  public var problem: String {
    switch self {
    case .notAnObject: "is not a JSON object"
    case .notJSON(let problem, let byte, _): "byte \(byte): \(problem)"
    case .unknownSetting(let name, _): "there is no setting \(name.escapedForTerminal())"
    case .unknownRate(let name, _):
      "there is no rate \(name.escapedForTerminal()) of dropout, only \(Dropout.rates.map(\.name).joined(separator: ", "))"
    case .wrongType(let setting, let value, let example, _):
      "\(setting) is \(value.escapedForTerminal()), expected a value like \(example)"
    case .invalid(let setting, _): "\(setting.name) \(setting.rule)"
    }
  }

  /// The settings there are.
  public var advice: String { Self.advice }

  static let advice = "give a JSON object of " + TrainingConfiguration.settingNames.joined(separator: ", ")
}
