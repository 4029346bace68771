// Handlers of capsules. The numbers of a call are routing, rounds, groups, types and pose. Its
// first arrays are x, the transform, and the parameters of the routing: beta_u and beta_a, or
// route.

enum { C_ROUTING, C_ROUNDS, C_GROUPS, C_TYPES, C_POSE, C_COUNT };

// learnt returns the number of weight arrays of a routing, including the transform.
static int learnt(int routing) { return routing == ROUTE_EM ? 3 : routing == ROUTE_SELF ? 2 : 1; }

static const char *capsules_of(ffi_call *c, const int64_t *p, int inputs, int outputs, capsules *k) {
  memset(k, 0, sizeof *k);
  k->routing = p[C_ROUTING], k->rounds = p[C_ROUNDS], k->groups = p[C_GROUPS], k->types = p[C_TYPES], k->pose = p[C_POSE];
  const int weights = learnt(k->routing);
  if (k->routing < ROUTE_DYNAMIC || k->routing > ROUTE_SELF || k->rounds < 1 || k->rounds > 3 || k->groups < 1 || k->types < 1 || k->types > 4 || k->pose < 1 || k->pose > 4)
    return "capsules: an unknown routing, or more than 3 rounds, 4 capsules in a group or 4 dimensions";
  if (c->in.size != inputs + weights || c->out.size != outputs || !floats(&c->in, 0, c->in.size) || !floats(&c->out, 0, outputs)) return "capsules: not the arrays of this kernel";
  const ffi_buffer *x = in(c, 0);
  const int64_t n = (int64_t)k->groups * k->types;
  if (x->rank != 4 || x->dims[0] != n * k->pose || size_of(in(c, 1)) != n * k->types * k->pose * k->pose) return "capsules: shapes that don't fit";
  for (int i = 2; i <= weights; i++)
    if (size_of(in(c, i)) != (k->routing == ROUTE_EM ? n : n * k->types * k->pose)) return "capsules: weights that don't fit";
  k->n = x->dims[1] * x->dims[2] * x->dims[3];
  k->x = x->data, k->w = in(c, 1)->data;
  if (k->routing == ROUTE_EM) k->beta_u = in(c, 2)->data, k->beta_a = in(c, 3)->data;
  if (k->routing == ROUTE_SELF) k->route = in(c, 2)->data;
  if (inputs == 2) {
    if (size_of(in(c, 1 + weights)) != size_of(x)) return "capsules: a gradient that does not fit";
    k->g = in(c, 1 + weights)->data;
  }
  return NULL;
}

static void capsules_forward_unit(void *p, int unit, scratch *m) { (void)m; chosen->capsules_forward(p, unit); }

HANDLER(capsules, -1, 0, 1, C_COUNT) { // x, weights -> y
  capsules k;
  const char *fault = capsules_of(c, p, 1, 1, &k);
  if (fault) return fail(c, fault);
  k.y = out(c, 0)->data;
  spread_work(c, k.groups * chosen->capsules_bands(&k), capsules_forward_unit, &k);
  return NULL;
}

static void capsules_pull_unit(void *p, int unit, scratch *m) { (void)m; chosen->capsules_pull(p, unit); }

HANDLER(capsules_pull, -1, 0, 1, C_COUNT) { // x, weights, gradient of y -> gradient of x
  capsules k;
  const char *fault = capsules_of(c, p, 2, 1, &k);
  if (fault) return fail(c, fault);
  k.y = out(c, 0)->data;
  spread_work(c, k.groups * chosen->capsules_bands(&k), capsules_pull_unit, &k);
  return NULL;
}

static void capsules_weigh_unit(void *p, int unit, scratch *m) { (void)m; chosen->capsules_weigh(p, unit); }

HANDLER(capsules_weigh, -1, 0, -1, C_COUNT) { // x, weights, gradient of y -> gradients of the weights
  capsules k;
  const char *fault = capsules_of(c, p, 2, learnt(p[C_ROUTING]), &k);
  if (fault) return fail(c, fault);
  const int bands = chosen->capsules_bands(&k), sums = chosen->capsules_sums(&k);
  k.sums = malloc((size_t)k.groups * bands * sums * sizeof(double));
  if (!k.sums) return fail(c, "capsules_weigh: out of memory");
  spread_work(c, k.groups * bands, capsules_weigh_unit, &k);
  for (int g = 0; g < k.groups; g++)
    for (int i = 0, at = 0, array = 0; i < sums; i++, at++) { // in the order of the bands, for the same bits
      double v = 0;
      for (int b = 0; b < bands; b++) v += k.sums[((size_t)g * bands + b) * sums + i];
      int size = size_of(out(c, array)) / k.groups;
      if (at == size) at = 0, size = size_of(out(c, ++array)) / k.groups;
      ((float *)out(c, array)->data)[(size_t)g * size + at] = v;
    }
  free(k.sums);
  return NULL;
}
