// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of the library build none of it. Scripts/fuzz.sh builds and runs it.
let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "swift-lstm", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: ["Classification", "Corpus", "Hyperparameters", "Models", "RecurrentNetwork", "Training"].map {
        .product(name: $0, package: "swift-lstm")
      })
  ],
  swiftLanguageModes: [.v6]
)
