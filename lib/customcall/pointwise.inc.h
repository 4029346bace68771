// The pointwise convolution of images in several parts: y = w max(x, 0). Each channel of x is an
// image with its own address, so that the kernel reads the channels of several states in any order
// without a copy. The kernel also supports windows of k x k (for the stem), and two halves of the
// outputs that read the even and the odd pixels (for factorized reduce).

// columns returns the number of output columns in one step, so that their inputs stay in the second
// level of cache. It depends on the shapes alone.
static int columns(const pointwise *p) { return max(1, min(p->n, (32 << 10) / (p->k * p->k * p->c * p->b))); }

// view copies the pixels of channel x at one position of the window, for a row of outputs from
// column first on. Pixels outside of the image are zero.
static void view(const pointwise *p, float *to, const float *x, int row, int first, int count, int dy, int dx) {
  const int b = p->b, y = row * p->stride + dy;
  if (y < 0 || y >= p->h) { memset(to, 0, (size_t)count * b * sizeof(float)); return; }
  const float *from = x + (size_t)y * p->h * b;
  for (int i = 0; i < count;) {
    const int at = (first + i) * p->stride + dx;
    int run = 1; // contiguous pixels
    if (at < 0 || at >= p->h) memset(to + (size_t)i * b, 0, b * sizeof(float));
    else {
      if (p->stride == 1) run = min(count - i, p->h - at);
      if (p->relu) positive(to + (size_t)i * b, from + (size_t)at * b, run * b);
      else copy(to + (size_t)i * b, from + (size_t)at * b, run * b);
    }
    i += run;
  }
}

// views copies all inputs of the outputs of one half: rows of floats, stride apart.
static void views(const pointwise *p, float *to, size_t stride, int half, int row, int first, int count) {
  for (int i = 0; i < p->k; i++)
    for (int j = 0; j < p->k; j++)
      for (int c = 0; c < p->c; c++, to += stride) {
        view(p, to, p->x[c], row, first, count, i - p->pad + half, j - p->pad + half);
        for (size_t e = (size_t)count * p->b; e < stride; e++) to[e] = 0;
      }
}

void NAME(pointwise_forward)(const pointwise *p, int row, scratch *mem) {
  const int step = columns(p), in = p->k * p->k * p->c, o = p->o / p->halves;
  const size_t stride = up(step * p->b, STEP);
  float *deep = scratch_of(mem, in * stride), *out[MAX_CHANNELS];
  for (int first = 0; first < p->n; first += step) {
    const int count = min(step, p->n - first);
    for (int half = 0; half < p->halves; half++) {
      views(p, deep, stride, half, row, first, count);
      for (int i = 0; i < o; i++) out[i] = p->y[half * o + i] + ((size_t)row * p->n + first) * p->b;
      mix(o, out, p->w[half], in, 1, in, deep, stride, count * p->b, 0);
    }
  }
}

// cotangents copies the gradients of one half's outputs.
static void cotangents(const pointwise *p, float *to, size_t stride, int half, int row, int first, int count) {
  const int o = p->o / p->halves, n = count * p->b;
  for (int i = 0; i < o; i++, to += stride) {
    copy(to, p->y[half * o + i] + ((size_t)row * p->n + first) * p->b, n);
    for (size_t e = n; e < stride; e++) to[e] = 0;
  }
}

// put writes the gradient of contiguous floats: line where x is positive, or everywhere without
// relu, plus the previous gradient. A line of NULL counts as zeros.
INLINE void put(const pointwise *p, int c, size_t at, const float *line, int n) {
  float *to = p->dx[c] + at;
  const float *x = p->x[c] + at, *so = p->so ? p->so[c] + at : NULL;
  int e = 0;
  for (; e + LANES <= n; e += LANES) {
    vec v = line ? load(line + e) : all(0);
    if (line && p->relu) v = pick(load(x + e) > all(0), v, all(0));
    if (so) v += load(so + e);
    store(to + e, v);
  }
  for (; e < n; e++) {
    float v = !line || p->relu && !(x[e] > 0) ? 0 : line[e];
    to[e] = so ? so[e] + v : v;
  }
}

// pointwise_pull computes the gradient of x for a row of outputs with k = 1. A row of outputs
// covers as many rows of x as the stride.
void NAME(pointwise_pull)(const pointwise *p, int row, scratch *mem) {
  const int step = columns(p), o = p->o / p->halves, b = p->b;
  const size_t stride = up(step * b, STEP);
  float *g = scratch_of(mem, (o + p->c) * stride), *lines = g + o * stride, *out[MAX_CHANNELS];
  for (int c = 0; c < p->c; c++) out[c] = lines + c * stride;
  for (int first = 0; first < p->n; first += step) {
    const int count = min(step, p->n - first);
    for (int half = 0; half < p->halves; half++) {
      cotangents(p, g, stride, half, row, first, count);
      mix(p->c, out, p->w[half], 1, p->c, o, g, stride, count * b, 1);
      for (int c = 0; c < p->c; c++) {
        const size_t at = ((size_t)(row * p->stride + half) * p->h + first * p->stride) * b;
        if (p->stride == 1) { put(p, c, at, out[c], count * b); continue; }
        for (int i = 0; i < count; i++) {
          put(p, c, at + (size_t)(2 * i + half) * b, out[c] + (size_t)i * b, b);
          put(p, c, at + (size_t)(2 * i + 1 - half) * b, NULL, b);
        }
      }
    }
  }
}

int NAME(pointwise_bands)(const pointwise *p) { return min(p->n, 16); }

// pointwise_weigh writes a band's part of the gradient of w to p->sums + band * o * k * k * c.
void NAME(pointwise_weigh)(const pointwise *p, int band, scratch *mem) {
  const int step = columns(p), in = p->k * p->k * p->c, o = p->o / p->halves, bands = min(p->n, 16);
  const size_t stride = up(step * p->b, STEP);
  float *deep = scratch_of(mem, (in + o) * stride), *g = deep + in * stride;
  double *sums = p->sums + (size_t)band * p->o * in;
  memset(sums, 0, (size_t)p->o * in * sizeof(double));
  const float *gs[MAX_CHANNELS], *ds[MAX_CHANNELS];
  for (int i = 0; i < o; i++) gs[i] = g + i * stride;
  for (int c = 0; c < in; c++) ds[c] = deep + c * stride;
  for (int row = p->n * band / bands; row < p->n * (band + 1) / bands; row++)
    for (int first = 0; first < p->n; first += step) {
      const int count = min(step, p->n - first), length = up(count * p->b, LANES);
      for (int half = 0; half < p->halves; half++) {
        views(p, deep, stride, half, row, first, count);
        cotangents(p, g, stride, half, row, first, count);
        double *w = sums + (size_t)half * o * in;
        int i = 0, c;
        for (; i + 4 <= o; i += 4) {
          for (c = 0; c + 4 <= in; c += 4) dots_of(4, 4, gs + i, ds + c, length, w + i * in + c, in, 1);
          for (; c < in; c++) dots_of(4, 1, gs + i, ds + c, length, w + i * in + c, in, 1);
        }
        for (; i < o; i++)
          for (c = 0; c < in; c++) dots_of(1, 1, gs + i, ds + c, length, w + i * in + c, 0, 0);
      }
    }
}
