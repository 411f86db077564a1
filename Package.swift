// swift-tools-version: 6.2
import Foundation
import PackageDescription

// MARK: The processor
//
// The kernels are SIMD types and fused multiply-adds. Unless the compiler knows that the processor has these, every lane
// of `addingProduct` becomes a library call (60 times slower). So the folder Kernels is built once for each level of
// // x86-64, through symbolic links (see the end), and the engine is chosen when a program starts. Since 6.2, SwiftPM allows
// such flags in a package that others depend on by version.

// MARK: libhdf5
//
// Keras's files are read with libhdf5, which the trait HDF5 links: `swift build --traits HDF5`. The Makefile enables it
// if the library is installed (Scripts/traits.sh). Of Debian's several builds, hdf5-serial is the one without MPI.

let libraries = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
let hasSerialHDF5 = libraries.contains {
  FileManager.default.fileExists(atPath: "/usr/lib/\($0)/pkgconfig/hdf5-serial.pc")
}

// MARK: MPI
//
// The trait MPI links the system's MPI, to distribute a run over processes and machines: `swift build --traits MPI`.
// Open MPI and MPICH have different pkg-config names; Debian's mpi-c is whichever the administrator prefers.

let mpiFolders =
  (Context.environment["PKG_CONFIG_PATH"] ?? "").split(separator: ":").map(String.init)
  + libraries.map { "/usr/lib/\($0)/pkgconfig" }
let mpi =
  ["mpi-c", "ompi-c", "mpich"].first { name in
    mpiFolders.contains { FileManager.default.fileExists(atPath: "\($0)/\(name).pc") }
  } ?? "ompi-c"

// MARK: The server
//
// `lstm serve` needs the trait Serve: `swift build --traits Serve`.

/// A product of a package that only the server needs.
func serve(_ product: String, _ package: String) -> Target.Dependency {
  .product(name: product, package: package, condition: .when(traits: ["Serve"]))
}

// MARK: The package

/// What the tests of the kernels need besides those.
let kernelTests: [Target.Dependency] = ["EngineSelection", "GoldenValues", "RecurrentNetwork"]

let package = Package(
  name: "swift-lstm",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Corpus", targets: ["Corpus"]),
    .library(name: "RecurrentNetwork", targets: ["RecurrentNetwork"]),
    .library(name: "Hyperparameters", targets: ["Hyperparameters"]),
    .library(name: "Parallel", targets: ["Parallel"]),
    .library(name: "Models", targets: ["Models"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Distribution", targets: ["Distribution"]),
    .library(name: "Classification", targets: ["Classification"]),
    .library(name: "Serving", targets: ["Serving"]),
    .executable(name: "lstm", targets: ["lstm"]),
  ],
  traits: [
    .default(enabledTraits: ["Zip"]),
    .trait(
      name: "Zip", description: "Reads and writes zip archives with libzip. Without it no system library is needed."),
    .trait(name: "HDF5", description: "Reads Keras's model files (.keras, .weights.h5) with libhdf5."),
    .trait(name: "MPI", description: "Distributes a run over processes started by mpirun."),
    .trait(name: "Serve", description: "Answers over HTTP, with Hummingbird: lstm serve."),
  ],
  dependencies: [
    // For the executable's options, --help and exit codes.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // For the trait Serve alone; without it they are neither fetched nor built.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Reads zip archives; empty without the trait, which is on by default.
    .systemLibrary(
      name: "CLibZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    // Prefetching, square roots of vectors, and what a processor has, which Swift can't express.
    .target(name: "CIntrinsics"),
    .target(name: "Files"),
    .target(
      name: "Corpus",
      dependencies: [.target(name: "CLibZip", condition: .when(traits: ["Zip"])), "CIntrinsics", "Files"]),
    .target(name: "RecurrentNetwork"),
    .target(name: "Kernels", dependencies: ["CIntrinsics", "RecurrentNetwork"]),
    .target(name: "EngineSelection", dependencies: ["CIntrinsics", "Kernels", "RecurrentNetwork"]),
    .target(name: "NGrams", dependencies: ["Corpus", "RecurrentNetwork"]),
    .target(name: "Hyperparameters", dependencies: ["Files", "NGrams", "RecurrentNetwork"]),
    .target(name: "Parallel", dependencies: ["Corpus", "EngineSelection", "Files", "RecurrentNetwork"]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: hasSerialHDF5 ? "hdf5-serial" : "hdf5",
      providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    // Empty without the trait.
    .target(
      name: "CHDF5Reader", dependencies: [.target(name: "CHDF5", condition: .when(traits: ["HDF5"]))],
      cSettings: [.define("LSTM_HDF5", .when(traits: ["HDF5"]))]),
    .target(
      name: "Models",
      dependencies: ["CHDF5Reader", "Corpus", "Files", "Hyperparameters", "NGrams", "RecurrentNetwork"]),
    .target(
      name: "Training",
      dependencies: [
        "Classification", "Corpus", "EngineSelection", "Files", "Hyperparameters", "Models", "NGrams", "Parallel",
        "RecurrentNetwork",
      ]),
    .target(
      name: "Classification",
      dependencies: ["Corpus", "Files", "Hyperparameters", "Models", "NGrams", "Parallel", "RecurrentNetwork"]),
    .systemLibrary(
      name: "CSystemMPI", pkgConfig: mpi, providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    // Empty without the trait, and so is Distribution.
    .target(
      name: "CMPI", dependencies: [.target(name: "CSystemMPI", condition: .when(traits: ["MPI"]))],
      cSettings: [.define("LSTM_MPI", .when(traits: ["MPI"]))]),
    .target(name: "Distribution", dependencies: ["CMPI", "Parallel"]),
    .target(
      name: "Benchmarking",
      dependencies: [
        "Corpus", "EngineSelection", "Files", "Hyperparameters", "Models", "Parallel", "RecurrentNetwork", "Training",
      ]),
    .target(
      name: "Report",
      dependencies: [
        "Classification", "Corpus", "Files", "Hyperparameters", "Models", "RecurrentNetwork", "Training",
      ]),
    // Empty without the trait, but for the page and the API's description.
    .target(
      name: "Serving",
      dependencies: [
        "Classification", "Files",
        serve("Hummingbird", "hummingbird"), serve("HummingbirdCore", "hummingbird"),
        serve("HTTPTypes", "swift-http-types"), serve("Logging", "swift-log"), serve("Metrics", "swift-metrics"),
        serve("NIOCore", "swift-nio"), serve("NIOHTTP1", "swift-nio"), serve("NIOHTTPTypes", "swift-nio-extras"),
        serve("NIOHTTPTypesHTTP1", "swift-nio-extras"),
        serve("ServiceLifecycle", "swift-service-lifecycle"), serve("UnixSignals", "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Resources")]),
    .executableTarget(
      name: "lstm",
      dependencies: [
        "Benchmarking", "Classification", "Corpus", "Distribution", "EngineSelection", "Files", "Hyperparameters",
        "Models",
        "NGrams", "Parallel", "RecurrentNetwork", "Report", "Serving", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Shared by tests: values computed by PyTorch and Keras with the scripts in Scripts/golden.
    .target(
      name: "GoldenValues", dependencies: ["Hyperparameters", "RecurrentNetwork"], path: "Tests/GoldenValues"),
    // Shared by tests: small tasks, temporary folders, refusals, faults, and ranks that are threads.
    .target(
      name: "Fixtures",
      dependencies: ["Corpus", "Files", "Hyperparameters", "Models", "Parallel", "RecurrentNetwork"],
      path: "Tests/Fixtures"),
    .testTarget(name: "FilesTests", dependencies: ["Files", "Fixtures"]),
    .testTarget(
      name: "CorpusTests",
      dependencies: [.target(name: "CLibZip", condition: .when(traits: ["Zip"])), "Corpus", "Files", "Fixtures"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "RecurrentNetworkTests", dependencies: ["RecurrentNetwork", "GoldenValues"], exclude: ["Golden"]),
    .testTarget(name: "KernelsTests", dependencies: kernelTests + ["Kernels"]),
    .testTarget(name: "NGramsTests", dependencies: ["Corpus", "GoldenValues", "NGrams"], exclude: ["Golden"]),
    .testTarget(
      name: "HyperparametersTests", dependencies: ["Fixtures", "GoldenValues", "Hyperparameters", "RecurrentNetwork"],
      exclude: ["Golden"]),
    .testTarget(
      name: "ParallelTests",
      dependencies: ["Corpus", "EngineSelection", "Fixtures", "GoldenValues", "Parallel", "RecurrentNetwork"],
      exclude: ["Golden"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Classification", "Corpus", "Files", "Fixtures", "GoldenValues", "Hyperparameters", "Models", "NGrams",
        "Parallel", "RecurrentNetwork", "Training",
      ], exclude: ["Golden"]),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Classification", "Corpus", "Files", "Fixtures", "GoldenValues", "Hyperparameters", "Models", "NGrams",
        "Parallel", "RecurrentNetwork", "Training",
      ], exclude: ["Golden"]),
    // The code shown in the documentation, as a program, to check that it compiles; a test runs it.
    .executableTarget(name: "Example", dependencies: ["Classification"], path: "Tests/Example"),
    .testTarget(
      name: "ClassificationTests",
      dependencies: [
        "Classification", "Corpus", "Example", "Files", "Fixtures", "GoldenValues", "Hyperparameters", "Models",
        "NGrams", "Parallel", "RecurrentNetwork",
      ], exclude: ["Golden"]),
    // Empty without the trait Serve.
    .testTarget(
      name: "ServingTests",
      dependencies: [
        "Classification", "Corpus", "Files", "Fixtures", "Hyperparameters", "Models", "NGrams", "RecurrentNetwork",
        "Serving",
        serve("Hummingbird", "hummingbird"), serve("HTTPTypes", "swift-http-types"), serve("Logging", "swift-log"),
        serve("Metrics", "swift-metrics"), serve("NIOCore", "swift-nio"), serve("NIOEmbedded", "swift-nio"),
        serve("NIOHTTP1", "swift-nio"), serve("NIOHTTPTypes", "swift-nio-extras"),
      ]),
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "Classification", "Corpus", "Files", "Fixtures", "Hyperparameters", "Models", "NGrams", "Parallel",
        "RecurrentNetwork", "Report", "Training",
      ]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "Classification", "Corpus", "EngineSelection", "Fixtures", "GoldenValues", "Hyperparameters", "Models",
        "RecurrentNetwork",
      ], exclude: ["Golden"]),
    .testTarget(name: "SetUpTests"),
  ],
  swiftLanguageModes: [.v6]
)

// MARK: x86-64's levels
//
// LSTM_PROCESSOR=baseline leaves them out, to build on x86-64 for another kind of processor.

#if arch(x86_64)
  if Context.environment["LSTM_PROCESSOR"] != "baseline" { addX86Kernels() }
#endif

@MainActor
func addX86Kernels() {
  @MainActor func add(_ name: String, _ level: String, _ defines: [String], path: String? = nil, to user: String) {
    package.targets.append(
      .target(
        name: name, dependencies: ["CIntrinsics", "RecurrentNetwork"], path: path,
        swiftSettings: [.unsafeFlags(["-Xcc", "-march=\(level)"])] + defines.map { .define($0) }))
    let user = package.targets.first { $0.name == user }!
    user.dependencies.append(.byName(name: name))
    if user.swiftSettings == nil { user.swiftSettings = [.define("X86_KERNELS")] }
  }
  add("KernelsX86V3", "x86-64-v3", ["X86_64_V3"], to: "EngineSelection")
  add("KernelsX86V4", "x86-64-v4", ["X86_64_V3", "X86_64_V4"], to: "EngineSelection")
  // Narrow vectors, to compare bits with.
  add("KernelsNarrow", "x86-64-v3", ["FUSED"], path: "Tests/KernelsNarrow", to: "ParallelTests")
  for (name, define) in [("KernelsX86V3", "X86_64_V3"), ("KernelsX86V4", "X86_64_V4")] {
    package.targets.append(
      .testTarget(
        name: "\(name)Tests", dependencies: kernelTests + [.byName(name: name)],
        swiftSettings: [.define(define)]))
  }
}

// MARK: The documentation
//
// For `make docs` alone: nobody who depends on the package fetches it.

if Context.environment["DOCS"] == "1" {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
