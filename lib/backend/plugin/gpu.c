#include "gpu.h"

#include <dlfcn.h>
#include <string.h>

// Types and values are those of cuda.h, in which CUresult and CUdevice are int.
enum { COMPUTE_CAPABILITY_MAJOR = 75, COMPUTE_CAPABILITY_MINOR = 76 };

int gpu_ask(gpu_info *out, int n, int *version) {
  void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!driver) return -1;
  int (*init)(unsigned) = (int (*)(unsigned))dlsym(driver, "cuInit");
  int (*count)(int *) = (int (*)(int *))dlsym(driver, "cuDeviceGetCount");
  int (*driverVersion)(int *) = (int (*)(int *))dlsym(driver, "cuDriverGetVersion");
  int (*get)(int *, int) = (int (*)(int *, int))dlsym(driver, "cuDeviceGet");
  int (*name)(char *, int, int) = (int (*)(char *, int, int))dlsym(driver, "cuDeviceGetName");
  int (*memory)(size_t *, int) = (int (*)(size_t *, int))dlsym(driver, "cuDeviceTotalMem_v2");
  int (*attribute)(int *, int, int) = (int (*)(int *, int, int))dlsym(driver, "cuDeviceGetAttribute");
  if (!init || !count || !driverVersion || !get || !name || !memory || !attribute) return -2;
  int gpus = 0;
  if (init(0) || driverVersion(version) || count(&gpus)) return -2;
  for (int i = 0; i < gpus && i < n; i++) {
    int device;
    memset(&out[i], 0, sizeof out[i]);
    if (get(&device, i) || name(out[i].name, sizeof out[i].name - 1, device) || memory(&out[i].bytes, device) ||
        attribute(&out[i].major, COMPUTE_CAPABILITY_MAJOR, device) || attribute(&out[i].minor, COMPUTE_CAPABILITY_MINOR, device))
      return -2;
  }
  return gpus;
}

int gpu_preload(const char *path) { return dlopen(path, RTLD_LAZY | RTLD_LOCAL) != NULL; }
