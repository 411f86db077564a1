// Prefetching of a cache line before its use, the only instruction of the kernels that Swift can't express.
// It doesn't affect results, and may be given invalid addresses.
#pragma once

static inline __attribute__((always_inline)) void prefetchToRead(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

static inline __attribute__((always_inline)) void prefetchToWrite(const void *address) {
  __builtin_prefetch(address, 1, 3);
}
