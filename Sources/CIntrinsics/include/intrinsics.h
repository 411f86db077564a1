// Instructions that Swift can't express.
#pragma once

// Prefetching of a cache line before its use. It doesn't affect results, and may be given invalid addresses.

static inline __attribute__((always_inline)) void prefetchToRead(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

static inline __attribute__((always_inline)) void prefetchToWrite(const void *address) {
  __builtin_prefetch(address, 1, 3);
}

// The square roots of 16 floats, in place, correctly rounded. Swift's `squareRoot` is a call of the library's sqrtf for
// each element, as that may set errno. The vector goes by address, so that it is no part of any calling convention.

typedef float LSTMVector16 __attribute__((ext_vector_type(16)));

static inline __attribute__((always_inline)) void squareRoots16(void *floats) {
  LSTMVector16 vector;
  __builtin_memcpy(&vector, floats, sizeof vector);
  vector = __builtin_elementwise_sqrt(vector);
  __builtin_memcpy(floats, &vector, sizeof vector);
}

// The highest level of the x86-64 psABI whose vector instructions the processor has and the system saves: 1, 3 or 4.
// 0 on other processors.
int processorLevel(void);
