// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of the library build none of it. Scripts/fuzz.sh builds and runs it.
let package = Package(
  name: "fuzz",
  platforms: [.macOS(.v15)],
  traits: [
    .trait(name: "HDF5", description: "Keras's HDF5 files, too."),
    .trait(name: "Serve", description: "Requests to the server, too."),
  ],
  dependencies: [
    .package(
      name: "swift-lstm", path: "../..",
      traits: [
        .defaults, .init(name: "HDF5", condition: .when(traits: ["HDF5"])),
        .init(name: "Serve", condition: .when(traits: ["Serve"])),
      ])
  ],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Classification", "Corpus", "Hyperparameters", "Models", "RecurrentNetwork", "Serving", "Training",
      ].map { .product(name: $0, package: "swift-lstm") })
  ],
  swiftLanguageModes: [.v6]
)
