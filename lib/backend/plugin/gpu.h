#include <stddef.h>

// What NVIDIA's driver tells of a GPU.
typedef struct {
  char name[128];
  size_t bytes; // of memory
  int major, minor; // compute capability
} gpu_info;

// Asks the driver: the number of GPUs, the first n of them in out, and the CUDA version that it supports (13000 is
// 13.0). Negative when there is no driver (-1) or it does not work (-2).
int gpu_ask(gpu_info *out, int n, int *version);

// Loads a shared library for good; whether it could.
int gpu_preload(const char *path);
