#if defined(__x86_64__) && defined(__GNUC__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define LANES 8
#define WIDE 2
#define NAME(f) f##_avx2
#include "kernels.inc.h"
KERNELS(avx2, "avx2");
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
