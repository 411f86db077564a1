// Empty unless the package is built with the trait HDF5.
#ifdef LSTM_HDF5

#include "hdf5_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

// Far more than any Keras model that can be read has, and few enough to be read quickly.
enum { objectLimit = 2000, depthLimit = 16, nameLimit = 200, pathLimit = 1000, rankLimit = 8, textLimit = 2000 };

// MARK: The child

// The child has the process to itself, so it may have global state.
static struct {
  int pipe;
  // Bytes of the file, which all data sets and attributes together can't exceed.
  hsize_t size;
  // Bytes of these so far.
  hsize_t sum;
  // Objects so far.
  int objects;
  char path[pathLimit + 1];
} child;

static void send(const void *bytes, size_t count) {
  const char *next = bytes;
  while (count > 0) {
    ssize_t written = write(child.pipe, next, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(1);
    next += written;
    count -= (size_t)written;
  }
}

static void sendNumber(uint64_t value, int width) {
  uint8_t bytes[8];
  for (int i = 0; i < width; i++) bytes[i] = (uint8_t)(value >> 8 * i);
  send(bytes, (size_t)width);
}

static void sendText(const char *text) {
  size_t length = strlen(text);
  sendNumber(length, 2);
  send(text, length);
}

/// Reports why the file can't be read, and exits.
__attribute__((noreturn)) static void refuse(const char *problem) {
  char text[pathLimit + 200];
  snprintf(text, sizeof text, "%s%s%s", child.path, child.path[0] ? ": " : "", problem);
  sendNumber(HDF5RecordRefusal, 1);
  sendText(text);
  _exit(0);
}

static const char *const damaged = "libhdf5 can't read it";

static void require(int condition) {
  if (!condition) refuse(damaged);
}

/// Counts bytes that the file says it holds, before there is memory for them.
static void claim(hsize_t count, size_t size) {
  if (size > 0 && count > (child.size - child.sum) / size) refuse("its contents are larger than the file");
  child.sum += count * size;
}

/// Keras marks bfloat16, which HDF5 has no type for, with an attribute of the data set.
static int isMarkedBFloat16(hid_t set) {
  if (H5Aexists(set, "dtype") <= 0) return 0;
  hid_t attribute = H5Aopen(set, "dtype", H5P_DEFAULT);
  hid_t type = H5Aget_type(attribute);
  hid_t space = H5Aget_space(attribute);
  require(attribute >= 0 && type >= 0 && space >= 0);
  if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) return 0;
  char fixed[16] = "";
  char *text = fixed;
  hid_t memory = H5Tcopy(H5T_C_S1);
  if (H5Tis_variable_str(type) > 0) {
    require(H5Tset_size(memory, H5T_VARIABLE) >= 0 && H5Tset_cset(memory, H5Tget_cset(type)) >= 0);
    require(H5Aread(attribute, memory, &text) >= 0 && text);
  } else {
    if (H5Tget_size(type) >= sizeof fixed) return 0;
    require(H5Tset_size(memory, sizeof fixed) >= 0 && H5Tset_cset(memory, H5Tget_cset(type)) >= 0);
    require(H5Aread(attribute, memory, fixed) >= 0);
  }
  return strcmp(text, "bfloat16") == 0;
}

static int isOneOf(hid_t type, hid_t a, hid_t b) { return H5Tequal(type, a) > 0 || H5Tequal(type, b) > 0; }

/// IEEE half precision in a given byte order, for which libhdf5 1.10 has no name.
static hid_t halfPrecision(H5T_order_t order) {
  hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  require(
    H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0 && H5Tset_precision(type, 16) >= 0 && H5Tset_ebias(type, 15) >= 0
    && H5Tset_size(type, 2) >= 0 && H5Tset_order(type, order) >= 0);
  return type;
}

static void readDataSet(hid_t set) {
  hid_t space = H5Dget_space(set);
  hid_t type = H5Dget_type(set);
  hid_t list = H5Dget_create_plist(set);
  require(space >= 0 && type >= 0 && list >= 0);
  H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (kind != H5S_SIMPLE && kind != H5S_SCALAR) refuse("the data set has no elements");
  H5D_layout_t layout = H5Pget_layout(list);
  if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT)
    refuse("the data set is chunked, compressed or virtual, expected plain data as Keras writes it");
  if (H5Pget_external_count(list) != 0) refuse("the data set's data are in another file");
  if (H5Pget_nfilters(list) != 0) refuse("the data set has a filter, expected plain data as Keras writes it");

  int rank = H5Sget_simple_extent_ndims(space);
  require(rank >= 0);
  if (rank > rankLimit) refuse("the data set has too many dimensions");
  hsize_t extents[H5S_MAX_RANK];
  require(H5Sget_simple_extent_dims(space, extents, NULL) == rank);
  hsize_t count = 1;
  for (int i = 0; i < rank; i++) {
    if (extents[i] != 0 && count > child.size / extents[i]) refuse("the data set's shape is larger than the file");
    count *= extents[i];
  }
  size_t size = H5Tget_size(type);
  require(size > 0);

  int code = 0;
  size_t width = 0;
  hid_t memory = -1;
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      if (isOneOf(type, H5T_IEEE_F64LE, H5T_IEEE_F64BE)) {
        code = HDF5TypeFloat64, width = 8, memory = H5T_IEEE_F64LE;
      } else if (
        isOneOf(type, H5T_IEEE_F32LE, H5T_IEEE_F32BE)
        || isOneOf(type, halfPrecision(H5T_ORDER_LE), halfPrecision(H5T_ORDER_BE))) {
        code = HDF5TypeFloat32, width = 4, memory = H5T_IEEE_F32LE;
      }
      break;
    case H5T_INTEGER:
      // No smaller integers, so that elements at most double in size.
      if ((size == 4 || size == 8) && H5Tget_precision(type) == 8 * size && H5Tget_offset(type) == 0)
        code = HDF5TypeInt64, width = 8, memory = H5T_STD_I64LE;
      break;
    case H5T_OPAQUE:
      if (size == 2 && isMarkedBFloat16(set)) code = HDF5TypeBFloat16, width = 2, memory = type;
      break;
    default: break;
  }
  if (code == 0) refuse("the data set's elements are not of float16, bfloat16, float32, float64, int32 or int64");

  claim(count, size);
  // Data that were never written take no space in the file, and would be read as a fill value that the file chooses.
  if (layout == H5D_CONTIGUOUS && count > 0 && H5Dget_storage_size(set) != count * size)
    refuse("the data set's data are not in the file");
  // The extra bytes avoid an allocation of 0 bytes.
  void *elements = malloc((size_t)count * width + 8);
  if (!elements) refuse("there is not enough memory");
  require(H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements) >= 0);
  sendNumber(HDF5RecordDataSet, 1);
  sendText(child.path);
  sendNumber((uint64_t)code, 1);
  sendNumber((uint64_t)rank, 1);
  for (int i = 0; i < rank; i++) sendNumber(extents[i], 8);
  send(elements, (size_t)count * width);
  free(elements);
  H5Pclose(list);
  H5Tclose(type);
  H5Sclose(space);
}

/// Whether an attribute is one of those in which a legacy file describes a model. Lists too long for one attribute are in
/// several, whose names end in numbers.
static int isKerass(const char *name) {
  static const char *const names[] = {"model_config", "training_config", "layer_names", "weight_names"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t length = strlen(names[i]);
    if (strncmp(name, names[i], length) != 0) continue;
    const char *rest = name + length;
    if (strlen(rest) <= 4 && rest[strspn(rest, "0123456789")] == 0) return 1;
  }
  return 0;
}

static void sendLongText(const char *text, size_t length) {
  sendNumber(length, 4);
  send(text, length);
}

static herr_t readAttribute(hid_t object, const char *name, const H5A_info_t *ignored, void *unused) {
  (void)ignored, (void)unused;
  if (!isKerass(name)) return 0;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  require(attribute >= 0);
  hid_t type = H5Aget_type(attribute);
  hid_t space = H5Aget_space(attribute);
  require(type >= 0 && space >= 0);
  hssize_t count = H5Sget_simple_extent_npoints(space);
  // Of a list without elements h5py makes one of numbers.
  if (count != 0 && H5Tget_class(type) != H5T_STRING) refuse("an attribute of Keras's is not a text");
  if (count < 0 || count > textLimit) refuse("an attribute has too many texts");
  sendNumber(HDF5RecordAttribute, 1);
  sendText(child.path);
  sendText(name);
  sendNumber((uint64_t)count, 4);
  if (count > 0) {
    hid_t memory = H5Tcopy(H5T_C_S1);
    size_t size = H5Tget_size(type);
    require(memory >= 0 && size > 0 && H5Tset_cset(memory, H5Tget_cset(type)) >= 0);
    if (H5Tis_variable_str(type) > 0) {
      // How long they are is known when they have been read. Several may share their bytes in a file that is made to
      // exhaust memory, of which this process has little.
      char *texts[textLimit] = {0};
      require(H5Tset_size(memory, H5T_VARIABLE) >= 0 && H5Aread(attribute, memory, texts) >= 0);
      for (hssize_t i = 0; i < count; i++) {
        size_t length = texts[i] ? strlen(texts[i]) : 0;
        claim(length, 1);
        sendLongText(texts[i], length);
      }
      H5Dvlen_reclaim(memory, space, H5P_DEFAULT, texts);
    } else {
      claim((hsize_t)count, size);
      char *texts = calloc((size_t)count, size);
      if (!texts) refuse("there is not enough memory");
      require(
        H5Tset_size(memory, size) >= 0 && H5Tset_strpad(memory, H5T_STR_NULLPAD) >= 0
        && H5Aread(attribute, memory, texts) >= 0);
      for (size_t i = 0; i < (size_t)count; i++) sendLongText(texts + i * size, strnlen(texts + i * size, size));
      free(texts);
    }
    H5Tclose(memory);
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(attribute);
  return 0;
}

static void readGroup(hid_t group, int depth);

static herr_t readLink(hid_t group, const char *name, const H5L_info_t *ignored, void *depth) {
  (void)ignored;
  size_t length = strlen(child.path);
  size_t nameLength = strlen(name);
  if (++child.objects > objectLimit) refuse("the file has too many objects");
  if (nameLength == 0 || nameLength > nameLimit || length + 1 + nameLength > pathLimit)
    refuse("a name is empty or too long");
  // Names go into messages.
  for (const char *c = name; *c; c++)
    if (*c < 32 || *c > 126 || *c == '/') refuse("a name has characters that Keras doesn't use in names");
  snprintf(child.path + length, sizeof child.path - length, "%s%s", length ? "/" : "", name);

  H5L_info_t link;
  require(H5Lget_info(group, name, &link, H5P_DEFAULT) >= 0);
  if (link.type != H5L_TYPE_HARD) refuse("it is a soft or external link, expected a group or a data set");
  hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  require(object >= 0);
  switch (H5Iget_type(object)) {
    case H5I_GROUP: readGroup(object, *(int *)depth + 1); break;
    case H5I_DATASET: readDataSet(object); break;
    default: refuse("it is neither a group nor a data set");
  }
  H5Oclose(object);
  child.path[length] = 0;
  return 0;
}

static void readGroup(hid_t group, int depth) {
  if (depth > depthLimit) refuse("groups are nested too deeply");
  hsize_t index = 0;
  require(H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, &index, readAttribute, NULL) >= 0);
  index = 0;
  require(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, readLink, &depth) >= 0);
}

/// The size of this process's address space in bytes, or 0 if the system doesn't say.
static rlim_t addressSpace(void) {
  unsigned long long pages = 0;
#ifdef __linux__
  char text[32] = "";
  int file = open("/proc/self/statm", O_RDONLY);
  if (file >= 0) {
    ssize_t count = read(file, text, sizeof text - 1);
    if (count > 0) pages = strtoull(text, NULL, 10);
    close(file);
  }
#endif
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit(int resource, rlim_t value) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > value) limit.rlim_cur = value;
  setrlimit(resource, &limit);
}

__attribute__((noreturn)) static void readFile(const void *bytes, size_t count, unsigned seconds) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, seconds);
  // What is read is in memory, and what is written goes to the pipe, which is open.
  limit(RLIMIT_NOFILE, 0);
  // libhdf5 makes two copies of the file, and another one of each data set.
  rlim_t now = addressSpace();
  if (now > 0) limit(RLIMIT_AS, now + 4 * (rlim_t)count + (64 << 20));

  child.size = count;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  require(access >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0);
  if (count > 0) require(H5Pset_file_image(access, (void *)bytes, count) >= 0);
  hid_t file = count == 0 ? -1 : H5Fopen("model.weights.h5", H5F_ACC_RDONLY, access);
  if (file < 0) refuse("it isn't an HDF5 file, or is damaged");
  hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
  require(root >= 0);
  readGroup(root, 0);
  sendNumber(HDF5RecordEnd, 1);
  _exit(0);
}

// MARK: The parent

static pthread_mutex_t startLock = PTHREAD_MUTEX_INITIALIZER;

HDF5Child hdf5StartReading(const void *bytes, size_t count, unsigned seconds) {
  HDF5Child result = {-1, -1};
  int ends[2];
  // One at a time, since a child that inherited the end of another's pipe would keep it open.
  pthread_mutex_lock(&startLock);
  if (pipe(ends) != 0) {
    pthread_mutex_unlock(&startLock);
    return result;
  }
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  // None of the parent's signal handlers may run in the child.
  sigset_t all, own;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &own);
  pid_t process = fork();
  if (process == 0) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    // Discard whatever libhdf5 and the C library print.
    child.pipe = fcntl(ends[1], F_DUPFD, 3);
    int null = open("/dev/null", O_RDWR);
    if (child.pipe < 0 || null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(1);
    close(ends[1]);
    readFile(bytes, count, seconds);
  }
  int problem = errno;
  pthread_sigmask(SIG_SETMASK, &own, NULL);
  close(ends[1]);
  if (process > 0) {
    result.process = process;
    result.pipe = ends[0];
  } else {
    close(ends[0]);
  }
  pthread_mutex_unlock(&startLock);
  errno = problem;
  return result;
}

#endif
