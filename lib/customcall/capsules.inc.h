// Layers of capsules and their gradients. A layer computes its poses from the primary capsules by
// one of three routings. The capsules of a position route in groups, and a unit of work is a group
// in a band of positions. lib/ops/routing.go has the same functions in XLA's operations and cites
// the papers.

enum { BAND = 2048, MOST_TYPES = 4, MOST_POSE = 4, MOST_ROUNDS = 3 };

static const float tiny = 1e-8f, variance_floor = 0.01f;

// exp(x) for x <= 88: 2^n times a polynomial of the remainder (expf of Cephes).
INLINE vec exponent(vec x) {
  x = pick(x > all(-87), x, all(-87));
  vec n = x * all(1.44269504f) + all(12582912.0f); // rounds to an integer
  ivec bits = (ivec)n << 23;
  n -= all(12582912.0f);
  x = x - n * all(0.693359375f) - n * all(-2.12194440e-4f);
  vec p = all(1.9875691500e-4f);
  p = p * x + all(1.3981999507e-3f);
  p = p * x + all(8.3334519073e-3f);
  p = p * x + all(4.1665795894e-2f);
  p = p * x + all(1.6666665459e-1f);
  p = p * x + all(5.0000001201e-1f);
  p = p * x * x + x + all(1);
  return (vec)((ivec)p + bits);
}

// log(x) for a positive, normal x (logf of Cephes).
INLINE vec logarithm(vec x) {
  ivec i = (ivec)x, below;
  ivec e = (i >> 23) - 126;
  vec m = (vec)((i & 0x007fffff) | 0x3f000000); // 0.5 to 1
  below = m < all(0.707106781f);
  e += below; // a true lane is -1
  m = m + pick(below, m, all(0)) - all(1);
  vec k = __builtin_convertvector(e, vec), z = m * m, p = all(7.0376836292e-2f);
  p = p * m + all(-1.1514610310e-1f);
  p = p * m + all(1.1676998740e-1f);
  p = p * m + all(-1.2420140846e-1f);
  p = p * m + all(1.4249322787e-1f);
  p = p * m + all(-1.6668057665e-1f);
  p = p * m + all(2.0000714765e-1f);
  p = p * m + all(-2.4999993993e-1f);
  p = p * m + all(3.3333331174e-1f);
  p = p * m * z + k * all(-2.12194440e-4f) - all(0.5f) * z;
  return m + p + k * all(0.693359375f);
}

// sqrt(x) for a positive x, by Newton's method for 1/sqrt(x).
INLINE vec root(vec x) {
  vec y = (vec)(0x5f3759df - ((ivec)x >> 1));
  for (int i = 0; i < 4; i++) y = y * (all(1.5f) - all(0.5f) * x * y * y);
  return x * y;
}

INLINE vec logistic(vec x) { return all(1) / (all(1) + exponent(-pick(x > all(-80), x, all(-80)))); }

// softplus returns log(1 + exp(x)).
INLINE vec softplus(vec x) {
  vec positive = pick(x > all(0), x, all(0));
  return positive + logarithm(all(1) + exponent(x - positive - positive));
}

// group holds the intermediate results of one group in a chunk of positions, which the gradients
// read.
typedef struct {
  vec x[MOST_TYPES][MOST_POSE], u[MOST_TYPES][MOST_POSE], a[MOST_TYPES];
  vec v[MOST_TYPES][MOST_TYPES][MOST_POSE];         // votes: child, parent
  vec c[MOST_ROUNDS][MOST_TYPES][MOST_TYPES];       // dynamic, self: coupling; EM: a parent's share of a child
  vec s[MOST_ROUNDS][MOST_TYPES][MOST_POSE];        // dynamic, EM: means
  vec total[MOST_ROUNDS][MOST_TYPES], variance[MOST_ROUNDS][MOST_TYPES][MOST_POSE];
  vec half[MOST_ROUNDS][MOST_TYPES], active[MOST_ROUNDS][MOST_TYPES], p[MOST_ROUNDS][MOST_TYPES][MOST_TYPES];
  vec dx[MOST_TYPES][MOST_POSE], du[MOST_TYPES][MOST_POSE], da[MOST_TYPES], dv[MOST_TYPES][MOST_TYPES][MOST_POSE];
  vec dlogits[MOST_TYPES][MOST_TYPES], dbeta_u[MOST_TYPES], dbeta_a[MOST_TYPES];
} group;

#define EACH(i, n) for (int i = 0; i < n; i++)

// squash writes f(|s|^2) s.
INLINE void squash(int P, const vec *s, vec *o) {
  vec q = all(0);
  EACH(d, P) q += s[d] * s[d];
  vec f = root(q + all(tiny)) / (all(1) + q);
  EACH(d, P) o[d] = f * s[d];
}

// squash_pull adds the gradient of s, given the gradient of squash(s).
INLINE void squash_pull(int P, const vec *s, const vec *v, vec *ds) {
  vec q = all(0), sv = all(0);
  EACH(d, P) q += s[d] * s[d], sv += s[d] * v[d];
  vec r = root(q + all(tiny)), inv = all(1) / (all(1) + q), f = r * inv;
  vec slope = all(2) * sv * (all(0.5f) * inv / r - f * inv);
  EACH(d, P) ds[d] += f * v[d] + slope * s[d];
}

// softmax normalises over the parents of a child.
INLINE void softmax(int T, const vec *x, vec *p) {
  vec top = x[0], sum = all(0);
  EACH(j, T) top = pick(x[j] > top, x[j], top);
  EACH(j, T) p[j] = exponent(x[j] - top), sum += p[j];
  sum = all(1) / sum;
  EACH(j, T) p[j] *= sum;
}

INLINE void softmax_pull(int T, const vec *p, const vec *v, vec *dx) {
  vec mean = all(0);
  EACH(j, T) mean += p[j] * v[j];
  EACH(j, T) dx[j] = p[j] * (v[j] - mean);
}

// means computes the sums of c v over the children.
INLINE void means(int T, int P, const group *g, const vec (*c)[MOST_TYPES], vec (*s)[MOST_POSE]) {
  EACH(j, T) EACH(d, P) {
    vec sum = all(0);
    EACH(i, T) sum += c[i][j] * g->v[i][j][d];
    s[j][d] = sum;
  }
}

INLINE void route_forward(const capsules *k, int T, int P, int first, group *g, vec (*y)[MOST_POSE]) {
  EACH(i, T) {
    squash(P, g->x[i], g->u[i]);
    vec q = all(0);
    EACH(d, P) q += g->x[i][d] * g->x[i][d];
    g->a[i] = q / (all(1) + q);
    const float *w = k->w + (size_t)(first + i) * T * P * P;
    EACH(j, T) EACH(d, P) {
      vec sum = all(0);
      EACH(e, P) sum += all(w[(j * P + d) * P + e]) * g->u[i][e];
      g->v[i][j][d] = sum;
    }
  }
  if (k->routing == ROUTE_SELF) {
    vec total = all(tiny), l[MOST_TYPES], c[MOST_TYPES][MOST_TYPES];
    EACH(i, T) {
      const float *w = k->route + (size_t)(first + i) * T * P;
      EACH(j, T) {
        l[j] = all(0);
        EACH(d, P) l[j] += all(w[j * P + d]) * g->u[i][d];
      }
      softmax(T, l, g->c[0][i]);
      EACH(j, T) c[i][j] = g->c[0][i][j] * g->a[i];
      total += g->a[i];
    }
    means(T, P, g, c, y);
    EACH(j, T) EACH(d, P) y[j][d] /= total;
    g->total[0][0] = total;
    return;
  }
  if (k->routing == ROUTE_DYNAMIC) {
    vec b[MOST_TYPES][MOST_TYPES];
    EACH(i, T) EACH(j, T) b[i][j] = all(0), g->c[0][i][j] = all(1.0f / T);
    for (int r = 0;; r++) {
      means(T, P, g, g->c[r], g->s[r]);
      EACH(j, T) squash(P, g->s[r][j], y[j]);
      if (r == k->rounds - 1) return;
      EACH(i, T) {
        EACH(j, T) EACH(d, P) b[i][j] += g->v[i][j][d] * y[j][d];
        softmax(T, b[i], g->c[r + 1][i]);
      }
    }
  }
  EACH(i, T) EACH(j, T) g->c[0][i][j] = g->a[i] * all(1.0f / T);
  for (int r = 0;; r++) {
    vec w[MOST_TYPES][MOST_TYPES];
    EACH(j, T) {
      vec total = all(0);
      EACH(i, T) total += g->c[r][i][j];
      g->total[r][j] = total;
      EACH(i, T) w[i][j] = g->c[r][i][j] / (total + all(tiny));
    }
    means(T, P, g, w, g->s[r]);
    EACH(j, T) {
      vec half = all(0);
      EACH(d, P) {
        vec v = all(variance_floor);
        EACH(i, T) {
          vec away = g->v[i][j][d] - g->s[r][j][d];
          v += w[i][j] * away * away;
        }
        g->variance[r][j][d] = v;
        half += all(0.5f) * logarithm(v);
      }
      g->half[r][j] = half;
      g->active[r][j] = all(k->beta_a[first + j]) - (all(k->beta_u[first + j] * P) + half) * g->total[r][j];
    }
    if (r == k->rounds - 1) break;
    EACH(i, T) {
      vec z[MOST_TYPES];
      EACH(j, T) {
        z[j] = -g->half[r][j] - softplus(-g->active[r][j]);
        EACH(d, P) {
          vec away = g->v[i][j][d] - g->s[r][j][d];
          z[j] -= all(0.5f) * away * away / g->variance[r][j][d];
        }
      }
      softmax(T, z, g->p[r][i]);
      EACH(j, T) g->c[r + 1][i][j] = g->p[r][i][j] * g->a[i];
    }
  }
  EACH(j, T) {
    vec a = logistic(g->active[k->rounds - 1][j]);
    EACH(d, P) y[j][d] = a * g->s[k->rounds - 1][j][d];
  }
}

// em_pull adds the gradients of votes, of the children's probabilities and of the betas.
INLINE void em_pull(const capsules *k, int T, int P, int first, group *g, const vec (*v)[MOST_POSE]) {
  vec dactive[MOST_TYPES], ds[MOST_TYPES][MOST_POSE], dshare[MOST_TYPES][MOST_TYPES];
  const int end = k->rounds - 1;
  EACH(j, T) {
    vec a = logistic(g->active[end][j]), sv = all(0);
    EACH(d, P) ds[j][d] = a * v[j][d], sv += g->s[end][j][d] * v[j][d];
    dactive[j] = a * (all(1) - a) * sv;
  }
  for (int r = end; r >= 0; r--) {
    vec dvariance[MOST_TYPES][MOST_POSE], dhalf[MOST_TYPES], dsquare[MOST_TYPES][MOST_TYPES][MOST_POSE];
    EACH(j, T) {
      dhalf[j] = all(0);
      EACH(d, P) dvariance[j][d] = all(0);
      EACH(i, T) EACH(d, P) dsquare[i][j][d] = all(0);
    }
    if (r < end) { // E-step: the gradient of the next round is in dshare
      EACH(j, T) {
        dactive[j] = all(0);
        EACH(d, P) ds[j][d] = all(0);
      }
      EACH(i, T) {
        vec dp[MOST_TYPES], dz[MOST_TYPES];
        EACH(j, T) {
          g->da[i] += dshare[i][j] * g->p[r][i][j];
          dp[j] = dshare[i][j] * g->a[i];
        }
        softmax_pull(T, g->p[r][i], dp, dz);
        EACH(j, T) {
          dactive[j] += dz[j] * logistic(-g->active[r][j]);
          dhalf[j] -= dz[j];
          EACH(d, P) {
            vec away = g->v[i][j][d] - g->s[r][j][d], inv = all(1) / g->variance[r][j][d];
            dsquare[i][j][d] = all(-0.5f) * dz[j] * inv;
            dvariance[j][d] += all(0.5f) * dz[j] * away * away * inv * inv;
          }
        }
      }
    }
    EACH(j, T) { // M-step
      const vec total = g->total[r][j], inv = all(1) / (total + all(tiny));
      g->dbeta_a[j] += dactive[j];
      g->dbeta_u[j] -= dactive[j] * all(P) * total;
      dhalf[j] -= dactive[j] * total;
      vec dtotal = -dactive[j] * (all(k->beta_u[first + j] * P) + g->half[r][j]), dw[MOST_TYPES], w[MOST_TYPES];
      EACH(i, T) dw[i] = all(0), w[i] = g->c[r][i][j] * inv;
      EACH(d, P) {
        vec dvar = dvariance[j][d] + all(0.5f) * dhalf[j] / g->variance[r][j][d], dmean = ds[j][d];
        EACH(i, T) {
          vec away = g->v[i][j][d] - g->s[r][j][d];
          dw[i] += dvar * away * away;
          vec daway = all(2) * away * (dsquare[i][j][d] + dvar * w[i]);
          g->dv[i][j][d] += daway;
          dmean -= daway;
        }
        EACH(i, T) {
          dw[i] += dmean * g->v[i][j][d];
          g->dv[i][j][d] += dmean * w[i];
        }
      }
      EACH(i, T) dtotal -= dw[i] * w[i] * inv;
      EACH(i, T) dshare[i][j] = dw[i] * inv + dtotal;
    }
  }
  EACH(i, T) EACH(j, T) g->da[i] += dshare[i][j] * all(1.0f / T);
}

// route_pull writes all gradients into g, given the gradient v of y.
INLINE void route_pull(const capsules *k, int T, int P, int first, group *g, const vec (*y)[MOST_POSE], const vec (*v)[MOST_POSE]) {
  EACH(i, T) {
    g->da[i] = g->dbeta_u[i] = g->dbeta_a[i] = all(0);
    EACH(d, P) g->du[i][d] = all(0);
    EACH(j, T) {
      g->dlogits[i][j] = all(0);
      EACH(d, P) g->dv[i][j][d] = all(0);
    }
  }
  if (k->routing == ROUTE_SELF) {
    vec n[MOST_TYPES][MOST_POSE], dtotal = all(0), inv = all(1) / g->total[0][0];
    EACH(j, T) EACH(d, P) n[j][d] = v[j][d] * inv, dtotal -= y[j][d] * n[j][d];
    EACH(i, T) {
      vec dc[MOST_TYPES];
      g->da[i] += dtotal;
      EACH(j, T) {
        vec t = all(0);
        EACH(d, P) {
          t += g->v[i][j][d] * n[j][d];
          g->dv[i][j][d] += g->c[0][i][j] * g->a[i] * n[j][d];
        }
        g->da[i] += g->c[0][i][j] * t;
        dc[j] = g->a[i] * t;
      }
      softmax_pull(T, g->c[0][i], dc, g->dlogits[i]);
      const float *w = k->route + (size_t)(first + i) * T * P;
      EACH(j, T) EACH(d, P) g->du[i][d] += all(w[j * P + d]) * g->dlogits[i][j];
    }
  } else if (k->routing == ROUTE_EM) {
    em_pull(k, T, P, first, g, v);
  } else {
    vec o[MOST_TYPES][MOST_POSE], db[MOST_TYPES][MOST_TYPES];
    EACH(j, T) EACH(d, P) o[j][d] = v[j][d];
    EACH(i, T) EACH(j, T) db[i][j] = all(0);
    for (int r = k->rounds - 1; r >= 0; r--) {
      vec ds[MOST_TYPES][MOST_POSE];
      EACH(j, T) {
        EACH(d, P) ds[j][d] = all(0);
        squash_pull(P, g->s[r][j], o[j], ds[j]);
      }
      EACH(i, T) {
        vec dc[MOST_TYPES], more[MOST_TYPES];
        EACH(j, T) {
          dc[j] = all(0);
          EACH(d, P) {
            dc[j] += g->v[i][j][d] * ds[j][d];
            g->dv[i][j][d] += g->c[r][i][j] * ds[j][d];
          }
        }
        if (r > 0) {
          softmax_pull(T, g->c[r][i], dc, more);
          EACH(j, T) db[i][j] += more[j];
        }
      }
      if (r == 0) break;
      // the logits of this round have grown by votes times the poses of the previous round
      EACH(j, T) {
        vec before[MOST_POSE];
        squash(P, g->s[r - 1][j], before);
        EACH(d, P) {
          o[j][d] = all(0);
          EACH(i, T) {
            o[j][d] += db[i][j] * g->v[i][j][d];
            g->dv[i][j][d] += db[i][j] * before[d];
          }
        }
      }
    }
  }
  EACH(i, T) {
    const float *w = k->w + (size_t)(first + i) * T * P * P;
    EACH(j, T) EACH(d, P) EACH(e, P) g->du[i][e] += all(w[(j * P + d) * P + e]) * g->dv[i][j][d];
    vec q = all(1);
    EACH(d, P) {
      q += g->x[i][d] * g->x[i][d];
      g->dx[i][d] = all(0);
    }
    squash_pull(P, g->x[i], g->du[i], g->dx[i]);
    q = all(2) * g->da[i] / (q * q);
    EACH(d, P) g->dx[i][d] += q * g->x[i][d];
  }
}

// take_lanes reads the lanes of a chunk, with zeros beyond the end of the array.
INLINE vec take_lanes(const float *from, int lanes) {
  if (lanes == LANES) return load(from);
  vec v = all(0);
  for (int l = 0; l < lanes; l++) v[l] = from[l];
  return v;
}

INLINE void put_lanes(float *to, vec v, int lanes) {
  if (lanes == LANES) store(to, v);
  else for (int l = 0; l < lanes; l++) to[l] = v[l];
}

int NAME(capsules_bands)(const capsules *k) { return (k->n + BAND - 1) / BAND; }

enum { FORWARD, PULL, WEIGH };

INLINE void routed(const capsules *k, int T, int P, int unit, int what, double *sums) {
  const int bands = NAME(capsules_bands)(k), first = unit / bands * T;
  const int64_t from = (int64_t)(unit % bands) * BAND, to = k->n - from < BAND ? k->n : from + BAND;
  vec w[MOST_TYPES][MOST_TYPES][MOST_POSE][MOST_POSE], l[MOST_TYPES][MOST_TYPES][MOST_POSE], bu[MOST_TYPES], ba[MOST_TYPES];
  if (what == WEIGH) memset(w, 0, sizeof w), memset(l, 0, sizeof l), memset(bu, 0, sizeof bu), memset(ba, 0, sizeof ba);
  group g;
  for (int64_t at = from; at < to; at += LANES) {
    const int lanes = to - at < LANES ? (int)(to - at) : LANES;
    vec y[MOST_TYPES][MOST_POSE], v[MOST_TYPES][MOST_POSE];
#define ROW(p, i, d) ((p) + (size_t)((first + i) * P + d) * k->n + at)
    EACH(i, T) EACH(d, P) g.x[i][d] = take_lanes(ROW(k->x, i, d), lanes);
    route_forward(k, T, P, first, &g, y);
    if (what == FORWARD) {
      EACH(i, T) EACH(d, P) put_lanes(ROW(k->y, i, d), y[i][d], lanes);
      continue;
    }
    EACH(i, T) EACH(d, P) v[i][d] = take_lanes(ROW(k->g, i, d), lanes);
    route_pull(k, T, P, first, &g, y, v);
    if (what == PULL) {
      EACH(i, T) EACH(d, P) put_lanes(ROW(k->y, i, d), g.dx[i][d], lanes);
      continue;
    }
    EACH(i, T) {
      bu[i] += g.dbeta_u[i], ba[i] += g.dbeta_a[i];
      EACH(j, T) EACH(d, P) {
        l[i][j][d] += g.dlogits[i][j] * g.u[i][d];
        EACH(e, P) w[i][j][d][e] += g.dv[i][j][d] * g.u[i][e];
      }
    }
#undef ROW
  }
  if (what != WEIGH) return;
  EACH(i, T) EACH(j, T) EACH(d, P) EACH(e, P) *sums++ = sum(w[i][j][d][e]);
  if (k->routing == ROUTE_SELF) EACH(i, T) EACH(j, T) EACH(d, P) *sums++ = sum(l[i][j][d]);
  if (k->routing == ROUTE_EM) {
    EACH(i, T) *sums++ = sum(bu[i]);
    EACH(i, T) *sums++ = sum(ba[i]);
  }
}

// capsules_sums returns the number of sums of a unit: the sums for its group's transform, then
// those for route, or for beta_u and beta_a.
int NAME(capsules_sums)(const capsules *k) {
  const int t = k->types, p = k->pose;
  return t * t * p * p + (k->routing == ROUTE_SELF ? t * t * p : 0) + (k->routing == ROUTE_EM ? 2 * t : 0);
}

#define ROUTED(name, what, sums)                                     \
  void NAME(name)(const capsules *k, int unit) {                     \
    switch (k->types * 10 + k->pose) {                               \
    case 22: routed(k, 2, 2, unit, what, sums); return;              \
    case 24: routed(k, 2, 4, unit, what, sums); return;              \
    case 44: routed(k, 4, 4, unit, what, sums); return;              \
    default: routed(k, k->types, k->pose, unit, what, sums); return; \
    }                                                                \
  }
ROUTED(capsules_forward, FORWARD, NULL)
ROUTED(capsules_pull, PULL, NULL)
ROUTED(capsules_weigh, WEIGH, k->sums + (size_t)unit * NAME(capsules_sums)(k))
