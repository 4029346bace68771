// Sums and gradients of norms.

enum { PIECE = 4096 }; // number of floats that are summed in single precision

// sums adds up v and v times w, in pieces.
INLINE void sums(const float *v, const float *w, int64_t n, double *s, double *sw) {
  for (int64_t at = 0; at < n; at += PIECE) {
    const int64_t end = n - at < PIECE ? n : at + PIECE;
    vec a[WIDE], aw[WIDE];
    for (int l = 0; l < WIDE; l++) a[l] = aw[l] = all(0);
    int64_t q = at;
    for (; q + STEP <= end; q += STEP)
      for (int l = 0; l < WIDE; l++) {
        vec x = load(v + q + l * LANES);
        a[l] += x;
        aw[l] += x * load(w + q + l * LANES);
      }
    for (int l = 0; l < WIDE; l++) *s += sum(a[l]), *sw += sum(aw[l]);
    for (; q < end; q++) *s += v[q], *sw += v[q] * w[q];
  }
}

// moments computes the moments of a channel of n values.
void NAME(moments)(const norm *p, int channel) {
  double s = 0, ss = 0;
  sums(p->x + channel * p->n, p->x + channel * p->n, p->n, &s, &ss);
  double m = s / p->n, v = ss / p->n - m * m;
  if (v < 0) v = 0;
  p->mean[channel] = m;
  p->variance[channel] = v;
  p->rstd[channel] = 1 / sqrt(v + p->epsilon);
}

// norm_pull computes the gradient of gain * (x - mean) * rstd + bias for the x of a channel, and
// the channel's part of the gradients of gain and bias.
void NAME(norm_pull)(const norm *p, int channel) {
  const int64_t n = p->n;
  const float *v = p->v + channel * n, *x = p->x + channel * n;
  float *y = p->y + channel * n;
  const float mean = p->mean[channel], rstd = p->rstd[channel], gain = p->gain[p->gains == 1 ? 0 : channel];
  double s = 0, ss = 0;
  sums(v, x, n, &s, &ss);
  const double m = s / n, mn = rstd * (ss / n - mean * m);
  p->gain_sum[channel] = mn * n;
  p->bias_sum[channel] = s;
  // rstd gain (v - m - (x - mean) rstd mn)
  const float a = rstd * gain, b = -rstd * gain * rstd * mn, c = -rstd * gain * (m - mean * rstd * mn);
  int64_t q = 0;
  for (; q + LANES <= n; q += LANES) store(y + q, a * load(v + q) + (b * load(x + q) + c));
  for (; q < n; q++) y[q] = a * v[q] + (b * x[q] + c);
}
