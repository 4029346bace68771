// Counters of the arrays on the devices of a plugin. An array counts from its upload, view or
// computation until it is destroyed. All devices of a plugin share one counter.
#ifndef ESSNAS_ARRAYS_H
#define ESSNAS_ARRAYS_H

#include "pjrt.h"

// The number of arrays, their bytes, and the peak of the bytes since arrays_mark.
typedef struct { uint64_t arrays, bytes, peak; } arrays_count;
arrays_count arrays_now(int slot);
void arrays_mark(int slot);

void arrays_add(int slot, const pj_api *real, pj_buffer *b);
void arrays_remove(int slot, const pj_buffer *b);
// Adds the outputs of an execution.
void arrays_computed(int slot, const pj_api *real, const pj_loaded_execute *a);
// Forgets a destroyed executable.
void arrays_forget(int slot, const pj_loaded *x);

#endif
