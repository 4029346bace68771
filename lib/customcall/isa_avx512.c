#if defined(__x86_64__) && defined(__GNUC__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif
#define LANES 16
#define WIDE 4
#define NAME(f) f##_avx512
#include "kernels.inc.h"
KERNELS(avx512, "avx512");
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
