import Foundation
import Testing

/// The script meets a machine of fakes: a Debian where libzip comes and goes with the file `libzip`.
@Suite("Scripts/set-up.sh")
struct SetUpScriptTests {
  let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.fake("swift", "exit 0")
    try workspace.fake("uname", "echo Linux")
    try workspace.fake("id", "echo 0")
    try workspace.fake(
      "pkg-config", #"if [ "$1" = --modversion ]; then echo 1.7.3; else [ -e "$HERE/libzip" ]; fi"#)
    try workspace.fake("apt-get", #"echo "$DEBIAN_FRONTEND: $*" >> "$HERE/apt"; : > "$HERE/libzip""#)
  }

  func setUp(_ part: String...) throws -> Workspace.Outcome {
    try workspace.run("Scripts/set-up.sh", part, environment: ["PATH": try workspace.barePath()])
  }

  /// A machine on which each library comes and goes with a file of its own.
  func fakeLibraries() throws {
    try workspace.fake(
      "pkg-config", #"if [ "$1" = --modversion ]; then echo 1.0.$2; else [ -e "$HERE/$2" ]; fi"#)
    try workspace.fake(
      "apt-get",
      #"""
      echo "$*" >> "$HERE/apt"
      case "$*" in *libzip-dev*) : > "$HERE/libzip" ;; *libhdf5-dev*) : > "$HERE/hdf5-serial" ;; esac
      """#)
  }

  @Test("For Keras's files it installs libhdf5, and libzip before it")
  func interop() throws {
    try fakeLibraries()
    let outcome = try setUp("interop")
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(outcome.said.contains("libhdf5 is missing (it reads Keras's files). Installing with apt: libhdf5-dev\n"))
    #expect(outcome.said.hasSuffix("libhdf5 1.0.hdf5-serial is installed.\n"))
    let calls = try workspace.read("apt").split(separator: "\n")
    #expect(calls.count == 2 && calls[0].hasSuffix(" libzip-dev") && calls[1].hasSuffix(" libhdf5-dev"))
    // And then there is nothing left to do.
    #expect(try setUp("interop").said == "")
  }

  @Test("libhdf5 by its other name is libhdf5")
  func otherName() throws {
    try fakeLibraries()
    for name in ["libzip", "hdf5"] { try workspace.write("", to: name) }
    #expect(try setUp("interop").said == "")
    #expect(!workspace.exists("apt"))
  }

  @Test("Without libhdf5 the rest does as before, and asks for nothing")
  func withoutInterop() throws {
    try fakeLibraries()
    try workspace.write("", to: "libzip")
    #expect(try setUp().said == "")
    #expect(!workspace.exists("apt"))
  }

  func without(_ tool: String) throws { try FileManager.default.removeItem(atPath: workspace.path("fakes/\(tool)")) }

  @Test("Silent when nothing is missing")
  func complete() throws {
    try workspace.write("", to: "libzip")
    let outcome = try setUp()
    #expect(outcome.code == 0)
    #expect(outcome.said == "")
    #expect(!workspace.exists("apt"))
  }

  @Test("Says what it installs, installs it as root without questions, updates no lists needlessly")
  func root() throws {
    let outcome = try setUp()
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(outcome.said.contains("Installing with apt: libzip-dev\n"))
    #expect(outcome.said.contains("libzip 1.7.3 is installed."))
    let calls = try workspace.read("apt").split(separator: "\n")
    #expect(calls.count == 1)
    #expect(calls[0].hasPrefix("noninteractive: -y"))
    #expect(calls[0].hasSuffix("install --no-install-recommends libzip-dev"))
  }

  @Test("Brings Open MPI where it is asked for, and says nothing where it is there")
  func mpi() throws {
    try workspace.write("", to: "libzip")
    func setUp() throws -> Workspace.Outcome {
      try workspace.run("Scripts/set-up.sh", ["mpi"], environment: ["PATH": try workspace.barePath()])
    }
    try workspace.fake(
      "apt-get",
      #"echo "$*" >> "$HERE/apt"; : > "$HERE/fakes/mpirun"; "$(command -v chmod || echo /bin/chmod)" +x "$HERE/fakes/mpirun""#
    )
    let outcome = try setUp()
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(outcome.said.contains("Installing with apt: libopenmpi-dev openmpi-bin\n"))
    #expect(try workspace.read("apt").hasSuffix("libopenmpi-dev openmpi-bin\n"))
    #expect(try setUp().said == "")
  }

  @Test("Updates the package lists when apt does not know the package")
  func update() throws {
    try workspace.fake(
      "apt-get",
      #"""
      echo "$*" >> "$HERE/apt"
      case "$*" in
        *update*) : > "$HERE/lists" ;;
        *) [ -e "$HERE/lists" ] && : > "$HERE/libzip" ;;
      esac
      """#)
    let outcome = try setUp()
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(outcome.said.contains("Updating its package lists"))
    #expect(try workspace.read("apt").split(separator: "\n").count == 3)
  }

  @Test("Tells apt's reason and the command when apt fails")
  func aptFails() throws {
    try workspace.fake("apt-get", "echo 'E: the disk is full'; exit 100")
    let outcome = try setUp()
    #expect(outcome.code == 1)
    #expect(outcome.said.contains("E: the disk is full"))
    #expect(outcome.said.contains("apt-get update && apt-get install libzip-dev"))
  }

  @Test("An apt that claims success and brings nothing is not believed")
  func aptLies() throws {
    try workspace.fake("apt-get", "exit 0")
    let outcome = try setUp()
    #expect(outcome.code == 1)
    #expect(outcome.said.contains("still finds no libzip"))
  }

  @Test("Installs pkg-config with it where that is missing")
  func noPkgConfig() throws {
    let script = try workspace.read("fakes/pkg-config")
    try without("pkg-config")
    try workspace.write(script, to: "pkg-config")
    try workspace.fake(
      "apt-get",
      #"""
      echo "$*" >> "$HERE/apt"
      cat "$HERE/pkg-config" > "$HERE/fakes/pkg-config"; "$(command -v chmod || echo /bin/chmod)" +x "$HERE/fakes/pkg-config"
      : > "$HERE/libzip"
      """#)
    let outcome = try setUp()
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(try workspace.read("apt").hasSuffix("libzip-dev pkg-config\n"))
  }

  @Test("With sudo that asks for nothing")
  func sudo() throws {
    try workspace.fake("id", "echo 1000")
    try workspace.fake("sudo", #"echo "$1" >> "$HERE/sudo"; [ "$1" = -n ] && shift; exec "$@""#)
    let outcome = try setUp()
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(try workspace.read("sudo").split(separator: "\n").allSatisfy { $0 == "-n" })
    #expect(try workspace.read("apt").hasPrefix("noninteractive: "))
  }

  @Test("Without rights it names the command, and asks for no password", arguments: [true, false])
  func noRights(hasSudo: Bool) throws {
    try workspace.fake("id", "echo 1000")
    if hasSudo {
      try workspace.fake("sudo", #"[ "$1" = -n ] && exit 1; echo asked > "$HERE/asked"; exit 1"#)
    }
    let outcome = try setUp()
    #expect(outcome.code == 1)
    #expect(outcome.said.contains("    apt-get update && apt-get install libzip-dev\n"))
    #expect(outcome.said.contains("PKG_CONFIG_PATH="))
    #expect(!workspace.exists("asked"))
    #expect(!workspace.exists("apt"))
  }

  @Test("Homebrew on a Mac")
  func brew() throws {
    try workspace.fake("uname", "echo Darwin")
    try workspace.fake("brew", #"echo "$*" > "$HERE/brew"; : > "$HERE/libzip""#)
    let outcome = try setUp()
    #expect(outcome.code == 0, "\(outcome.said)")
    #expect(try workspace.read("brew") == "install --quiet libzip pkgconf\n")
  }

  @Test("No package manager that it knows")
  func noManager() throws {
    try without("apt-get")
    let outcome = try setUp()
    #expect(outcome.code == 1)
    #expect(outcome.said.contains("dnf install libzip-devel"))
  }

  @Test("Swift missing")
  func noSwift() throws {
    try without("swift")
    let outcome = try setUp()
    #expect(outcome.code == 1)
    #expect(outcome.said.contains("https://www.swift.org/install/linux/"))
    #expect(!workspace.exists("apt"))
  }
}
