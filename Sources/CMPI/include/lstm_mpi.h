// The few calls of MPI that are needed, in types that Swift imports: MPI's own constants are macros with casts.
//
// All of them work on MPI_COMM_WORLD, block, and come from the thread that began. An error ends all ranks, as is MPI's
// rule unless told otherwise.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Begins. Returns 0, or 1 where the library can't be used from a program with threads.
int lstm_mpi_begin(int *rank, int *count);
/// Waits for all ranks to end.
void lstm_mpi_end(void);
/// Ends all ranks at once.
void lstm_mpi_abort(int code);

void lstm_mpi_send(const void *bytes, int count, int rank);
/// Returns how many bytes came; more than `capacity` are an error.
int lstm_mpi_receive(void *bytes, int capacity, int rank);
/// From rank 0.
void lstm_mpi_broadcast(void *bytes, int count);
void lstm_mpi_sum(float *values, int count);

#ifdef __cplusplus
}
#endif
