#include <stddef.h>

// The description of a GPU by NVIDIA's driver.
typedef struct {
  char name[128];
  size_t bytes; // of memory
  int major, minor; // compute capability
} gpu_info;

// Returns the number of GPUs, and writes the first n of them into out and the CUDA version of the
// driver into version (13000 is 13.0). Returns -1 without a driver, and -2 if the driver does not
// work.
int gpu_ask(gpu_info *out, int n, int *version);

// Loads a shared library for the life of the process. Returns 0 if that fails.
int gpu_preload(const char *path);
