// Poolings over 3x3 pixels and their gradients.

// max_pool computes the maximum of each window of channel unit, and its position in the window.
void NAME(max_pool)(const pool *p, int unit) {
  const int h = p->h, n = p->n, b = p->b;
  const float *x = p->x + (size_t)unit * h * h * b;
  float *y = p->y + (size_t)unit * n * n * b;
  signed char *at = p->winner + (size_t)unit * n * n * b;
  for (int r = 0; r < n; r++)
    for (int c = 0; c < n; c++, y += b, at += b) {
      const float *from[MAX_TAPS];
      int number[MAX_TAPS], t = 0;
      for (int i = 0; i < p->k; i++)
        for (int j = 0; j < p->k; j++) {
          int u = r * p->stride + i - p->pad, v = c * p->stride + j - p->pad;
          if (u < 0 || u >= h || v < 0 || v >= h) continue;
          from[t] = x + ((size_t)u * h + v) * b;
          number[t++] = i * p->k + j;
        }
      int e = 0;
      for (; e + LANES <= b; e += LANES) {
        vec best = load(from[0] + e);
        ivec who = number[0] - (ivec){};
        for (int i = 1; i < t; i++) {
          vec v = load(from[i] + e);
          ivec more = v > best;
          best = pick(more, v, best);
          who = (more & (number[i] - (ivec){})) | (~more & who);
        }
        store(y + e, best);
        *(cvec *)(at + e) = __builtin_convertvector(who, cvec);
      }
      for (; e < b; e++) {
        y[e] = from[0][e], at[e] = number[0];
        for (int i = 1; i < t; i++)
          if (from[i][e] > y[e]) y[e] = from[i][e], at[e] = number[i];
      }
    }
}

// pool_back visits, for each input pixel of channel unit, the windows that contain the pixel, with
// its position in the window and the window's output.
INLINE void pool_back(const pool *p, int unit, int largest) {
  const int h = p->h, n = p->n, b = p->b, k = p->k;
  const float *g = p->x + (size_t)unit * n * n * b;
  const signed char *at = p->winner + (size_t)unit * n * n * b;
  float *dx = p->y + (size_t)unit * h * h * b;
  const float *so = p->so ? p->so + (size_t)unit * h * h * b : NULL;
  for (int r = 0; r < h; r++)
    for (int c = 0; c < h; c++, dx += b) {
      size_t from[MAX_TAPS];
      int number[MAX_TAPS], t = 0;
      float share[MAX_TAPS];
      for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
          int u = r + p->pad - i, v = c + p->pad - j;
          if (u < 0 || v < 0 || u % p->stride || v % p->stride || u / p->stride >= n || v / p->stride >= n) continue;
          from[t] = ((size_t)(u / p->stride) * n + v / p->stride) * b;
          share[t] = largest ? 1 : pool_share(p, u / p->stride, v / p->stride);
          number[t++] = i * k + j;
        }
      int e = 0;
      for (; e + LANES <= b; e += LANES) {
        vec d = all(0);
        for (int i = 0; i < t; i++) {
          vec v = load(g + from[i] + e);
          if (largest) d += pick(__builtin_convertvector(*(const cvec *)(at + from[i] + e), ivec) == number[i] - (ivec){}, v, all(0));
          else d += v * share[i];
        }
        if (so) d += load(so + e);
        store(dx + e, d);
      }
      for (; e < b; e++) {
        float d = 0;
        for (int i = 0; i < t; i++)
          if (!largest) d += g[from[i] + e] * share[i];
          else if (at[from[i] + e] == number[i]) d += g[from[i] + e];
        dx[e] = so ? so[e] + d : d;
      }
      if (so) so += b;
    }
}

void NAME(max_pool_pull)(const pool *p, int unit) { pool_back(p, unit, 1); }
void NAME(avg_pool_pull)(const pool *p, int unit) { pool_back(p, unit, 0); }

// avg_pool computes the mean of each window of channel unit over the pixels inside the image.
void NAME(avg_pool)(const pool *p, int unit) {
  const int h = p->h, n = p->n, b = p->b;
  const float *x = p->x + (size_t)unit * h * h * b;
  float *y = p->y + (size_t)unit * n * n * b;
  for (int r = 0; r < n; r++)
    for (int c = 0; c < n; c++, y += b) {
      const float *from[MAX_TAPS];
      int t = 0;
      for (int i = 0; i < p->k; i++)
        for (int j = 0; j < p->k; j++) {
          int u = r * p->stride + i - p->pad, v = c * p->stride + j - p->pad;
          if (u >= 0 && u < h && v >= 0 && v < h) from[t++] = x + ((size_t)u * h + v) * b;
        }
      const float share = pool_share(p, r, c);
      int e = 0;
      for (; e + LANES <= b; e += LANES) {
        vec s = all(0);
        for (int i = 0; i < t; i++) s += load(from[i] + e);
        store(y + e, s * share);
      }
      for (; e < b; e++) {
        float s = 0;
        for (int i = 0; i < t; i++) s += from[i][e];
        y[e] = s * share;
      }
    }
}
