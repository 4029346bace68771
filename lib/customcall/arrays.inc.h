// Kernels for sums of two arrays and for multiples of an array.

// add writes a + b.
void NAME(add)(float *to, const float *a, const float *b, int64_t n) {
  int64_t q = 0;
  for (; q + LANES <= n; q += LANES) store(to + q, load(a + q) + load(b + q));
  for (; q < n; q++) to[q] = a[q] + b[q];
}

// scale_pull computes the gradients of gain * x for a channel. It adds the gradient of x to the
// previous gradient, if that is not NULL, and returns the channel's part of the gain's gradient.
void NAME(scale_pull)(const norm *p, int channel) {
  const int64_t n = p->n;
  const float *v = p->v + channel * n, *so = p->so ? p->so + channel * n : NULL, gain = p->gain[0];
  float *y = p->y + channel * n;
  double s = 0, ss = 0;
  sums(v, p->x + channel * n, n, &s, &ss);
  p->gain_sum[channel] = ss;
  int64_t q = 0;
  for (; q + LANES <= n; q += LANES) {
    vec w = load(v + q) * all(gain);
    if (so) w += load(so + q);
    store(y + q, w);
  }
  for (; q < n; q++) y[q] = so ? so[q] + v[q] * gain : v[q] * gain;
}
