#include "handlers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ffi.h"
#include "kernels.h"

// ---- the instruction set ----

static const kernels *chosen;

int kernel_runs(const char *set) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (!strcmp(set, "avx512"))
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (!strcmp(set, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return !strcmp(set, "plain");
}

static const kernels *best(const char *set) {
  const kernels *all[] = {
#if defined(__x86_64__) && defined(__GNUC__)
      &kernels_avx512, &kernels_avx2,
#endif
      &kernels_plain};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if ((!*set || !strcmp(set, all[i]->name)) && kernel_runs(all[i]->name)) return all[i];
  return NULL;
}

const char *kernel_set(void) { return chosen ? chosen->name : ""; }

// ---- memory of a thread ----

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void *s) {
  free(((scratch *)s)->at);
  free(s);
}
static void make_key(void) { pthread_key_create(&key, forget); }

static scratch *mine(void) {
  pthread_once(&once, make_key);
  scratch *s = pthread_getspecific(key);
  if (!s) {
    s = calloc(1, sizeof *s);
    if (!s) abort();
    pthread_setspecific(key, s);
  }
  return s;
}

float *scratch_of(scratch *s, size_t floats) {
  if (s->size < floats) {
    free(s->at);
    s->size = floats;
    s->at = aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64);
    if (!s->at) {
      fprintf(stderr, "out of memory: a kernel needs %zu MB of scratch\n", floats * sizeof(float) >> 20);
      abort();
    }
  }
  return s->at;
}

// ---- work in units, on XLA's threads ----

typedef struct {
  atomic_int next, users;
  int units, done;
  void (*run)(void *arg, int unit, scratch *);
  void *arg; // lives until all units are done
  pthread_mutex_t lock;
  pthread_cond_t finished;
} work;

static void drop(work *w) {
  if (atomic_fetch_sub(&w->users, 1) > 1) return;
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->finished);
  free(w);
}

static void help(work *w) {
  int did = 0;
  for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->units; did++) w->run(w->arg, i, mine());
  if (!did) return;
  pthread_mutex_lock(&w->lock);
  w->done += did;
  if (w->done == w->units) pthread_cond_signal(&w->finished);
  pthread_mutex_unlock(&w->lock);
}

static void helper(void *w) {
  help(w);
  drop(w);
}

// spread_work runs all units and returns when they have ended. The result does not depend on the
// distribution of units over threads.
static void spread_work(ffi_call *call, int units, void (*run)(void *, int, scratch *), void *arg) {
  int64_t threads = 1;
  const ffi_api *api = call->api;
  if (units > 1 && api->struct_size >= offsetof(ffi_api, threads) + sizeof(void *)) {
    ffi_threads ask = {sizeof ask, NULL, call->ctx, &threads};
    ffi_error *e = api->threads(&ask);
    if (e) {
      ffi_error_destroy d = {sizeof d, NULL, e};
      api->error_destroy(&d);
      threads = 1;
    }
  }
  if (threads > units) threads = units;
  work *w = threads > 1 ? calloc(1, sizeof *w) : NULL;
  if (!w) {
    for (int i = 0; i < units; i++) run(arg, i, mine());
    return;
  }
  w->units = units;
  w->run = run;
  w->arg = arg;
  atomic_store(&w->users, 1);
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->finished, NULL);
  for (int i = 1; i < threads; i++) {
    atomic_fetch_add(&w->users, 1);
    ffi_schedule s = {sizeof s, NULL, call->ctx, helper, w};
    ffi_error *e = api->schedule(&s);
    if (e) {
      ffi_error_destroy d = {sizeof d, NULL, e};
      api->error_destroy(&d);
      atomic_fetch_sub(&w->users, 1);
      break;
    }
  }
  help(w);
  pthread_mutex_lock(&w->lock);
  while (w->done < w->units) pthread_cond_wait(&w->finished, &w->lock);
  pthread_mutex_unlock(&w->lock);
  drop(w);
}

// ---- handlers, which read the arrays and numbers of a call ----

static ffi_error *fail(ffi_call *call, const char *message) {
  ffi_error_create e = {sizeof e, NULL, message, 3}; // invalid argument
  return call->api->error_create(&e);
}

static ffi_buffer *in(ffi_call *c, int i) { return c->in.at[i]; }
static ffi_buffer *out(ffi_call *c, int i) { return c->out.at[i]; }

// numbers returns the n numbers of the only attribute, or NULL without such an attribute.
static const int64_t *numbers(ffi_call *c, size_t n) {
  if (c->attributes.size != 1 || c->attributes.types[0] != 1) return NULL;
  const ffi_array *a = c->attributes.at[0];
  return a->size == n ? a->data : NULL;
}

// takes reports whether a call has these numbers of arrays, where -1 stands for any number.
// optional is the number of further inputs that a call may have.
static int takes(ffi_call *c, int inputs, int optional, int outputs) {
  return (inputs < 0 || c->in.size == inputs || c->in.size == inputs + optional) && (outputs < 0 || c->out.size == outputs);
}

// strangers counts the queries of an interface of another version. Registration then continues
// without an error, but the plugin does not know the handlers.
static int strangers;

// queried answers XLA's query for the version and the traits of a handler.
static int queried(ffi_call *c) {
  for (ffi_extension *e = c->extension_start; e; e = e->next)
    if (e->type == FFI_METADATA) {
      ffi_metadata *m = ((ffi_ask *)e)->metadata;
      m->version.major_version = FFI_MAJOR;
      m->version.minor_version = FFI_MINOR;
      strangers += c->api->version.major_version != FFI_MAJOR || c->api->version.minor_version != FFI_MINOR;
      m->traits = 0;
      return 1;
    }
  return 0;
}

#define HANDLER(name, inputs, optional, outputs, count)                                                       \
  static ffi_error *do_##name(ffi_call *c, const int64_t *p);                                                 \
  static ffi_error *name##_handler(ffi_call *c) {                                                             \
    if (queried(c)) return NULL;                                                                              \
    const int64_t *p = numbers(c, count);                                                                     \
    if (!takes(c, inputs, optional, outputs) || count && !p) return fail(c, #name ": not the arrays or numbers of this kernel"); \
    return do_##name(c, p);                                                                                   \
  }                                                                                                           \
  static ffi_error *do_##name(ffi_call *c, const int64_t *p)

// separable_of reads x, dw, pw and the geometry for outputs of side n. It also reads mean and rstd
// if the call has two more inputs than the given number.
static const char *separable_of(ffi_call *c, const int64_t *p, int n, int inputs, separable *s) {
  const ffi_buffer *x = in(c, 0), *dw = in(c, 1), *pw = in(c, 2);
  memset(s, 0, sizeof *s);
  if (x->dtype != FFI_F32 || dw->dtype != FFI_F32 || pw->dtype != FFI_F32 || x->rank != 4 || dw->rank != 3 || pw->rank != 2) return "separable: want float32 x [c, h, h, b], dw [k, k, c], pw [o, c]";
  s->k = p[0], s->stride = p[1], s->pad = p[2], s->dilation = p[3];
  s->c = x->dims[0], s->h = x->dims[1], s->b = x->dims[3], s->o = pw->dims[0], s->n = n;
  if (s->k < 1 || s->k * s->k > MAX_TAPS || s->c > MAX_CHANNELS || s->o > MAX_CHANNELS || dw->dims[0] != s->k || dw->dims[2] != s->c || pw->dims[1] != s->c) return "separable: shapes that don't fit, or are too large";
  s->x = x->data, s->dw = dw->data, s->pw = pw->data;
  if (c->in.size == inputs + 2) s->mean = in(c, inputs)->data, s->rstd = in(c, inputs + 1)->data;
  return NULL;
}

static void forward_unit(void *s, int unit, scratch *m) { chosen->separable_forward(s, unit, m); }

HANDLER(separable, 3, 2, 1, 4) { // x, dw, pw, (mean, rstd) -> y
  separable s;
  const char *fault = separable_of(c, p, out(c, 0)->dims[1], 3, &s);
  if (fault) return fail(c, fault);
  s.y = out(c, 0)->data;
  spread_work(c, chosen->separable_bands(&s), forward_unit, &s);
  return NULL;
}

static void spread_unit(void *s, int unit, scratch *m) { chosen->separable_spread(s, unit, m); }
static void pull_unit(void *s, int unit, scratch *m) { chosen->separable_pull(s, unit, m); }

// x, dw, pw, gradient of y, (mean, rstd, or the previous gradient of x) -> gradient of x
HANDLER(separable_pull, -1, 0, 1, 4) {
  separable s;
  if (c->in.size < 4 || c->in.size > 6) return fail(c, "separable_pull: not the arrays of this kernel");
  const char *fault = separable_of(c, p, in(c, 3)->dims[1], 4, &s);
  if (fault) return fail(c, fault);
  s.g = in(c, 3)->data;
  s.y = out(c, 0)->data;
  if (c->in.size == 5) s.so = in(c, 4)->data;
  s.u = malloc(chosen->separable_spread_size(&s) * sizeof(float));
  if (!s.u) return fail(c, "separable_pull: out of memory");
  spread_work(c, chosen->separable_spread_units(&s), spread_unit, &s);
  spread_work(c, chosen->separable_pull_units(&s), pull_unit, &s);
  free(s.u);
  return NULL;
}

static void weigh_unit(void *s, int unit, scratch *m) { chosen->separable_weigh(s, unit, m); }

HANDLER(separable_weigh, 4, 2, 2, 4) { // x, dw, pw, gradient of y, (mean, rstd) -> gradients of dw and pw
  separable s;
  const char *fault = separable_of(c, p, in(c, 3)->dims[1], 4, &s);
  if (fault) return fail(c, fault);
  s.g = in(c, 3)->data;
  int bands = chosen->separable_bands(&s);
  size_t sums = chosen->separable_sums(&s), dw = (size_t)s.k * s.k * s.c;
  s.sums = malloc(bands * sums * sizeof(double));
  if (!s.sums) return fail(c, "separable_weigh: out of memory");
  spread_work(c, bands, weigh_unit, &s);
  for (size_t i = 0; i < sums; i++) { // in the order of the bands, for the same bits
    double v = 0;
    for (int j = 0; j < bands; j++) v += s.sums[j * sums + i];
    if (i < dw) ((float *)out(c, 0)->data)[i] = v;
    else ((float *)out(c, 1)->data)[i - dw] = v;
  }
  free(s.sums);
  return NULL;
}

static void moments_unit(void *p, int channel, scratch *m) { (void)m; chosen->moments(p, channel); }

// x [c, n] -> mean, 1/sqrt(variance + epsilon), variance; the number is 1e6 epsilon
HANDLER(moments, 1, 0, 3, 1) {
  const ffi_buffer *x = in(c, 0);
  if (x->dtype != FFI_F32 || x->rank != 2) return fail(c, "moments: want float32 [c, n]");
  norm q = {.n = x->dims[1], .epsilon = p[0] * 1e-6f, .x = x->data, .mean = out(c, 0)->data, .rstd = out(c, 1)->data, .variance = out(c, 2)->data};
  spread_work(c, x->dims[0], moments_unit, &q);
  return NULL;
}

static void norm_pull_unit(void *p, int channel, scratch *m) { (void)m; chosen->norm_pull(p, channel); }

// v, x [c, n], mean, rstd [c, 1], gain [c] or [1] -> gradients of x, gain, bias [c]
HANDLER(norm_pull, 5, 0, 3, 0) {
  const ffi_buffer *v = in(c, 0), *x = in(c, 1), *gain = in(c, 4);
  if (v->dtype != FFI_F32 || x->dtype != FFI_F32 || x->rank != 2 || v->rank != 2 || gain->rank != 1) return fail(c, "norm_pull: want float32 [c, n]");
  const int channels = x->dims[0];
  norm q = {.n = x->dims[1], .x = x->data, .v = v->data, .mean = in(c, 2)->data, .rstd = in(c, 3)->data, .gain = gain->data, .gains = gain->dims[0], .y = out(c, 0)->data};
  q.gain_sum = malloc(2 * channels * sizeof(double));
  if (!q.gain_sum) return fail(c, "norm_pull: out of memory");
  q.bias_sum = q.gain_sum + channels;
  spread_work(c, channels, norm_pull_unit, &q);
  float *dgain = out(c, 1)->data, *dbias = out(c, 2)->data;
  double all = 0;
  for (int i = 0; i < channels; i++) {
    all += q.gain_sum[i];
    if (q.gains > 1) dgain[i] = q.gain_sum[i];
    dbias[i] = q.bias_sum[i];
  }
  if (q.gains == 1) dgain[0] = all;
  free(q.gain_sum);
  return NULL;
}

// pool_of reads the geometry: k, stride, pad, and the side of the input.
static void pool_of(const int64_t *p, const ffi_buffer *y, pool *q) {
  memset(q, 0, sizeof *q);
  q->k = p[0], q->stride = p[1], q->pad = p[2], q->h = p[3];
  q->c = y->dims[0], q->n = y->dims[1], q->b = y->dims[3];
}

#define POOL_UNIT(name) \
  static void name##_unit(void *p, int unit, scratch *m) { (void)m; chosen->name(p, unit); }
POOL_UNIT(max_pool) POOL_UNIT(max_pool_pull) POOL_UNIT(avg_pool) POOL_UNIT(avg_pool_pull)

HANDLER(max_pool, 1, 0, 2, 4) { // x -> y, positions of the maxima in their windows, int8
  pool q;
  pool_of(p, out(c, 0), &q);
  if (in(c, 0)->dtype != FFI_F32 || out(c, 1)->dtype != FFI_S8 || q.k * q.k > MAX_TAPS) return fail(c, "max_pool: want float32 and int8, and windows of 7x7 at most");
  q.x = in(c, 0)->data, q.y = out(c, 0)->data, q.winner = out(c, 1)->data;
  spread_work(c, q.c, max_pool_unit, &q);
  return NULL;
}

HANDLER(max_pool_pull, 2, 1, 1, 4) { // gradient of y, winners -> gradient of x
  pool q;
  pool_of(p, in(c, 0), &q);
  if (in(c, 0)->dtype != FFI_F32 || in(c, 1)->dtype != FFI_S8 || q.k * q.k > MAX_TAPS) return fail(c, "max_pool_pull: want float32 and int8, and windows of 7x7 at most");
  q.x = in(c, 0)->data, q.winner = in(c, 1)->data, q.y = out(c, 0)->data;
  if (c->in.size > 2) q.so = in(c, 2)->data; // previous gradient of x
  spread_work(c, q.c, max_pool_pull_unit, &q);
  return NULL;
}

HANDLER(avg_pool, 1, 0, 1, 4) {
  pool q;
  pool_of(p, out(c, 0), &q);
  if (in(c, 0)->dtype != FFI_F32 || q.k * q.k > MAX_TAPS) return fail(c, "avg_pool: want float32, and windows of 7x7 at most");
  q.x = in(c, 0)->data, q.y = out(c, 0)->data;
  spread_work(c, q.c, avg_pool_unit, &q);
  return NULL;
}

HANDLER(avg_pool_pull, 1, 1, 1, 4) {
  pool q;
  pool_of(p, in(c, 0), &q);
  if (in(c, 0)->dtype != FFI_F32 || q.k * q.k > MAX_TAPS) return fail(c, "avg_pool_pull: want float32, and windows of 7x7 at most");
  q.x = in(c, 0)->data, q.y = out(c, 0)->data;
  if (c->in.size > 1) q.so = in(c, 1)->data; // previous gradient of x
  spread_work(c, q.c, avg_pool_pull_unit, &q);
  return NULL;
}

#include "handlers_images.inc.h"
#include "handlers_capsules.inc.h"

// ---- registration ----

static const struct { const char *name; ffi_handler handler; } handlers[] = {
    {"separable", separable_handler}, {"separable_pull", separable_pull_handler}, {"separable_weigh", separable_weigh_handler},
    {"moments", moments_handler},     {"norm_pull", norm_pull_handler},
    {"max_pool", max_pool_handler},   {"max_pool_pull", max_pool_pull_handler},
    {"avg_pool", avg_pool_handler},   {"avg_pool_pull", avg_pool_pull_handler},
    {"pointwise", pointwise_handler}, {"pointwise_pull", pointwise_pull_handler}, {"pointwise_weigh", pointwise_weigh_handler},
    {"deal", deal_handler},           {"add", add_handler},           {"cut", cut_handler},           {"join", join_handler},
    {"scale_pull", scale_pull_handler},
    {"capsules", capsules_handler}, {"capsules_pull", capsules_pull_handler}, {"capsules_weigh", capsules_weigh_handler},
};

int kernel_has(const char *name) {
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
    if (!strcmp(handlers[i].name, name)) return 1;
  return 0;
}

// KNOWN is the minor version of PJRT's interface in ffi.h. Earlier versions register handlers in
// another way.
enum { KNOWN = 81 };

const char *kernel_register(const void *extensions, int version, const char *set) {
  const ffi_extension *e = extensions;
  while (e && e->type != PJRT_FFI) e = e->next;
  if (!e || e->struct_size < sizeof(pjrt_ffi) || version < KNOWN) return "the plugin takes no kernels, or takes them in another form than this one";
  if (!(chosen = best(set))) return "the processor does not have the instruction set, or there is none of this name";
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
    char name[64];
    pjrt_register r = {.struct_size = sizeof r, .target = name, .handler = handlers[i].handler, .platform = "Host", .platform_size = 4};
    r.target_size = snprintf(name, sizeof name, "essnas_%s", handlers[i].name);
    if (((const pjrt_ffi *)e)->handler_register(&r) || strangers) {
      chosen = NULL;
      return "the plugin refused a kernel: it has another version of XLA's interface for them";
    }
  }
  return NULL;
}
