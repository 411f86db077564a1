#if MPI
  import CMPI
#endif
import Foundation
import Parallel

/// Access to the ranks that `mpirun` or a cluster's scheduler started.
///
/// More than one rank requires the package trait `MPI`.
public enum MPI {
  /// Whether this library was built with MPI.
  public static var isAvailable: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  /// The number of ranks that the launcher started; nil if no launcher started this process.
  public static var launchedRanks: Int? {
    let environment = ProcessInfo.processInfo.environment
    // Set by Open MPI's mpirun, MPICH and Slurm's PMI, and Slurm's PMIx (where only Slurm's own variable has the count).
    if let count = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].lazy.compactMap({ environment[$0].flatMap(Int.init) }).first {
      return count
    }
    return environment["PMIX_RANK"].map { _ in environment["SLURM_STEP_NUM_TASKS"].flatMap(Int.init) ?? 1 }
  }

  /// The rank that the launcher assigned to this process; nil if no launcher started it.
  public static var launchedRank: Int? {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].lazy.compactMap { environment[$0].flatMap(Int.init) }.first
  }

  /// Initializes MPI, and returns the launcher's ranks, or this process alone if no launcher started it.
  ///
  /// Call this once in a process, before other threads are started.
  ///
  /// - Throws: `RankError` if there are several ranks and no usable MPI to reach them.
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

  /// Finalizes MPI, which waits for all ranks. A rank that exits without calling this counts as failed.
  public static func end(_ communicator: any Communicator) {
    #if MPI
      if communicator is MPICommunicator { lstm_mpi_end() }
    #endif
  }
}

#if MPI
  /// MPI_COMM_WORLD.
  final class MPICommunicator: Communicator {
    let rank: Int
    let count: Int
    private(set) var traffic = Traffic()
    /// MPI's counts have 32 bits, so longer messages are split into pieces; a shorter piece ends the message.
    private static let pieceSize = 1 << 30

    /// Initializes MPI.
    ///
    /// - Parameter ranks: the number of ranks that the launcher started.
    /// - Throws: `RankError` if the MPI library doesn't support threads, or sees another number of ranks.
    init(ranks: Int) throws {
      var (rank, count) = (Int32(0), Int32(0))
      guard lstm_mpi_begin(&rank, &count) == 0 else {
        throw RankError.noThreads
      }
      // Under the launcher of another MPI, each process would consider itself alone, and all would write the same files.
      guard count == ranks else {
        throw RankError.otherMPI(started: ranks, seen: Int(count))
      }
      (self.rank, self.count) = (Int(rank), Int(count))
    }

    /// Adds a call's time, and the bytes that it received unless nil, to the traffic.
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
