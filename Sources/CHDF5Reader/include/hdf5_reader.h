// Reads the data sets of an HDF5 file with libhdf5, in a process of its own.
//
// libhdf5 crashes, hangs and takes memory without end on files made for it. So a child that is forked for each file
// reads it, under limits of time and memory, and writes what it finds into a pipe: whatever becomes of the child, the
// caller has a list of data sets or an error.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The child that reads a file, and the end of its pipe; the pipe is -1 where it could not be started (see errno).
typedef struct {
  pid_t process;
  int pipe;
} HDF5Child;

// What the child writes: records of a kind (one byte) and what follows; all numbers are little-endian.
enum {
  /// A data set: path (uint16 length, bytes), type (uint8), rank (uint8), extents (uint64 each), elements.
  HDF5RecordDataSet = 1,
  /// Why the file is not read: uint16 length, bytes. The last record.
  HDF5RecordRefusal = 2,
  /// All data sets are there. The last record.
  HDF5RecordEnd = 3,
};

// Types of elements. What is a float16 or float32 in the file arrives as float32, int32 and int64 (and
// unsigned ones) as int64.
enum {
  HDF5TypeFloat32 = 1,
  HDF5TypeFloat64 = 2,
  HDF5TypeInt64 = 3,
  HDF5TypeBFloat16 = 4,
};

/// Starts a child that reads a file's bytes.
///
/// - Parameters:
///   - bytes, count: the whole file.
///   - seconds: how much of the processor's time the child may take before it is killed.
HDF5Child hdf5StartReading(const void *bytes, size_t count, unsigned seconds);
