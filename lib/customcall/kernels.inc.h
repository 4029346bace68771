// The kernels, in plain C on short vectors. This file is compiled once for each instruction set
// (see isa_*.c). LANES is the number of floats in a vector, and WIDE the number of vectors that a
// loop keeps in registers for each of its sums.
//
// Arrays are [channels, height, width, batch]. A row of a channel consists of width x batch
// contiguous floats, so a shift by a pixel is a shift by batch floats. For every batch, loops over
// a row work on whole vectors.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int ivec __attribute__((vector_size(LANES * 4)));
typedef signed char cvec __attribute__((vector_size(LANES), aligned(1), may_alias));

#define STEP (LANES * WIDE) // floats of a row in one iteration of a loop
#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec all(float x) { return x - (vec){}; }
INLINE vec pick(ivec m, vec a, vec b) { return (vec)((m & (ivec)a) | (~m & (ivec)b)); }
INLINE float sum(vec v) {
  float s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
}

static int min(int a, int b) { return a < b ? a : b; }
static int max(int a, int b) { return a > b ? a : b; }
static int up(int n, int to) { return (n + to - 1) / to * to; }

static void copy(float *to, const float *from, int n) { memcpy(to, from, n * sizeof(float)); }

// positive copies max(from, 0).
static void positive(float *to, const float *from, int n) {
  int e = 0;
  for (; e + LANES <= n; e += LANES) {
    vec v = load(from + e);
    store(to + e, pick(v > all(0), v, all(0)));
  }
  for (; e < n; e++) to[e] = from[e] > 0 ? from[e] : 0;
}

// positive_normal copies max((from - mean) * rstd, 0).
static void positive_normal(float *to, const float *from, float mean, float rstd, int n) {
  int e = 0;
  for (; e + LANES <= n; e += LANES) {
    vec v = (load(from + e) - all(mean)) * all(rstd);
    store(to + e, pick(v > all(0), v, all(0)));
  }
  for (; e < n; e++) {
    float v = (from[e] - mean) * rstd;
    to[e] = v > 0 ? v : 0;
  }
}

// where copies from if x is above a bound, and 0 otherwise. It adds so unless so is NULL.
static void where(float *to, const float *from, const float *x, float bound, const float *so, int n) {
  int e = 0;
  if (so) {
    for (; e + LANES <= n; e += LANES) store(to + e, load(so + e) + pick(load(x + e) > all(bound), load(from + e), all(0)));
    for (; e < n; e++) to[e] = so[e] + (x[e] > bound ? from[e] : 0);
    return;
  }
  for (; e + LANES <= n; e += LANES) store(to + e, pick(load(x + e) > all(bound), load(from + e), all(0)));
  for (; e < n; e++) to[e] = x[e] > bound ? from[e] : 0;
}

// ---- depthwise and pointwise convolution of the positive part: y = pw (dw * max(x, 0)) ----

// tall returns the number of output rows in a band. Bands are the units of work of threads, and fit
// into the second level of cache. Their height depends on the shapes alone, and so do the bits.
static int tall(const separable *s) {
  int row = s->n * s->b * max(s->c, s->o) * 4;
  return max(1, min(s->n, (128 << 10) / row));
}

int NAME(separable_bands)(const separable *s) { int t = tall(s); return (s->n + t - 1) / t; }

// padded is the positive part of some rows of a channel with zeros around. Columns with the same
// remainder modulo the stride are contiguous, so that a window's column is contiguous for all
// outputs of a row.
typedef struct {
  float *at;
  int rows, plane, row; // plane: floats of a residue's rows; row: floats of one
} padded;

static padded pad_shape(const separable *s, int tall) {
  padded p;
  int columns = (s->n - 1) * s->stride + s->dilation * (s->k - 1) + 1;
  p.rows = (tall - 1) * s->stride + s->dilation * (s->k - 1) + 1;
  p.row = (columns + s->stride - 1) / s->stride * s->b;
  p.plane = p.rows * p.row;
  p.at = 0;
  return p;
}

static size_t pad_size(const separable *s, const padded *p) { return (size_t)p->plane * s->stride + STEP; }

// pad fills a padded with the rows that the windows of the outputs from row r on contain.
static void pad(const separable *s, const padded *p, int channel, int r) {
  const float *x = s->x + (size_t)channel * s->h * s->h * s->b;
  const int b = s->b, st = s->stride, columns = p->row / b;
  for (int i = 0; i < p->rows; i++) {
    int y = r * st + i - s->pad;
    for (int q = 0; q < st; q++) {
      float *to = p->at + (size_t)q * p->plane + (size_t)i * p->row;
      if (y < 0 || y >= s->h) { memset(to, 0, p->row * sizeof(float)); continue; }
      const float *from = x + (size_t)y * s->h * b;
      int first = 0, last = columns; // columns that lie in the image
      while (first < columns && first * st + q - s->pad < 0) first++;
      while (last > first && (last - 1) * st + q - s->pad >= s->h) last--;
      memset(to, 0, first * b * sizeof(float));
      memset(to + last * b, 0, (columns - last) * b * sizeof(float));
      const int run = st == 1 ? last - first : 1; // contiguous columns
      for (int c = first; c < last; c += run) {
        const float *pixels = from + (c * st + q - s->pad) * b;
        if (s->mean) positive_normal(to + c * b, pixels, s->mean[channel], s->rstd[channel], run * b);
        else positive(to + c * b, pixels, run * b);
      }
    }
  }
  memset(p->at + (size_t)p->plane * st, 0, STEP * sizeof(float));
}

// taps adds up t shifted rows, n floats rounded up to STEP, and writes them at to. A sum has at
// most 25 products.
INLINE void taps_of(int t, float *to, const float *const *from, const float *w, int n) {
  for (int q = 0; q < n; q += STEP) {
    vec a[WIDE];
    for (int l = 0; l < WIDE; l++) a[l] = all(0);
    for (int i = 0; i < t; i++)
      for (int l = 0; l < WIDE; l++) a[l] += all(w[i]) * load(from[i] + q + l * LANES);
    for (int l = 0; l < WIDE; l++) store(to + q + l * LANES, a[l]);
  }
}

static void taps(int t, float *to, const float *const *from, const float *w, int n) {
  switch (t) {
  case 4: taps_of(4, to, from, w, n); return;
  case 6: taps_of(6, to, from, w, n); return;
  case 9: taps_of(9, to, from, w, n); return;
  case 25: taps_of(25, to, from, w, n); return;
  default: taps_of(t, to, from, w, n);
  }
}

// window holds the first address of each window position for a row of outputs in a band.
static void window(const separable *s, const padded *p, int row, const float **from) {
  for (int i = 0; i < s->k; i++)
    for (int j = 0; j < s->k; j++) {
      int column = j * s->dilation;
      from[i * s->k + j] = p->at + (size_t)(column % s->stride) * p->plane + (size_t)(row * s->stride + i * s->dilation) * p->row +
                           column / s->stride * s->b;
    }
}

// mix computes m rows of out = w [m, c] times the c rows of in. A row has n floats, rounded up to
// STEP in the scratch array in, whose rows are stride apart. Rows of out have exactly n floats if
// slack is 0.
INLINE void mix_of(int m, float *const *out, const float *w, int ws, int wc, int c, const float *in, size_t stride, int n, int slack) {
  for (int q = 0; q < n; q += STEP) {
    vec a[4][WIDE];
    for (int o = 0; o < m; o++)
      for (int l = 0; l < WIDE; l++) a[o][l] = all(0);
    for (int i = 0; i < c; i++) {
      vec x[WIDE];
      for (int l = 0; l < WIDE; l++) x[l] = load(in + i * stride + q + l * LANES);
      for (int o = 0; o < m; o++)
        for (int l = 0; l < WIDE; l++) a[o][l] += all(w[o * ws + i * wc]) * x[l];
    }
    for (int o = 0; o < m; o++) {
      if (q + STEP <= n || slack) {
        for (int l = 0; l < WIDE; l++) store(out[o] + q + l * LANES, a[o][l]);
      } else {
        float last[STEP];
        for (int l = 0; l < WIDE; l++) store(last + l * LANES, a[o][l]);
        copy(out[o] + q, last, n - q);
      }
    }
  }
}

static void mix(int m, float *const *out, const float *w, int ws, int wc, int c, const float *in, size_t stride, int n, int slack) {
  int o = 0;
  for (; o + 4 <= m; o += 4) mix_of(4, out + o, w + o * ws, ws, wc, c, in, stride, n, slack);
  switch (m - o) {
  case 3: mix_of(3, out + o, w + o * ws, ws, wc, c, in, stride, n, slack); break;
  case 2: mix_of(2, out + o, w + o * ws, ws, wc, c, in, stride, n, slack); break;
  case 1: mix_of(1, out + o, w + o * ws, ws, wc, c, in, stride, n, slack); break;
  }
}

// depthwise convolves a padded channel. The rows of out are row floats apart.
static void depthwise(const separable *s, const padded *p, int channel, float *out, int row, int rows) {
  float w[MAX_TAPS];
  const float *from[MAX_TAPS];
  int t = s->k * s->k;
  for (int i = 0; i < t; i++) w[i] = s->dw[i * s->c + channel];
  for (int r = 0; r < rows; r++) {
    window(s, p, r, from);
    taps(t, out + (size_t)r * row, from, w, s->n * s->b);
  }
}

void NAME(separable_forward)(const separable *s, int band, scratch *mem) {
  const int t = tall(s), r0 = band * t, rows = min(t, s->n - r0), row = up(s->n * s->b, STEP);
  padded p = pad_shape(s, rows);
  const size_t stride = (size_t)t * row;
  float *deep = scratch_of(mem, s->c * stride + pad_size(s, &p));
  p.at = deep + s->c * stride;
  for (int c = 0; c < s->c; c++) {
    pad(s, &p, c, r0);
    depthwise(s, &p, c, deep + c * stride, row, rows);
  }
  float *out[MAX_CHANNELS];
  for (int r = 0; r < rows; r++) {
    for (int o = 0; o < s->o; o++) out[o] = s->y + ((size_t)o * s->n + r0 + r) * s->n * s->b;
    mix(s->o, out, s->pw, s->c, 1, s->c, deep + (size_t)r * row, stride, s->n * s->b, 0);
  }
}

// ---- its gradient for x in two passes: u = pw^T g with zeros around, then the transposed windows ----

typedef struct { int lo, rows, row; } spread;

static spread spread_shape(const separable *s) {
  spread u;
  u.lo = max(0, (s->dilation * (s->k - 1) - s->pad + s->stride - 1) / s->stride);
  u.rows = max(s->n, (s->h - 1 + s->pad) / s->stride + 1) + u.lo;
  u.row = u.rows * s->b;
  return u;
}

size_t NAME(separable_spread_size)(const separable *s) {
  spread u = spread_shape(s);
  return ((size_t)u.rows * u.row) * s->c + 2 * STEP;
}

int NAME(separable_spread_units)(const separable *s) { return spread_shape(s).rows; }

void NAME(separable_spread)(const separable *s, int unit, scratch *mem) {
  spread u = spread_shape(s);
  const size_t channel = (size_t)u.rows * u.row;
  const int r = unit - u.lo, n = s->n * s->b;
  if (unit == u.rows - 1) memset(s->u + s->c * channel, 0, 2 * STEP * sizeof(float));
  for (int c = 0; c < s->c; c++) {
    float *to = s->u + c * channel + (size_t)unit * u.row;
    if (r < 0 || r >= s->n) { memset(to, 0, u.row * sizeof(float)); continue; }
    memset(to, 0, u.lo * s->b * sizeof(float));
    memset(to + u.lo * s->b + n, 0, (u.row - u.lo * s->b - n) * sizeof(float));
  }
  if (r < 0 || r >= s->n) return;
  float *out[MAX_CHANNELS];
  for (int c = 0; c < s->c; c++) out[c] = s->u + c * channel + (size_t)unit * u.row + u.lo * s->b;
  const int whole = n / STEP * STEP;
  const size_t stride = (size_t)s->n * s->n * s->b;
  const float *g = s->g + (size_t)r * n;
  mix(s->c, out, s->pw, 1, s->c, s->o, g, stride, whole, 0);
  if (whole < n) { // the rest of the row, in an array of whole vectors
    float *last = scratch_of(mem, (size_t)s->o * STEP);
    for (int o = 0; o < s->o; o++) copy(last + o * STEP, g + o * stride + whole, n - whole);
    for (int c = 0; c < s->c; c++) out[c] += whole;
    mix(s->c, out, s->pw, 1, s->c, s->o, last, STEP, n - whole, 0);
  }
}

int NAME(separable_pull_units)(const separable *s) { return s->c * ((s->h + 7) / 8); }

void NAME(separable_pull)(const separable *s, int unit, scratch *mem) {
  spread u = spread_shape(s);
  const int bands = (s->h + 7) / 8, c = unit / bands, y0 = unit % bands * 8, st = s->stride, b = s->b;
  const float *from[MAX_TAPS], *base = s->u + (size_t)c * u.rows * u.row;
  float w[MAX_TAPS];
  float *line = scratch_of(mem, up(s->h * b, STEP) + STEP);
  for (int y = y0; y < min(y0 + 8, s->h); y++) {
    const size_t at = ((size_t)c * s->h + y) * s->h * b;
    for (int q = 0; q < st; q++) { // columns q, q + st ...
      int t = 0;
      for (int i = 0; i < s->k; i++) {
        int v = y + s->pad - i * s->dilation + u.lo * st;
        if (v % st) continue;
        for (int j = 0; j < s->k; j++) {
          int h = q + s->pad - j * s->dilation + u.lo * st;
          if (h % st) continue;
          from[t] = base + (size_t)(v / st) * u.row + h / st * b;
          w[t++] = s->dw[(i * s->k + j) * s->c + c];
        }
      }
      int columns = (s->h - q + st - 1) / st;
      taps(t, line, from, w, columns * b);
      for (int m = 0; m < (st == 1 ? 1 : columns); m++) {
        const int n = st == 1 ? columns * b : b;
        const size_t to = at + (size_t)(m * st + q) * b;
        where(s->y + to, line + m * b, s->x + to, s->mean ? s->mean[c] : 0, s->so ? s->so + to : NULL, n);
      }
    }
  }
}

// ---- its gradients for dw and pw ----

// dots adds the dot products of rows a[0..m) and rows d[0..n), over length floats (whole vectors),
// to a matrix of sums whose rows are sn apart.
INLINE void dots_of(int m, int n, const float *const *a, const float *const *d, int length, double *sums, int sm, int sn) {
  vec v[5][5];
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) v[i][j] = all(0);
  for (int q = 0; q < length; q += LANES) {
    vec x[5];
    for (int i = 0; i < m; i++) x[i] = load(a[i] + q);
    for (int j = 0; j < n; j++) {
      vec z = load(d[j] + q);
      for (int i = 0; i < m; i++) v[i][j] += x[i] * z;
    }
  }
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++) sums[i * sm + j * sn] += sum(v[i][j]);
}

size_t NAME(separable_sums)(const separable *s) { return (size_t)s->c * (s->k * s->k + s->o); }

// separable_weigh writes a band's part of the sums to s->sums + band * separable_sums: dw [k*k, c],
// then pw [o, c].
void NAME(separable_weigh)(const separable *s, int band, scratch *mem) {
  const int t = tall(s), r0 = band * t, rows = min(t, s->n - r0), n = s->n * s->b, row = up(n, STEP), kk = s->k * s->k;
  padded p = pad_shape(s, rows);
  const size_t stride = (size_t)t * row;
  float *g = scratch_of(mem, (2 * s->c + s->o) * stride + pad_size(s, &p));
  float *u = g + s->o * stride, *deep = u + s->c * stride;
  p.at = deep + s->c * stride;
  double *dw = s->sums + band * NAME(separable_sums)(s), *pw = dw + (size_t)kk * s->c;
  memset(dw, 0, NAME(separable_sums)(s) * sizeof(double));
  float *out[MAX_CHANNELS];
  for (int r = 0; r < rows; r++) {
    for (int o = 0; o < s->o; o++) {
      float *to = g + o * stride + (size_t)r * row;
      memcpy(to, s->g + ((size_t)o * s->n + r0 + r) * n, n * sizeof(float));
      memset(to + n, 0, (row - n) * sizeof(float));
    }
    for (int c = 0; c < s->c; c++) out[c] = u + c * stride + (size_t)r * row;
    mix(s->c, out, s->pw, 1, s->c, s->o, g + (size_t)r * row, stride, n, 1);
  }
  for (int c = 0; c < s->c; c++) {
    pad(s, &p, c, r0);
    depthwise(s, &p, c, deep + c * stride, row, rows);
    const float *from[MAX_TAPS];
    for (int r = 0; r < rows; r++) {
      window(s, &p, r, from);
      const float *x[1] = {u + c * stride + (size_t)r * row};
      for (int i = 0; i < s->k; i++) {
        if (s->k == 3) dots_of(1, 3, x, from + i * 3, row, dw + i * 3 * s->c + c, 0, s->c);
        else if (s->k == 5) dots_of(1, 5, x, from + i * 5, row, dw + i * 5 * s->c + c, 0, s->c);
        else for (int j = 0; j < s->k; j++) dots_of(1, 1, x, from + i * s->k + j, row, dw + (i * s->k + j) * s->c + c, 0, 0);
      }
    }
  }
  for (int r = 0; r < rows; r++) {
    const float *gs[MAX_CHANNELS], *ds[MAX_CHANNELS];
    for (int o = 0; o < s->o; o++) gs[o] = g + o * stride + (size_t)r * row;
    for (int c = 0; c < s->c; c++) ds[c] = deep + c * stride + (size_t)r * row;
    int o = 0, c;
    for (; o + 4 <= s->o; o += 4) {
      for (c = 0; c + 4 <= s->c; c += 4) dots_of(4, 4, gs + o, ds + c, row, pw + o * s->c + c, s->c, 1);
      for (; c < s->c; c++) dots_of(4, 1, gs + o, ds + c, row, pw + o * s->c + c, s->c, 1);
    }
    for (; o < s->o; o++)
      for (c = 0; c < s->c; c++) dots_of(1, 1, gs + o, ds + c, row, pw + o * s->c + c, 0, 0);
  }
}

#include "norms.inc.h"
#include "pools.inc.h"
#include "arrays.inc.h"
#include "pointwise.inc.h"

// gcc 12 compiles EM's gradient to wrong code with -fsplit-loops, a part of -O3; a comparison with
// finite differences detects it. With -O2 the code is right, and compilation takes a third of the
// time.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("O2")
#endif
#include "capsules.inc.h"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
