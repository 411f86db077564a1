#if Serve
  import HTTPTypes

  /// What can be asked for.
  ///
  /// The names of models and TensorFlow's `:predict` share a part of the path, and a wrong method wants an answer of its
  /// own, so the paths are matched here, not by Hummingbird's router.
  package enum Route: Equatable, Sendable {
    case page, description, metrics
    /// `/predict`, the plain interface.
    case predict
    /// The Open Inference Protocol.
    case live, ready, server
    case modelMetadata(String)
    case modelReady(String)
    case infer(String)
    /// TensorFlow Serving.
    case modelStatus(String)
    case tensorFlowPredict(String)

    /// - Parameter path: without a query.
    package init?(_ path: String) {
      var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
      // Both protocols can name a version, of which a model here has one.
      if parts.count >= 5, parts[1] == "models", parts[3] == "versions" {
        if parts[4] == "1" {
          parts.removeSubrange(3...4)
        } else if parts[4].hasPrefix("1:") {
          parts[2] += parts[4].dropFirst()
          parts.removeSubrange(3...4)
        }
      }
      switch parts {
      case [""]: self = .page
      case ["openapi.yaml"]: self = .description
      case ["metrics"]: self = .metrics
      case ["predict"]: self = .predict
      case ["v2"]: self = .server
      case ["v2", "health", "live"]: self = .live
      case ["v2", "health", "ready"]: self = .ready
      default:
        guard parts.count >= 3, parts[1] == "models" else { return nil }
        switch (parts[0], parts[3...]) {
        case ("v2", []): self = .modelMetadata(parts[2])
        case ("v2", ["ready"]): self = .modelReady(parts[2])
        case ("v2", ["infer"]): self = .infer(parts[2])
        case ("v1", []) where parts[2].hasSuffix(":predict"):
          self = .tensorFlowPredict(String(parts[2].dropLast(":predict".count)))
        case ("v1", []): self = .modelStatus(parts[2])
        default: return nil
        }
      }
    }

    /// Whether a body is expected.
    package var isPost: Bool {
      switch self {
      case .predict, .infer, .tensorFlowPredict: true
      default: false
      }
    }

    /// The name in figures, of which there must be few.
    package var name: String {
      switch self {
      case .page: "page"
      case .description: "openapi"
      case .metrics: "metrics"
      case .predict: "predict"
      case .live: "v2_live"
      case .ready: "v2_ready"
      case .server: "v2_server"
      case .modelMetadata: "v2_model"
      case .modelReady: "v2_model_ready"
      case .infer: "v2_infer"
      case .modelStatus: "v1_model"
      case .tensorFlowPredict: "v1_predict"
      }
    }
  }
#endif
