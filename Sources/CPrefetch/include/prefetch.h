// The one instruction of the kernels that Swift has no word for: fetch a cache line ahead of its use.
// It changes no result, and an address that can't be read does no harm.
#pragma once

static inline __attribute__((always_inline)) void prefetchToRead(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

static inline __attribute__((always_inline)) void prefetchToWrite(const void *address) {
  __builtin_prefetch(address, 1, 3);
}
