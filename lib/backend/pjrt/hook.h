// What hook.go calls. Functions that return a pj_error return NULL for success.
#ifndef ESSNAS_HOOK_H
#define ESSNAS_HOOK_H

#include "pjrt.h"

// So many plugins can be hooked in one process: a compile function can only tell its plugin by being another function.
enum { HOOK_SLOTS = 4 };

// Loads the plugin at path. Its table, or NULL and a reason.
const pj_api *hook_open(const char *path, const char **reason);

// Whether executions and uploads are waited for. On a CPU those on several devices at once must be: they wait for each other on threads of one pool, which two
// executions at a time would fill.
enum { HOOK_GO_ON, HOOK_WAIT, HOOK_WAIT_FOR_SEVERAL };

// A copy of a plugin's table whose functions to compile and to destroy executables are essnasCompile(slot, ...) and essnasDestroy(slot, ...); the table itself when it
// can't be hooked. Unless wait says otherwise, executions and uploads go on when they have begun.
const pj_api *hook_table(const pj_api *real, int slot, int wait);

// How often the table's functions were called: executables run, waits for something to be ready, and arrays uploaded.
typedef struct { uint64_t executions, waits, uploads; } hook_counts;
hook_counts hook_count(int slot);

// Bytes in use on the first device, now and at most, and how many there are; zeros where the plugin does not tell, or nothing was uploaded or compiled yet.
void hook_memory(const pj_api *real, int slot, int64_t *now, int64_t *peak, int64_t *limit);
void hook_client(int slot, pj_client *client); // that compiles

// The message of e, up to n-1 bytes and a zero, in text; destroys e.
void hook_message(const pj_api *real, pj_error *e, char *text, size_t n);

// The plugin's own functions.
pj_error *hook_compile(const pj_api *real, pj_client_compile *a);
pj_error *hook_topology(const pj_api *real, pj_client *client, pj_topology_serialize *out);
pj_error *hook_load(const pj_api *real, pj_client_compile *a, const char *bytes, size_t n); // sets a->executable
pj_error *hook_destroy(const pj_api *real, pj_loaded *x);
pj_error *hook_serialize(const pj_api *real, pj_loaded *x, pj_executable_serialize *out);

// Free what the two serialisations hold.
void hook_topology_free(pj_topology_serialize *s);
void hook_serialize_free(pj_executable_serialize *s);

#endif
