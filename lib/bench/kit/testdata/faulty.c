// A PJRT plugin that passes everything on to the real one, named by FAULTY_REAL, but for one fault in each step of the kit. FAULTY, if set, names the only step that has
// its fault. FAULTY_ONCE names a file, which is made by the crash that shall not happen twice.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pjrt_c_api.h"

static PJRT_Api table;
static const PJRT_Api *real;
static int executions;

static int in(const char *step) {
  const char *now = getenv("ESSNAS_KIT_STEP"), *only = getenv("FAULTY");
  return now && !strcmp(now, step) && (!only || !*only || !strcmp(only, step));
}

// An error in the plugin's form: the real one refuses arguments without a size.
static PJRT_Error *refuse(void) {
  PJRT_Client_PlatformName_Args a;
  memset(&a, 0, sizeof a);
  return real->PJRT_Client_PlatformName(&a);
}

static PJRT_Error *execute(PJRT_LoadedExecutable_Execute_Args *a) {
  int n = ++executions;
  if (in("blocks") && n == 4 && open(getenv("FAULTY_ONCE"), O_CREAT | O_EXCL | O_WRONLY, 0600) >= 0) raise(SIGSEGV);
  if (in("step bf16")) abort();
  if (in("search") && n > 200) return refuse();
  if (in("table")) raise(SIGKILL); // as the system does when memory runs out
  return real->PJRT_LoadedExecutable_Execute(a);
}

static PJRT_Error *read_back(PJRT_Buffer_ToHostBuffer_Args *a) {
  PJRT_Error *e = real->PJRT_Buffer_ToHostBuffer(a);
  if (e || !a->dst || !(in("device") || in("step float32"))) return e;
  PJRT_Event_Await_Args w;
  memset(&w, 0, sizeof w);
  w.struct_size = PJRT_Event_Await_Args_STRUCT_SIZE;
  w.event = a->event;
  if ((e = real->PJRT_Event_Await(&w))) return e;
  for (size_t i = 0; i < a->dst_size / 4; i++) ((float *)a->dst)[i] *= 1.5f;
  return NULL;
}

const PJRT_Api *GetPjrtApi(void) {
  if (in("plugin")) abort();
  void *library = dlopen(getenv("FAULTY_REAL"), RTLD_NOW | RTLD_LOCAL);
  if (!library) return NULL;
  const PJRT_Api *(*get)(void) = (const PJRT_Api *(*)(void))dlsym(library, "GetPjrtApi");
  if (!get || !(real = get())) return NULL;
  memcpy(&table, real, real->struct_size < sizeof table ? real->struct_size : sizeof table);
  table.PJRT_LoadedExecutable_Execute = execute;
  table.PJRT_Buffer_ToHostBuffer = read_back;
  return &table;
}
