import ArgumentParser
import Distribution
import Files
import Foundation
import Hyperparameters
import Parallel
import Training

/// The ranks of a run as the executable sees them: what they have in common, and how they end together.
final class RankGroup {
  let communicator: any Communicator
  /// Threads of this rank.
  let threads: Int
  private let places: [Place]

  /// Where a rank is, what it runs, and what it may use there.
  private struct Place: Codable {
    var host: String
    var program: String
    /// The running system: containers on one machine have the same cores, whatever they call themselves.
    var machine: String
    var cores: Set<Int>
    var quota: Int?
    /// As asked for.
    var threads: Int?
  }

  /// Begins.
  ///
  /// - Parameter threads: how many this rank is told to have, or nil for its cores; those that several ranks may use are
  ///   shared among them.
  init(threads: Int?) throws {
    communicator = try MPI.communicator()
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    let host = Self.hostName
    let own = Place(
      host: host, program: communicator.count == 1 ? "" : Self.program, machine: boot ?? host,
      cores: Processor.allowedCores, quota: Processor.quota, threads: threads)
    let texts = communicator.gather(String(decoding: try JSONEncoder().encode(own), as: UTF8.self))
    let all = communicator.broadcast(Data("[\(texts.joined(separator: ","))]".utf8))
    guard let places = try? JSONDecoder().decode([Place].self, from: all) else {
      throw RankError.otherVersions
    }
    self.places = places
    self.threads = Self.threads(of: own, among: places)
  }

  /// Not Foundation's, which asks the network for a longer one.
  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 257)
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// What must be the same everywhere: the bits depend on it, and so does what the ranks say to each other.
  private static var program: String {
    var fingerprint = Fingerprint()
    #if os(Linux)
      let path = "/proc/self/exe"
    #else
      let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
    (try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe))?.withUnsafeBytes { fingerprint.add($0) }
    let command = CommandLine.arguments.dropFirst().first ?? ""
    return "lstm \(command) \(LSTM.version) for \(Processor.kernels) (build \(fingerprint.text.prefix(8)))"
  }

  var count: Int { communicator.count }
  var isFirst: Bool { communicator.rank == 0 }

  private static func cores(of places: [Place]) -> Int {
    let all = places.reduce(into: Set()) { $0.formUnion($1.cores) }.count
    return max(1, min(all, places[0].quota ?? all))
  }

  private static func threads(of place: Place, among all: [Place]) -> Int {
    if let threads = place.threads { return threads }
    let neighbors = all.filter { $0.machine == place.machine }
    let claimed = neighbors.reduce(0) { $0 + $1.cores.count }
    return max(1, place.cores.count * cores(of: neighbors) / max(1, claimed))
  }

  /// What is likely not meant: more threads than cores, on the machine that has most too many.
  private var warning: String? {
    if count == 1 { return nil }
    let machines = Dictionary(grouping: places, by: \.machine).values.map { places in
      (
        places: places, cores: Self.cores(of: places),
        threads: places.reduce(0) { $0 + Self.threads(of: $1, among: places) }
      )
    }
    guard let worst = machines.max(by: { $0.threads - $0.cores < $1.threads - $1.cores }), worst.threads > worst.cores
    else { return nil }
    return "\(worst.places.count) ranks on \(worst.places[0].host) have \(worst.threads) threads on \(worst.cores) "
      + "core\(worst.cores == 1 ? "" : "s"); fewer ranks or --threads are faster"
  }

  // MARK: Ending together

  /// Runs `body` on this rank. An error of one rank ends all of them, with one message.
  func run(isQuiet: Bool = false, _ body: () throws -> Void) throws {
    do {
      try checkPrograms()
      if isFirst && !isQuiet, let warning { printError("Warning: \(warning)") }
      try body()
    } catch let ended as RankFailure {
      // Told before the end, which all reach together: whoever started them ends what is left when one has failed.
      if let reason = ended.reason { printError(Train.fullMessage(for: advised(reason))) }
      MPI.end(communicator)
      throw ended.reason.map { Train.exitCode(for: $0) } ?? ExitCode(1)
    } catch {
      if count == 1 || error is ExitCode {
        MPI.end(communicator)
        throw error
      }
      if !isFirst { Self.letTheFirstSpeak() }
      printError("Error: \(name(communicator.rank)): \(Train.message(for: advised(error)))")
      communicator.abort(Train.exitCode(for: error).rawValue)
    }
    MPI.end(communicator)
  }

  /// Most errors meet every rank at the same point. Only the first speaks then, and its end is theirs as they wait here;
  /// mpirun gives them a second, and then kills them.
  static func letTheFirstSpeak() { sleep(2) }

  private func checkPrograms() throws {
    guard let other = places.indices.first(where: { places[$0].program != places[0].program }) else { return }
    guard isFirst else { throw RankFailure(reason: nil) }
    throw RankFailure(
      reason: RankError.otherProgram(
        rank: name(other), program: places[other].program, first: places[0].program))
  }

  func name(_ rank: Int) -> String { "rank \(rank) on \(places[rank].host)" }
}

/// What the steps of a run spend on the other ranks.
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

  /// Takes note of an event: what came before a step's is that step's.
  mutating func see(_ event: TrainingEvent) {
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

  /// One line about the steps so far, on rank 0; every rank has to ask for it.
  func summary() throws -> String? {
    if communicator.count == 1 { return nil }
    let sums = try communicator.gather(String(decoding: try JSONEncoder().encode(sum), as: UTF8.self)).map {
      try JSONDecoder().decode(Sum.self, from: Data($0.utf8))
    }
    guard let first = sums.first, first.steps > 0 else { return nil }
    let others = sums.dropFirst().reduce(0) { $0 + $1.inCalls } / Double(sums.count - 1)
    func percent(_ seconds: Double) -> String { fixed(100 * seconds / first.seconds, 1) }
    func aStep(_ total: Int) -> Double { Double(total) / Double(first.steps) }
    return "\(sums.count) ranks, \(first.steps) steps of \(fixed(first.seconds / Double(first.steps), 3)) s: "
      + "\(fixed(aStep(sums.reduce(0) { $0 + $1.bytes }) / 1e6, 2)) MB and "
      + "\(fixed(aStep(sums.reduce(0) { $0 + $1.messages }), 0)) messages a step; communicating and waiting take "
      + "\(percent(first.inCalls)) % of rank 0's time, \(percent(others)) % of the others'"
  }
}
