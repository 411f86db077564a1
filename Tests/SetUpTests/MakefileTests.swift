import Foundation
import Testing

@Suite("Makefile", .enabled(if: Machine.has("make")))
struct MakefileTests {
  static let targets = [
    "build", "deps-interop", "deps-mpi", "train", "predict", "serve", "test", "test-mpi", "test-serve", "tsan", "asan",
    "bench", "interop", "install", "uninstall", "docs", "format", "lint", "clean",
  ]

  let workspace: Workspace

  /// With a Swift that builds nothing, and says that the release lies among the fakes.
  init() throws {
    workspace = try Workspace()
    try workspace.fake(
      "swift",
      #"""
      echo "swift $*" >> "$HERE/calls"
      case "$*" in *--show-bin-path*) echo "$HERE/fakes" ;; esac
      exit "${SWIFT_CODE:-0}"
      """#)
    try workspace.fake("pkg-config", "exit 0")
    try workspace.fake("lstm", #"printf '%s\n' "$@" > "$HERE/arguments"; echo trained; exit "${LSTM_CODE:-0}""#)
  }

  func make(_ arguments: [String], environment: [String: String] = [:]) throws -> Workspace.Outcome {
    let offline = ["LSTM_DATA_ADDRESS": try LoopbackServer.deadAddress()]
    return try workspace.run("make", arguments, environment: offline.merging(environment) { $1 })
  }

  @Test("help lists every target, and is what plain make does")
  func help() throws {
    let help = try make(["help"])
    #expect(help.code == 0)
    let listed = help.said.split(separator: "\n").compactMap { line in
      line.split(separator: " ").dropFirst().first.map(String.init)
    }
    #expect(listed == Self.targets)
    #expect(try make([]).said == help.said)
  }

  @Test("Every target is known to make", arguments: targets)
  func dryRun(target: String) throws {
    let outcome = try make(["-n", target])
    #expect(outcome.code == 0, "\(outcome.said)")
    if ["build", "train", "test"].contains(target) { #expect(outcome.said.hasPrefix("Scripts/set-up.sh\n")) }
  }

  @Test("train builds, hands its variables on, and ends with a word on the sample's figures")
  func train() throws {
    let outcome = try make(["train", "EPOCHS=4", "THREADS=1", "OUTPUT=\(workspace.path("my run"))"])
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(try workspace.read("calls").hasPrefix("swift build -c release --product lstm --traits default,HDF5\n"))
    let given = try workspace.read("arguments")
    #expect(given.contains("--epochs\n4\n--threads\n1\n--output\n\(workspace.path("my run"))\n"))
    #expect(
      outcome.said.hasSuffix(
        "trained\n\nThese figures are those of the generated sample, not of IMDB (Data/README.md).\n"))
  }

  @Test("Every build and test takes in the optional parts whose libraries are here, and no others")
  func traits() throws {
    for (found, option) in [
      ("hdf5-serial", " --traits default,HDF5"), ("hdf5", " --traits default,HDF5"), ("libzip", ""),
    ] {
      try workspace.fake("pkg-config", #"case "$*" in *" \#(found)"|*libzip) exit 0 ;; *) exit 1 ;; esac"#)
      for (target, command) in [("build", "build"), ("test", "test"), ("tsan", "test")] {
        try workspace.write("", to: "calls")
        #expect(try make([target]).code == 0)
        let line = try workspace.read("calls").split(separator: "\n").first.map(String.init)
        #expect(
          line?.hasPrefix("swift \(command) -c release") == true && line?.hasSuffix(option) == true, "\(line ?? "")")
        #expect(line?.contains("--traits") == !option.isEmpty)
      }
    }
  }

  @Test("MPI is taken in where it is asked for")
  func mpi() throws {
    for (arguments, option) in [(["MPI=1"], ",MPI"), ([], ""), (["MPI=0"], "")] {
      try workspace.write("", to: "calls")
      #expect(try make(["build"] + arguments).code == 0)
      #expect(try workspace.read("calls") == "swift build -c release --product lstm --traits default,HDF5\(option)\n")
    }
  }

  @Test("The server is taken in where it is asked for, by its name or by a target of its own")
  func serveTrait() throws {
    for (arguments, option) in [
      (["build", "SERVE=1"], ",Serve"), (["build", "SERVE=1", "MPI=1"], ",MPI,Serve"), (["build"], ""),
    ] {
      try workspace.write("", to: "calls")
      #expect(try make(arguments).code == 0)
      #expect(try workspace.read("calls") == "swift build -c release --product lstm --traits default,HDF5\(option)\n")
    }
    try workspace.write("", to: "calls")
    // It ends where the checks against clients begin: there is no server among the fakes.
    _ = try make(["test-serve"])
    #expect(
      try workspace.read("calls").hasPrefix(
        "swift test -c release --traits default,HDF5,Serve --filter ServingTests\n"))
  }

  @Test("serve builds with the server, and starts it with the model that train left")
  func serve() throws {
    let missing = try make(["serve"])
    #expect(missing.code != 0 && missing.said.contains("make train"))
    #expect(!workspace.exists("calls"))

    try workspace.write("", to: "my run/model.safetensors")
    let outcome = try make(["serve", "OUTPUT=\(workspace.path("my run"))", "PORT=81", "HOST=::1"])
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(
      try workspace.read("calls").hasPrefix("swift build -c release --product lstm --traits default,HDF5,Serve\n"))
    let model = workspace.path("my run/model.safetensors")
    #expect(
      try workspace.read("arguments") == "serve\n--model\n\(model)\n--reload\n--host\n::1\n--port\n81\n")
  }

  @Test("train on IMDB ends with what lstm said")
  func trainIMDB() throws {
    try workspace.write("", to: "elsewhere/imdb.npz")
    let outcome = try make(["train", "DATA=elsewhere/imdb.npz"])
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(outcome.said.hasSuffix("trained\n"))
  }

  @Test("A training that fails is told as failed, with its code and no closing word")
  func trainFails() throws {
    let outcome = try make(["train"], environment: ["LSTM_CODE": "7"])
    #expect(outcome.code != 0)
    #expect(outcome.said.contains("Error 7"))
    #expect(!outcome.said.contains("These figures"))
  }

  @Test("predict hands a text on as it is, whatever make and shells would take for a command")
  func predict() throws {
    let missing = try make(["predict", "TEXT=a film"])
    #expect(missing.code != 0)
    #expect(missing.said.contains("there is no model yet (\(workspace.path("Data/run/model.safetensors"))"))
    #expect(missing.said.contains("make train"))
    #expect(!workspace.exists("arguments"))

    try workspace.write("", to: "Data/run/model.safetensors")
    let command = "predict\n--model\n\(workspace.path("Data/run/model.safetensors"))\n"
    let text = #"-a 'film' "for" $5 $$ $(shell touch boom) $(touch boom) `touch boom`; touch boom # \ & <b>"#
    for environment in [[:], ["TEXT": text]] {
      let outcome = try make(["predict"] + (environment.isEmpty ? ["TEXT=\(text)"] : []), environment: environment)
      #expect(outcome.code == 0, "\(outcome.said)")
      #expect(try workspace.read("arguments") == command + "--\n\(text)\n")
    }
    #expect(!workspace.exists("boom"))

    #expect(try make(["predict"]).code == 0)
    #expect(try workspace.read("arguments") == command)
    #expect(try make(["predict", "TEXT=a"], environment: ["LSTM_CODE": "7"]).said.contains("Error 7"))
    #expect(try make(["predict", "OUTPUT=elsewhere"]).said.contains("(elsewhere/model.safetensors)"))
  }

  @Test("test hands a failure on")
  func testFails() throws {
    #expect(try make(["test"]).code == 0)
    #expect(try make(["test"], environment: ["SWIFT_CODE": "1"]).code != 0)
  }

  @Test("install puts lstm under DESTDIR and PREFIX")
  func install() throws {
    let outcome = try make(["install", "PREFIX=/usr", "DESTDIR=\(workspace.path("stage"))"])
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(FileManager.default.isExecutableFile(atPath: workspace.path("stage/usr/bin/lstm")))
    #expect(workspace.exists("stage/usr/share/fish/vendor_completions.d/lstm.fish"))
    #expect(try make(["uninstall", "PREFIX=/usr", "DESTDIR=\(workspace.path("stage"))"]).code == 0)
    let left = FileManager.default.enumerator(atPath: workspace.path("stage"))!.map { workspace.path("stage/\($0)") }
    #expect(left.allSatisfy { path in (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil })
  }

  @Test("clean removes what downloads left behind, and no data or models")
  func clean() throws {
    for name in ["imdb.npz", "imdb.npz.1.partial", "run/model.safetensors"] {
      try workspace.write("", to: "Data/\(name)")
    }
    #expect(try make(["clean"]).code == 0)
    #expect(!workspace.exists("Data/imdb.npz.1.partial"))
    #expect(workspace.exists("Data/imdb.npz"))
    #expect(workspace.exists("Data/run/model.safetensors"))
  }
}
