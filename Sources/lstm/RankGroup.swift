import ArgumentParser
import Distribution
import EngineSelection
import Files
import Foundation
import Hyperparameters
import Parallel
import Training

/// The ranks of a run, as the executable sees them: it checks that they match, and ends them together.
final class RankGroup {
  let communicator: any Communicator
  /// The number of this rank's threads.
  let threads: Int
  private let members: [Member]

  /// A rank's machine, its program, and the resources that it may use.
  private struct Member: Codable {
    var host: String
    var program: String
    /// The engine that it would use, and the others that it can.
    var engine: String
    var engines: [String]
    /// The machine's boot id: containers on one machine share its cores, whatever their host names.
    var machine: String
    var cores: Set<Int>
    var quota: Int?
    /// The number of threads that was asked for; nil for the default.
    var threads: Int?
  }

  /// Connects to the other ranks.
  ///
  /// - Parameter threads: the number of this rank's threads; nil for one per core, where ranks share the cores that several
  ///   of them may use.
  /// - Throws: `RankError` if the ranks can't work together.
  init(threads: Int?) throws {
    communicator = try MPI.communicator()
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let host = Self.hostName
    let own = Member(
      host: host, program: communicator.count == 1 ? "" : Self.program, engine: Engines.current.name,
      engines: Engines.available.map(\.name), machine: boot ?? host, cores: Processor.allowedCores,
      quota: ControlGroups.own.coreLimit, threads: threads)
    let texts = communicator.gather(String(decoding: try JSONEncoder().encode(own), as: UTF8.self))
    let all = communicator.broadcast(Data("[\(texts.joined(separator: ","))]".utf8))
    guard let members = try? JSONDecoder().decode([Member].self, from: all) else {
      throw RankError.otherVersions
    }
    self.members = members
    // The ranks' messages are in an engine's own order, so all use the one of the oldest processor.
    if let engine = members.map(\.engine).first(where: { name in members.allSatisfy { $0.engines.contains(name) } }) {
      Engines.use(engine)
    }
    self.threads = Self.threads(of: own, among: members)
  }

  /// The host's own name. (Foundation's asks the network for a longer one.)
  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 257)
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// A description of the program, which must be the same on all ranks: the bits depend on it, and so does the format of the
  /// ranks' messages.
  private static var program: String {
    var fingerprint = Fingerprint()
    #if os(Linux)
      let path = "/proc/self/exe"
    #else
      let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
    (try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe))?.withUnsafeBytes { fingerprint.add($0) }
    let command = CommandLine.arguments.dropFirst().first ?? ""
    return "lstm \(command) \(LSTM.version) (build \(fingerprint.text.prefix(8)))"
  }

  /// What this process decides for itself about a run.
  ///
  /// - Parameter data: the path where it reads the data; nil for the run's own.
  func options(data: String?) -> Run.Options {
    var options = Run.Options()
    (options.threads, options.communicator, options.rankName) = (threads, communicator, name)
    options.dataPath = data
    return options
  }

  var count: Int { communicator.count }
  var isFirst: Bool { communicator.rank == 0 }

  /// The number of cores that the ranks of a machine may use together.
  private static func cores(of members: [Member]) -> Int {
    let all = members.reduce(into: Set()) { $0.formUnion($1.cores) }.count
    return max(1, min(all, members[0].quota ?? all))
  }

  private static func threads(of member: Member, among all: [Member]) -> Int {
    if let threads = member.threads { return threads }
    let neighbors = all.filter { $0.machine == member.machine }
    let claimed = neighbors.reduce(0) { $0 + $1.cores.count }
    return max(1, member.cores.count * cores(of: neighbors) / max(1, claimed))
  }

  /// A warning if a machine has more threads than cores, about the machine with the most surplus threads.
  private var warning: String? {
    if count == 1 { return nil }
    let machines = Dictionary(grouping: members, by: \.machine).values.map { members in
      (
        members: members, cores: Self.cores(of: members),
        threads: members.reduce(0) { $0 + Self.threads(of: $1, among: members) }
      )
    }
    guard let worst = machines.max(by: { $0.threads - $0.cores < $1.threads - $1.cores }), worst.threads > worst.cores
    else { return nil }
    return "\(worst.members.count) ranks on \(worst.members[0].host) have \(worst.threads) threads on \(worst.cores) "
      + "core\(worst.cores == 1 ? "" : "s"); fewer ranks or fewer --threads are faster"
  }

  // MARK: Ending together

  /// Runs `body` on this rank. An error on one rank ends all of them, with a single message.
  func run(isQuiet: Bool = false, _ body: () throws -> Void) throws {
    do {
      try checkPrograms()
      if isFirst && !isQuiet, let warning { printError("Warning: \(warning)") }
      try body()
    } catch let ended as RankFailure {
      // The message comes first: as soon as one rank has failed, the launcher ends the others.
      if let reason = ended.reason { printError(Train.fullMessage(for: advised(reason))) }
      MPI.end(communicator)
      throw ended.reason.map { Train.exitCode(for: $0) } ?? ExitCode(1)
    } catch {
      if count == 1 || error is ExitCode {
        MPI.end(communicator)
        throw error
      }
      if !isFirst { Self.waitForFirstRanksMessage() }
      printError("Error: \(name(communicator.rank)): \(Train.message(for: advised(error)))")
      communicator.abort(Train.exitCode(for: error).rawValue)
    }
    MPI.end(communicator)
  }

  /// Waits for the first rank to print an error that probably all ranks have. Its end ends this rank, too: mpirun gives
  /// ranks a second, and then kills them.
  static func waitForFirstRanksMessage() { sleep(2) }

  private func checkPrograms() throws {
    guard let other = members.indices.first(where: { members[$0].program != members[0].program }) else { return }
    guard isFirst else { throw RankFailure(reason: nil) }
    throw RankFailure(
      reason: RankError.otherProgram(
        rank: name(other), program: members[other].program, first: members[0].program))
  }

  func name(_ rank: Int) -> String { "rank \(rank) on \(members[rank].host)" }
}

/// Measures how much time the steps of a run spend communicating with other ranks, and how much data they exchange.
struct StepTraffic {
  private let communicator: any Communicator
  private var last: (time: ContinuousClock.Instant, traffic: Traffic)
  private var sum = Sum()

  private struct Sum: Codable {
    var steps = 0
    var seconds: Double = 0
    var inCalls: Double = 0
    var bytes = 0
    var messages = 0
  }

  init(_ communicator: any Communicator) {
    self.communicator = communicator
    last = (.now, communicator.traffic)
  }

  /// Records an event. The traffic since the last event is attributed to the step if the event is a step's.
  mutating func record(_ event: TrainingEvent) {
    let now = (time: ContinuousClock.now, traffic: communicator.traffic)
    if case .step = event {
      sum.steps += 1
      sum.seconds += (now.time - last.time) / .seconds(1)
      sum.inCalls += now.traffic.seconds - last.traffic.seconds
      sum.bytes += now.traffic.bytes - last.traffic.bytes
      sum.messages += now.traffic.messages - last.traffic.messages
    }
    last = now
  }

  /// A line about the steps so far, or nil on all ranks but the first. All ranks must call this.
  func summary() throws -> String? {
    if communicator.count == 1 { return nil }
    let sums = try communicator.gather(String(decoding: try JSONEncoder().encode(sum), as: UTF8.self)).map {
      try JSONDecoder().decode(Sum.self, from: Data($0.utf8))
    }
    guard let first = sums.first, first.steps > 0 else { return nil }
    let others = sums.dropFirst().reduce(0) { $0 + $1.inCalls } / Double(sums.count - 1)
    func percent(_ seconds: Double) -> String { fixed(100 * seconds / first.seconds, 1) }
    func perStep(_ total: Int) -> Double { Double(total) / Double(first.steps) }
    return "\(sums.count) ranks, \(first.steps) steps of \(fixed(first.seconds / Double(first.steps), 3)) s: "
      + "\(fixed(perStep(sums.reduce(0) { $0 + $1.bytes }) / 1e6, 2)) MB and "
      + "\(fixed(perStep(sums.reduce(0) { $0 + $1.messages }), 0)) messages a step; communicating and waiting take "
      + "\(percent(first.inCalls)) % of rank 0's time, \(percent(others)) % of the others'"
  }
}
