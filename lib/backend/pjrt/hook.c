#include "arrays.h"
#include "hook.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

extern pj_error *essnasCompile(int slot, pj_client_compile *a); // in hook.go
extern pj_error *essnasDestroy(int slot, pj_loaded_destroy *a); // in shared.go

#define SLOT(n) \
  static pj_error *compile##n(void *a) { return essnasCompile(n, a); } \
  static pj_error *destroy##n(void *a) { return essnasDestroy(n, a); }
SLOT(0) SLOT(1) SLOT(2) SLOT(3)
static const pj_function compile[HOOK_SLOTS] = {compile0, compile1, compile2, compile3};
static const pj_function destroy[HOOK_SLOTS] = {destroy0, destroy1, destroy2, destroy3};

// These functions replace further functions of a plugin. They count calls and arrays, and they
// avoid waits. go-xla waits for the end of each execution by an event that it requests; without the
// request it does not wait. The plugin executes programs in the order of their data. A copy to the
// host waits for its array, and the first copy of a result returns the error of its execution. An
// upload is copied before the call returns, so it does not wait for the device either.
static const pj_api *counted[HOOK_SLOTS];
static _Atomic uint64_t executions[HOOK_SLOTS], waits[HOOK_SLOTS], uploads[HOOK_SLOTS];
static int waiting[HOOK_SLOTS]; // HOOK_WAIT ..., for executions and uploads
// The client of each plugin, known after its first upload or compilation.
static pj_client *_Atomic clients[HOOK_SLOTS];
static pj_error *execute(int slot, pj_loaded_execute *a) {
  executions[slot]++;
  if (waiting[slot] == HOOK_GO_ON || (waiting[slot] == HOOK_WAIT_FOR_SEVERAL && a->num_devices == 1)) a->device_complete_events = NULL;
  pj_error *e = counted[slot]->function[PJ_LOADED_EXECUTE](a);
  if (!e) arrays_computed(slot, counted[slot], a);
  return e;
}
static pj_error *upload(int slot, pj_client_buffer_from_host *a) {
  uploads[slot]++;
  clients[slot] = a->client;
  if (waiting[slot] != HOOK_WAIT) a->host_buffer_semantics = PJ_ONLY_DURING_CALL;
  pj_error *e = counted[slot]->function[PJ_CLIENT_BUFFER_FROM_HOST](a);
  if (!e) arrays_add(slot, counted[slot], a->buffer);
  return e;
}
static pj_error *view(int slot, pj_client_view *a) {
  pj_error *e = counted[slot]->function[PJ_CLIENT_VIEW](a);
  if (!e) arrays_add(slot, counted[slot], a->buffer);
  return e;
}
static pj_error *leave(int slot, pj_buffer_destroy *a) {
  arrays_remove(slot, a->buffer); // before another array gets its address
  return counted[slot]->function[PJ_BUFFER_DESTROY](a);
}
#define COUNT(n) \
  static pj_error *execute##n(void *a) { return execute(n, a); } \
  static pj_error *upload##n(void *a) { return upload(n, a); } \
  static pj_error *view##n(void *a) { return view(n, a); } \
  static pj_error *leave##n(void *a) { return leave(n, a); } \
  static pj_error *await##n(void *a) { waits[n]++; return counted[n]->function[PJ_EVENT_AWAIT](a); }
COUNT(0) COUNT(1) COUNT(2) COUNT(3)
static const pj_function executing[HOOK_SLOTS] = {execute0, execute1, execute2, execute3};
static const pj_function uploading[HOOK_SLOTS] = {upload0, upload1, upload2, upload3};
static const pj_function viewing[HOOK_SLOTS] = {view0, view1, view2, view3};
static const pj_function leaving[HOOK_SLOTS] = {leave0, leave1, leave2, leave3};
static const pj_function await[HOOK_SLOTS] = {await0, await1, await2, await3};

hook_counts hook_count(int slot) { return (hook_counts){executions[slot], waits[slot], uploads[slot]}; }

#define ARGS(type, name) type name; memset(&name, 0, sizeof name); name.struct_size = sizeof name

const pj_api *hook_open(const char *path, const char **reason) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!library) { *reason = dlerror(); return NULL; }
  const pj_api *(*get)(void) = (const pj_api *(*)(void))dlsym(library, "GetPjrtApi");
  if (!get) { *reason = "it has no function GetPjrtApi"; return NULL; }
  const pj_api *real = get();
  if (!real) *reason = "it has no table of functions";
  return real;
}

static int has(const pj_api *t, int i) {
  return t->struct_size >= offsetof(pj_api, function) + (i + 1) * sizeof(pj_function) && t->function[i];
}

const pj_api *hook_table(const pj_api *real, int slot, int wait) {
  if (real->pjrt_api_version.major_version != 0 || slot < 0 || slot >= HOOK_SLOTS || !has(real, PJ_CLIENT_TOPOLOGY) || !has(real, PJ_TOPOLOGY_SERIALIZE) ||
      !has(real, PJ_EXECUTABLE_SERIALIZE) || !has(real, PJ_LOADED_GET_EXECUTABLE) || !has(real, PJ_EXECUTABLE_DESERIALIZE_AND_LOAD))
    return real;
  // The copy is longer than every known table, and its rest is zero, because go-xla may know
  // functions that the plugin lacks.
  size_t n = real->struct_size > 4096 ? real->struct_size : 4096;
  pj_api *t = calloc(1, n);
  if (!t) return real;
  memcpy(t, real, real->struct_size);
  counted[slot] = real;
  waiting[slot] = wait;
  t->function[PJ_CLIENT_COMPILE] = compile[slot];
  t->function[PJ_LOADED_DESTROY] = destroy[slot];
  t->function[PJ_LOADED_EXECUTE] = executing[slot];
  t->function[PJ_CLIENT_BUFFER_FROM_HOST] = uploading[slot];
  t->function[PJ_EVENT_AWAIT] = await[slot];
  if (has(real, PJ_CLIENT_VIEW)) t->function[PJ_CLIENT_VIEW] = viewing[slot];
  t->function[PJ_BUFFER_DESTROY] = leaving[slot];
  return t;
}

void hook_message(const pj_api *real, pj_error *e, char *text, size_t n) {
  ARGS(pj_error_message, m);
  m.error = e;
  real->function[PJ_ERROR_MESSAGE](&m);
  if (m.message_size >= n) m.message_size = n - 1;
  memcpy(text, m.message, m.message_size);
  text[m.message_size] = 0;
  ARGS(pj_error_destroy, d);
  d.error = e;
  real->function[PJ_ERROR_DESTROY](&d);
}

void hook_memory(const pj_api *real, int slot, int64_t *now, int64_t *peak, int64_t *limit) {
  *now = *peak = *limit = 0;
  pj_client *client = clients[slot];
  if (!client) return;
  char text[1];
  if (!has(real, PJ_DEVICE_MEMORY_STATS)) return;
  ARGS(pj_client_addressable_devices, d);
  d.client = client;
  pj_error *e = real->function[PJ_CLIENT_ADDRESSABLE_DEVICES](&d);
  if (e) { hook_message(real, e, text, sizeof text); return; }
  if (!d.num_addressable_devices) return;
  ARGS(pj_device_memory_stats, m);
  m.device = d.addressable_devices[0];
  e = real->function[PJ_DEVICE_MEMORY_STATS](&m);
  if (e) { hook_message(real, e, text, sizeof text); return; }
  *now = m.bytes_in_use;
  if (m.peak_bytes_in_use_is_set) *peak = m.peak_bytes_in_use;
  if (m.bytes_limit_is_set) *limit = m.bytes_limit;
}

void hook_client(int slot, pj_client *client) { clients[slot] = client; }

pj_error *hook_compile(const pj_api *real, pj_client_compile *a) { return real->function[PJ_CLIENT_COMPILE](a); }

pj_error *hook_topology(const pj_api *real, pj_client *client, pj_topology_serialize *out) {
  ARGS(pj_client_topology, t);
  t.client = client;
  pj_error *e = real->function[PJ_CLIENT_TOPOLOGY](&t);
  if (e) return e;
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  out->topology = t.topology;
  return real->function[PJ_TOPOLOGY_SERIALIZE](out);
}

pj_error *hook_load(const pj_api *real, pj_client_compile *a, const char *bytes, size_t n) {
  ARGS(pj_executable_deserialize_and_load, d);
  d.client = a->client;
  d.serialized_executable = bytes;
  d.serialized_executable_size = n;
  pj_error *e = real->function[PJ_EXECUTABLE_DESERIALIZE_AND_LOAD](&d);
  if (!e) a->executable = d.loaded_executable;
  return e;
}

pj_error *hook_destroy(const pj_api *real, pj_loaded *x) {
  ARGS(pj_loaded_destroy, d);
  d.executable = x;
  return real->function[PJ_LOADED_DESTROY](&d);
}

pj_error *hook_serialize(const pj_api *real, pj_loaded *x, pj_executable_serialize *out) {
  ARGS(pj_loaded_get_executable, g);
  g.loaded_executable = x;
  pj_error *e = real->function[PJ_LOADED_GET_EXECUTABLE](&g);
  if (e) return e;
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  out->executable = g.executable;
  e = real->function[PJ_EXECUTABLE_SERIALIZE](out);
  ARGS(pj_executable_destroy, d);
  d.executable = g.executable;
  pj_error *ignored = real->function[PJ_EXECUTABLE_DESTROY](&d);
  if (ignored) {
    char text[1];
    hook_message(real, ignored, text, sizeof text);
  }
  return e;
}

void hook_topology_free(pj_topology_serialize *s) {
  if (s->serialized_topology_deleter) s->serialized_topology_deleter(s->serialized_topology);
}

void hook_serialize_free(pj_executable_serialize *s) {
  if (s->serialized_executable_deleter) s->serialized_executable_deleter(s->serialized_executable);
}
