// Makes the n-th call of one function fail, in the process that it is preloaded into (see Scripts/fault-test.sh).
//
// FAULT_CALL is the function's name, FAULT_NUMBER the call that fails, from 1 on, and FAULT_CODE the error number. What the
// process has read before its main function (its libraries) doesn't count. FAULT_COUNT names a file that gets the number of
// calls.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char *call;
static long number;
static int code;
static atomic_long count;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("FAULT_NUMBER");
  number = text ? atol(text) : 0;
  text = getenv("FAULT_CODE");
  code = text ? atoi(text) : EIO;
  call = getenv("FAULT_CALL");
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("FAULT_COUNT");
  call = NULL;
  if (!path) return;
  FILE *file = fopen(path, "w");
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&count));
  fclose(file);
}

static int fails(const char *name) {
  if (!call || strcmp(name, call) != 0) return 0;
  if (atomic_fetch_add(&count, 1) + 1 != number) return 0;
  errno = code;
  return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return fails("open") ? -1 : NEXT(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return fails("open") ? -1 : NEXT(open64)(path, flags, mode);
}

ssize_t read(int file, void *bytes, size_t size) { return fails("read") ? -1 : NEXT(read)(file, bytes, size); }

ssize_t pread(int file, void *bytes, size_t size, off_t offset) {
  return fails("pread") ? -1 : NEXT(pread)(file, bytes, size, offset);
}

ssize_t pread64(int file, void *bytes, size_t size, off64_t offset) {
  return fails("pread") ? -1 : NEXT(pread64)(file, bytes, size, offset);
}

ssize_t write(int file, const void *bytes, size_t size) {
  return fails("write") ? -1 : NEXT(write)(file, bytes, size);
}

int fsync(int file) { return fails("fsync") ? -1 : NEXT(fsync)(file); }

int close(int file) {
  // The descriptor is gone in either case.
  int result = NEXT(close)(file);
  return fails("close") ? -1 : result;
}

int rename(const char *old, const char *new) { return fails("rename") ? -1 : NEXT(rename)(old, new); }

int mkdir(const char *path, mode_t mode) { return fails("mkdir") ? -1 : NEXT(mkdir)(path, mode); }

int unlink(const char *path) { return fails("unlink") ? -1 : NEXT(unlink)(path); }

// The C library's own, as dlsym itself may allocate.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) { return fails("malloc") ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) { return fails("malloc") ? NULL : __libc_calloc(count, size); }

void *realloc(void *old, size_t size) { return fails("malloc") ? NULL : __libc_realloc(old, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (fails("malloc")) return ENOMEM;
  void *bytes = __libc_memalign(alignment, size);
  if (!bytes) return ENOMEM;
  *result = bytes;
  return 0;
}
