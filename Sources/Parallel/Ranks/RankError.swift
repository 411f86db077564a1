import Files

/// Why the ranks of a run can't work together.
public enum RankError: ActionableError, Equatable {
  /// A rank's weights are not those of rank 0.
  case differentWeights(rank: Int)
  /// Several processes were started, but this build can't reach the others.
  case noMPI(processes: Int)
  /// The system's MPI can't be used by programs with threads.
  case noThreads
  /// The system's MPI sees a different number of processes than were started, because a different MPI started them.
  case otherMPI(started: Int, seen: Int)
  /// The ranks can't read each other's messages, because their programs differ.
  case otherVersions
  /// A rank runs a different program or command than rank 0.
  case otherProgram(rank: String, program: String, first: String)
  /// A rank's settings differ from rank 0's.
  case otherSettings(rank: String, differences: [String])
  /// A rank's data differ from rank 0's.
  case otherData(rank: String)
  /// A rank can't begin, for the reason that it gives.
  case cannotBegin(rank: String, reason: String)

  /// Nil, since no file is at fault.
  public var path: String? { nil }

  /// What is wrong.
  public var problem: String {
    switch self {
    case .differentWeights(let rank): "the weights of rank \(rank) are not those of rank 0"
    case .noMPI(let processes): "\(processes) processes were started, but this was built without MPI"
    case .noThreads: "this MPI can't be used by programs with threads"
    case .otherMPI(let started, let seen): "\(started) processes were started, of which this MPI sees \(seen)"
    case .otherVersions: "the ranks run different versions of lstm"
    case .otherProgram(let rank, let program, let first): "\(rank) runs \(program), and rank 0 \(first)"
    case .otherSettings(let rank, let differences):
      "\(rank) has other settings than rank 0 (\(differences.joined(separator: "; ")))"
    case .otherData(let rank): "\(rank) has other texts than rank 0"
    case .cannotBegin(let rank, let reason): "\(rank) can't begin: \(reason)"
    }
  }

  /// What the caller can do about it.
  public var advice: String {
    switch self {
    case .differentWeights:
      "resume from the last checkpoint; all ranks must run the same program, on memory without faults"
    case .noMPI: "build with the trait MPI, or start a single process"
    case .noThreads: "use one with at least MPI_THREAD_FUNNELED"
    case .otherMPI: "start them with the mpirun of the MPI that this was built with, or with srun --mpi=pmix"
    case .otherVersions: "put the same file on all machines"
    case .otherProgram:
      "give all ranks the same command, and put the same file on all machines: the bits depend on it"
    case .otherSettings: "give all ranks the same options"
    case .otherData: "put the same data on all machines"
    case .cannotBegin: "all ranks are ended"
    }
  }
}
