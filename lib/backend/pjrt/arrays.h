// What lies on the devices of a plugin, counted: every array that is uploaded, viewed or computed, until it is destroyed. Devices share a count.
#ifndef ESSNAS_ARRAYS_H
#define ESSNAS_ARRAYS_H

#include "pjrt.h"

// Arrays there are, their bytes, and the most bytes since arrays_mark.
typedef struct { uint64_t arrays, bytes, peak; } arrays_count;
arrays_count arrays_now(int slot);
void arrays_mark(int slot);

void arrays_add(int slot, const pj_api *real, pj_buffer *b);
void arrays_remove(int slot, const pj_buffer *b);
void arrays_computed(int slot, const pj_api *real, const pj_loaded_execute *a); // adds the outputs
void arrays_forget(int slot, const pj_loaded *x);                                // that is destroyed

#endif
