#include "arrays.h"
#include "hook.h"
#include "khash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Maps from addresses to sizes are klib's khash.h (MIT licence, commit 5fc2090). A get, a removal
// and an insertion among 500 to 30,000 arrays take 51 to 102 ns together.
#define HASH(address) ((khint_t)(((uintptr_t)(address) >> 4) * 0x9E3779B97F4A7C15u >> 20))
#define SAME(a, b) ((a) == (b))
KHASH_INIT(sizes, const void *, size_t, 1, HASH, SAME)
typedef khash_t(sizes) map;

static int put(map *m, const void *key, size_t value) {
  int state;
  khint_t i = kh_put(sizes, m, key, &state);
  if (state < 0) return 0; // out of memory
  kh_val(m, i) = value;
  return 1;
}

static int get(const map *m, const void *key, size_t *value) {
  khint_t i = kh_get(sizes, m, key);
  if (i == kh_end(m)) return 0;
  *value = kh_val(m, i);
  return 1;
}

static int take(map *m, const void *key, size_t *value) {
  khint_t i = kh_get(sizes, m, key);
  if (i == kh_end(m)) return 0;
  *value = kh_val(m, i);
  kh_del(sizes, m, i);
  return 1;
}

static struct {
  pthread_mutex_t mutex;
  map sizes;   // of arrays
  map outputs; // of executables, their number
  arrays_count now;
} meters[HOOK_SLOTS] = {{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}};

#define ARGS(type, name) type name; memset(&name, 0, sizeof name); name.struct_size = sizeof name

static int failed(const pj_api *real, pj_error *e) {
  char text[1];
  if (e) hook_message(real, e, text, sizeof text);
  return e != NULL;
}

void arrays_add(int slot, const pj_api *real, pj_buffer *b) {
  ARGS(pj_buffer_size, s);
  s.buffer = b;
  if (!b || failed(real, real->function[PJ_BUFFER_SIZE](&s))) return;
  pthread_mutex_lock(&meters[slot].mutex);
  arrays_count *n = &meters[slot].now;
  if (put(&meters[slot].sizes, b, s.on_device_size_in_bytes)) {
    n->arrays++;
    n->bytes += s.on_device_size_in_bytes;
    if (n->bytes > n->peak) n->peak = n->bytes;
  }
  pthread_mutex_unlock(&meters[slot].mutex);
}

void arrays_remove(int slot, const pj_buffer *b) {
  size_t size;
  pthread_mutex_lock(&meters[slot].mutex);
  if (take(&meters[slot].sizes, b, &size)) {
    meters[slot].now.arrays--;
    meters[slot].now.bytes -= size;
  }
  pthread_mutex_unlock(&meters[slot].mutex);
}

void arrays_computed(int slot, const pj_api *real, const pj_loaded_execute *a) {
  size_t n;
  pthread_mutex_lock(&meters[slot].mutex);
  int known = get(&meters[slot].outputs, a->executable, &n);
  pthread_mutex_unlock(&meters[slot].mutex);
  if (!known) {
    ARGS(pj_loaded_get_executable, g);
    g.loaded_executable = a->executable;
    if (failed(real, real->function[PJ_LOADED_GET_EXECUTABLE](&g))) return;
    ARGS(pj_executable_outputs, o);
    o.executable = g.executable;
    int unknown = failed(real, real->function[PJ_EXECUTABLE_OUTPUTS](&o));
    ARGS(pj_executable_destroy, d);
    d.executable = g.executable;
    failed(real, real->function[PJ_EXECUTABLE_DESTROY](&d));
    if (unknown) return;
    n = o.num_outputs;
    pthread_mutex_lock(&meters[slot].mutex);
    put(&meters[slot].outputs, a->executable, n);
    pthread_mutex_unlock(&meters[slot].mutex);
  }
  for (size_t d = 0; d < a->num_devices; d++)
    for (size_t i = 0; i < n; i++) arrays_add(slot, real, a->output_lists[d][i]);
}

void arrays_forget(int slot, const pj_loaded *x) {
  size_t n;
  pthread_mutex_lock(&meters[slot].mutex);
  take(&meters[slot].outputs, x, &n);
  pthread_mutex_unlock(&meters[slot].mutex);
}

arrays_count arrays_now(int slot) {
  pthread_mutex_lock(&meters[slot].mutex);
  arrays_count n = meters[slot].now;
  pthread_mutex_unlock(&meters[slot].mutex);
  return n;
}

void arrays_mark(int slot) {
  pthread_mutex_lock(&meters[slot].mutex);
  meters[slot].now.peak = meters[slot].now.bytes;
  pthread_mutex_unlock(&meters[slot].mutex);
}
