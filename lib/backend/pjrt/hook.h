// The functions that hook.go calls. Functions that return a pj_error return NULL for success.
#ifndef ESSNAS_HOOK_H
#define ESSNAS_HOOK_H

#include "pjrt.h"

// The number of plugins that one process can hook. Each plugin needs a compile function of its own,
// because the arguments do not name the plugin.
enum { HOOK_SLOTS = 4 };

// Loads the plugin at path. Returns its table, or NULL and a reason.
const pj_api *hook_open(const char *path, const char **reason);

// Selects waits for executions and uploads. On a CPU, executions on several devices need them: the
// devices wait for each other on threads of one pool, and two executions at a time would fill the
// pool.
enum { HOOK_GO_ON, HOOK_WAIT, HOOK_WAIT_FOR_SEVERAL };

// Returns a copy of a plugin's table with essnasCompile(slot, ...) and essnasDestroy(slot, ...) in
// the places of the functions that compile and destroy executables. Returns the table itself if it
// can't be hooked. With HOOK_GO_ON, executions and uploads are asynchronous.
const pj_api *hook_table(const pj_api *real, int slot, int wait);

// The numbers of executions, of waits for events, and of uploaded arrays.
typedef struct { uint64_t executions, waits, uploads; } hook_counts;
hook_counts hook_count(int slot);

// Reads the bytes in use on the first device, their peak, and the limit. The numbers are zero if
// the plugin does not report them, or before the first upload or compilation.
void hook_memory(const pj_api *real, int slot, int64_t *now, int64_t *peak, int64_t *limit);
void hook_client(int slot, pj_client *client); // sets the client of a plugin

// Writes the message of e into text, up to n-1 bytes and a zero, and destroys e.
void hook_message(const pj_api *real, pj_error *e, char *text, size_t n);

// The plugin's own functions.
pj_error *hook_compile(const pj_api *real, pj_client_compile *a);
pj_error *hook_topology(const pj_api *real, pj_client *client, pj_topology_serialize *out);
pj_error *hook_load(const pj_api *real, pj_client_compile *a, const char *bytes, size_t n); // sets a->executable
pj_error *hook_destroy(const pj_api *real, pj_loaded *x);
pj_error *hook_serialize(const pj_api *real, pj_loaded *x, pj_executable_serialize *out);

// Free the memory of the two serialisations.
void hook_topology_free(pj_topology_serialize *s);
void hook_serialize_free(pj_executable_serialize *s);

#endif
