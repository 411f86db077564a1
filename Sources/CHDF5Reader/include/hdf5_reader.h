// Reads the data sets of an HDF5 file, and those attributes that Keras writes, with libhdf5, in a separate process.
//
// Crafted files can make libhdf5 crash, hang or use unlimited memory. So each file is read by a forked child with limits
// on time and memory, which writes what it finds to a pipe. Whatever happens to the child, the caller gets either what
// the file holds or an error.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A child that reads a file, and the read end of its pipe; the pipe is -1 if the child couldn't be started (see errno).
typedef struct {
  pid_t process;
  int pipe;
} HDF5Child;

// The child writes records, each a kind (uint8) followed by its contents. All numbers are little-endian.
enum {
  /// A data set: path (uint16 length, bytes), type (uint8), rank (uint8), extents (uint64 each), elements.
  HDF5RecordDataSet = 1,
  /// Why the file can't be read: text (uint16 length, bytes). The last record.
  HDF5RecordRefusal = 2,
  /// There is nothing more. The last record.
  HDF5RecordEnd = 3,
  /// One of Keras's attributes that are texts: the object's path (uint16 length, bytes), the name (the same), the number
  /// of texts (uint32), each text (uint32 length, bytes).
  HDF5RecordAttribute = 4,
};

// Types of elements. A float16 or float32 in the file becomes a float32; a signed or unsigned integer of 32 or 64 bits
// becomes an int64.
enum {
  HDF5TypeFloat32 = 1,
  HDF5TypeFloat64 = 2,
  HDF5TypeInt64 = 3,
  HDF5TypeBFloat16 = 4,
};

/// Starts a child that reads the contents of a file.
///
/// - Parameters:
///   - bytes, count: the contents of the whole file.
///   - seconds: the processor time that the child may use before it is killed.
HDF5Child hdf5StartReading(const void *bytes, size_t count, unsigned seconds);
