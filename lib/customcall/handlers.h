// The functions that customcall.go calls.
#ifndef ESSNAS_HANDLERS_H
#define ESSNAS_HANDLERS_H

// Registers the kernels for an instruction set ("" for the best) with a plugin, given the
// extensions and the minor version of its table. Returns NULL, or the reason of a failure.
const char *kernel_register(const void *extensions, int version, const char *set);

// Reports whether a kernel has this name.
int kernel_has(const char *name);

// Returns the instruction set in use, or "" before registration.
const char *kernel_set(void);

// Reports whether the processor supports an instruction set.
int kernel_runs(const char *set);

#endif
