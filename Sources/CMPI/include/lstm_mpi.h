// The MPI calls that are used here, with types that Swift can import: MPI's own constants are macros with casts.
//
// All of them use MPI_COMM_WORLD, block, and must come from the thread that called lstm_mpi_begin. An error aborts all
// ranks, which is MPI's default.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Initializes MPI. Returns 0, or 1 if the library can't be used by a program with threads.
int lstm_mpi_begin(int *rank, int *count);
/// Finalizes MPI, after waiting for all ranks.
void lstm_mpi_end(void);
/// Aborts all ranks immediately.
void lstm_mpi_abort(int code);

void lstm_mpi_send(const void *bytes, int count, int rank);
/// Returns the number of bytes received; more than `capacity` is an error.
int lstm_mpi_receive(void *bytes, int capacity, int rank);
/// Sends bytes from rank 0 to all others.
void lstm_mpi_broadcast(void *bytes, int count);
/// Replaces the values on every rank by their sums over all ranks.
void lstm_mpi_sum(float *values, int count);

#ifdef __cplusplus
}
#endif
