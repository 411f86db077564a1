// Empty unless the package is built with the trait MPI.
#ifdef LSTM_MPI

#include "lstm_mpi.h"

#include <mpi.h>

int lstm_mpi_begin(int *rank, int *count) {
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, count);
  return provided < MPI_THREAD_FUNNELED;
}

void lstm_mpi_end(void) { MPI_Finalize(); }

void lstm_mpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

void lstm_mpi_send(const void *bytes, int count, int rank) {
  MPI_Send(bytes, count, MPI_BYTE, rank, 0, MPI_COMM_WORLD);
}

int lstm_mpi_receive(void *bytes, int capacity, int rank) {
  MPI_Status status;
  int count = 0;
  MPI_Recv(bytes, capacity, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &status);
  MPI_Get_count(&status, MPI_BYTE, &count);
  return count;
}

void lstm_mpi_broadcast(void *bytes, int count) { MPI_Bcast(bytes, count, MPI_BYTE, 0, MPI_COMM_WORLD); }

void lstm_mpi_sum(float *values, int count) {
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

#else

// Some compilers warn about a file without declarations.
typedef int lstm_mpi_is_left_out;

#endif
