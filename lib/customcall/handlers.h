// What kernel.go calls.
#ifndef ESSNAS_HANDLERS_H
#define ESSNAS_HANDLERS_H

// Registers the kernels for an instruction set ("" for the best) with a plugin whose table has these extensions and this minor version. NULL, or why that
// is not possible.
const char *kernel_register(const void *extensions, int version, const char *set);

// Whether there is a kernel of that name.
int kernel_has(const char *name);

// The instruction set in use; "" before registration.
const char *kernel_set(void);

// Whether the processor runs an instruction set.
int kernel_runs(const char *set);

#endif
