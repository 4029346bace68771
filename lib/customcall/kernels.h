// The functions that handlers.c calls, for one of the instruction sets of kernels.inc.h.
#ifndef ESSNAS_KERNELS_H
#define ESSNAS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_TAPS = 49, MAX_CHANNELS = 1024 };

// separable is y [o, n, n, b] = pw [o, c] times the depthwise convolution by dw [k, k, c] of max(x,
// 0), x [c, h, h, b]. With a mean, (x - mean) * rstd takes the place of x.
typedef struct {
  int k, stride, pad, dilation;
  int c, o, h, n, b;
  const float *x, *dw, *pw;
  const float *mean, *rstd; // [c], or NULL
  const float *g;  // gradient of y
  const float *so; // pull: the previous gradient of x, or NULL
  float *y;        // forward: y; pull: the gradient of x
  float *u;        // pull: pw^T g with zeros around
  double *sums;    // weigh: parts of the gradients of dw and pw
} separable;

// pointwise is y [o, n, n, b] = w [o, k k c] times the k x k windows of c images [h, h, b] with pad
// zeros around; relu selects their positive part. With two halves, k is 1 and the stride is 2: w[0]
// computes the first half of the outputs from the even pixels, w[1] the second half from the odd
// pixels.
typedef struct {
  int k, stride, pad, relu, halves;
  int c, o, h, n, b;
  const float **x; // [c]
  const float *w[2];
  float **y;        // [o], in the order of w's rows; pull and weigh: the gradient of y
  float **dx;       // pull: [c]
  const float **so; // pull: the previous gradients of x, or NULL
  double *sums;     // weigh: parts of the gradients of w
} pointwise;

// pool is the geometry of y [c, n, n, b] for windows on x [c, h, h, b]. In the pull functions x is
// the gradient of y, and y is the gradient of x.
typedef struct {
  int k, stride, pad;
  int c, h, n, b;
  const float *x;
  const float *so; // pull: the previous gradient of x, or NULL
  float *y;
  signed char *winner;
} pool;

// norm is gain * (x - mean) * rstd + bias for the rows of x [channels, n]. v is the gradient of the
// result, y the gradient of x.
typedef struct {
  int64_t n;
  float epsilon;
  const float *x, *v, *gain;
  const float *so; // scale_pull: the previous gradient of x, or NULL
  int gains; // 1 or channels
  float *mean, *rstd, *variance, *y;
  double *gain_sum, *bias_sum; // of each channel
} norm;

enum { ROUTE_DYNAMIC, ROUTE_EM, ROUTE_SELF };

// capsules is a layer of capsules: poses y for primary capsules x, both [groups types pose, n]. See
// capsules.inc.h.
typedef struct {
  int routing, rounds, groups, types, pose;
  int64_t n; // positions
  const float *x, *w;            // w is [groups types, types pose, pose]
  const float *beta_u, *beta_a;  // EM: [groups types]
  const float *route;            // self: [groups types, types, pose]
  const float *g;                // gradient of y
  float *y;                      // forward: y; pull: the gradient of x
  double *sums;                  // weigh: parts of the gradients of weights, of each unit
} capsules;

// pool_share returns 1 / (the number of pixels in the window of an output).
static inline float pool_share(const pool *p, int r, int c) {
  int top = r * p->stride - p->pad, left = c * p->stride - p->pad, bottom = top + p->k, right = left + p->k;
  if (top < 0) top = 0;
  if (left < 0) left = 0;
  if (bottom > p->h) bottom = p->h;
  if (right > p->h) right = p->h;
  return 1.0f / ((bottom - top) * (right - left));
}

// scratch is the memory of a thread, which the next kernel reuses.
typedef struct {
  float *at;
  size_t size;
} scratch;

float *scratch_of(scratch *s, size_t floats); // aborts without memory

typedef struct {
  const char *name;
  int (*separable_bands)(const separable *);
  void (*separable_forward)(const separable *, int band, scratch *);
  size_t (*separable_spread_size)(const separable *);
  int (*separable_spread_units)(const separable *);
  void (*separable_spread)(const separable *, int unit, scratch *);
  int (*separable_pull_units)(const separable *);
  void (*separable_pull)(const separable *, int unit, scratch *);
  size_t (*separable_sums)(const separable *);
  void (*separable_weigh)(const separable *, int band, scratch *);
  void (*moments)(const norm *, int channel);
  void (*norm_pull)(const norm *, int channel);
  void (*max_pool)(const pool *, int unit);
  void (*max_pool_pull)(const pool *, int unit);
  void (*avg_pool)(const pool *, int unit);
  void (*avg_pool_pull)(const pool *, int unit);
  void (*pointwise_forward)(const pointwise *, int row, scratch *);
  void (*pointwise_pull)(const pointwise *, int row, scratch *);
  int (*pointwise_bands)(const pointwise *);
  void (*pointwise_weigh)(const pointwise *, int band, scratch *);
  void (*add)(float *to, const float *a, const float *b, int64_t n);
  void (*scale_pull)(const norm *, int channel);
  int (*capsules_bands)(const capsules *);
  int (*capsules_sums)(const capsules *);
  void (*capsules_forward)(const capsules *, int unit);
  void (*capsules_pull)(const capsules *, int unit);
  void (*capsules_weigh)(const capsules *, int unit);
} kernels;

#define KERNELS(set, text)                                                                                            \
  const kernels kernels_##set = {                                                                                     \
      text,                       NAME(separable_bands),        NAME(separable_forward), NAME(separable_spread_size), \
      NAME(separable_spread_units), NAME(separable_spread),     NAME(separable_pull_units), NAME(separable_pull),     \
      NAME(separable_sums),       NAME(separable_weigh),        NAME(moments),           NAME(norm_pull),              \
      NAME(max_pool),             NAME(max_pool_pull),          NAME(avg_pool),          NAME(avg_pool_pull),         \
      NAME(pointwise_forward),    NAME(pointwise_pull),         NAME(pointwise_bands),   NAME(pointwise_weigh),       \
      NAME(add),                  NAME(scale_pull),             NAME(capsules_bands),    NAME(capsules_sums),         \
      NAME(capsules_forward),     NAME(capsules_pull),          NAME(capsules_weigh),                                 \
  }

extern const kernels kernels_plain, kernels_avx2, kernels_avx512;

#endif
