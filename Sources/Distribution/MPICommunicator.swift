#if MPI
  import CMPI
#endif
import Foundation
import Parallel

/// The ranks that `mpirun` or a cluster's scheduler has started.
///
/// It needs the package's trait `MPI`; without it there is never more than one rank.
public enum MPI {
  /// Whether this was built with MPI.
  public static var isAvailable: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  /// How many ranks a launcher says it has started; nil where none has started this process.
  public static var launchedRanks: Int? {
    let environment = ProcessInfo.processInfo.environment
    // Open MPI's mpirun, MPICH's and Slurm's PMI, Slurm's PMIx (which doesn't say how many, but leaves that to Slurm).
    if let count = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].lazy.compactMap({ environment[$0].flatMap(Int.init) }).first {
      return count
    }
    return environment["PMIX_RANK"].map { _ in environment["SLURM_STEP_NUM_TASKS"].flatMap(Int.init) ?? 1 }
  }

  /// Which of the ranks a launcher says this process is; nil where none has started it.
  public static var launchedRank: Int? {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].lazy.compactMap { environment[$0].flatMap(Int.init) }.first
  }

  /// Begins, once in a process and before all other threads' work: the launcher's ranks, or this one alone where there
  /// is no launcher.
  ///
  /// - Throws: `RankError` where there are more ranks than one and no MPI to reach them.
  public static func communicator() throws -> any Communicator {
    guard let launchedRanks else { return SingleRank() }
    #if MPI
      return try MPICommunicator(ranks: launchedRanks)
    #else
      if launchedRanks > 1 {
        throw RankError.noMPI(processes: launchedRanks)
      }
      return SingleRank()
    #endif
  }

  /// Waits for all ranks to end; without it, a rank's end is taken for a failure.
  public static func end(_ communicator: any Communicator) {
    #if MPI
      if communicator is MPICommunicator { lstm_mpi_end() }
    #endif
  }
}

#if MPI
  /// MPI's world.
  final class MPICommunicator: Communicator {
    let rank: Int
    let count: Int
    private(set) var traffic = Traffic()
    /// MPI counts in 32 bits. A longer message goes in pieces, of which the last is shorter than this.
    private static let pieceSize = 1 << 30

    /// - Parameter ranks: how many the launcher has started.
    init(ranks: Int) throws {
      var (rank, count) = (Int32(0), Int32(0))
      guard lstm_mpi_begin(&rank, &count) == 0 else {
        throw RankError.noThreads
      }
      // A library knows only its own launcher: each process would believe that it is alone, and write the same files.
      guard count == ranks else {
        throw RankError.otherMPI(started: ranks, seen: count)
      }
      (self.rank, self.count) = (Int(rank), Int(count))
    }

    private func measured(_ call: () -> Int?) -> Int {
      let start = ContinuousClock.now
      let received = call()
      traffic.seconds += (ContinuousClock.now - start) / .seconds(1)
      if let received {
        traffic.bytes += received
        traffic.messages += 1
      }
      return received ?? 0
    }

    func send(_ message: UnsafeRawBufferPointer, to rank: Int) {
      _ = measured {
        for start in stride(from: 0, through: message.count, by: Self.pieceSize) {
          let size = min(message.count - start, Self.pieceSize)
          lstm_mpi_send(message.baseAddress.map { $0 + start }, Int32(size), Int32(rank))
        }
        return nil
      }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, from rank: Int) -> Int {
      measured {
        var received = 0
        while true {
          let size = lstm_mpi_receive(
            buffer.baseAddress.map { $0 + received }, Int32(min(buffer.count - received, Self.pieceSize)), Int32(rank))
          received += Int(size)
          if size < Self.pieceSize { return received }
        }
      }
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
      _ = measured {
        for start in stride(from: 0, to: bytes.count, by: Self.pieceSize) {
          lstm_mpi_broadcast(bytes.baseAddress! + start, Int32(min(bytes.count - start, Self.pieceSize)))
        }
        return rank == 0 ? nil : bytes.count
      }
    }

    func sum(_ values: UnsafeMutableBufferPointer<Float>) {
      _ = measured {
        for start in stride(from: 0, to: values.count, by: Self.pieceSize) {
          lstm_mpi_sum(values.baseAddress! + start, Int32(min(values.count - start, Self.pieceSize)))
        }
        return 8 * values.count * (count - 1) / count
      }
    }

    func abort(_ code: Int32) -> Never {
      lstm_mpi_abort(code)
      exit(code)
    }
  }
#endif
