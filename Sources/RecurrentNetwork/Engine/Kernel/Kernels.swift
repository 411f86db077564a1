/// What the kernels were built for.
public enum Kernels {
  /// The instructions that they may use. Kernels of another name add in another order, and so lead to other bits.
  public static var name: String {
    #if X86_64_V4
      return "x86-64-v4"
    #elseif X86_64_V3
      return "x86-64-v3"
    #elseif arch(x86_64)
      return "x86-64"
    #elseif arch(arm64)
      return "arm64"
    #else
      return "portable"
    #endif
  }
}
