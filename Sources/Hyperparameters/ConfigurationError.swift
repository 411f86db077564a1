import Files
import RecurrentNetwork

/// Why a file of settings can't be used.
public enum ConfigurationError: ActionableError, Equatable {
  /// It isn't a JSON object.
  case notAnObject(path: String)
  /// It names a setting that doesn't exist.
  case unknownSetting(String, path: String)
  /// It names a rate of dropout that doesn't exist.
  case unknownRate(String, path: String)
  /// A setting's value is of the wrong type: a text for a number, say.
  case wrongType(setting: String, path: String)
  /// A setting's value is impossible.
  case invalid(InvalidSetting, path: String)

  /// The file.
  public var path: String? {
    switch self {
    case .notAnObject(let path), .unknownSetting(_, let path), .unknownRate(_, let path), .wrongType(_, let path),
      .invalid(_, let path):
      path
    }
  }

  /// What is wrong, without the path.
  public var problem: String {
    switch self {
    case .notAnObject: "is not a JSON object"
    case .unknownSetting(let name, _): "there is no setting \(name)"
    case .unknownRate(let name, _):
      "there is no rate \(name) of dropout, only \(Dropout.rates.map(\.name).joined(separator: ", "))"
    case .wrongType(let setting, _): "\(setting) has a value of the wrong kind"
    case .invalid(let setting, _): "\(setting.name) \(setting.rule)"
    }
  }

  /// The settings there are.
  public var advice: String { Self.advice }

  static let advice = "give a JSON object of " + TrainingConfiguration.settingNames.joined(separator: ", ")
}
