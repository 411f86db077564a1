#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

extension Architecture.DenseLayer.Activation {
  /// The definition: f(x).
  func value(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .tanh: hyperbolicTangent(x)
    }
  }

  /// f′(x); for ReLU at 0, where there is none, 0 as in Keras and PyTorch.
  func slope(_ x: Double) -> Double {
    switch self {
    case .relu: x > 0 ? 1 : 0
    case .tanh: 1 - hyperbolicTangent(x) * hyperbolicTangent(x)
    }
  }
}

/// The library's function: in the enumeration, `tanh` is a case.
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
