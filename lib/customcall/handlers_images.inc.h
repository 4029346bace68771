// Handlers of kernels on images in several parts, and on lists of arrays.

static int64_t size_of(const ffi_buffer *x) {
  int64_t n = 1;
  for (int64_t i = 0; i < x->rank; i++) n *= x->dims[i];
  return n;
}

static int floats(const ffi_buffers *list, int from, int to) {
  for (int i = from; i < to; i++)
    if (((ffi_buffer *)list->at[i])->dtype != FFI_F32) return 0;
  return 1;
}

// dealt returns the source of channel j of n in a channel shuffle: the channels form a matrix with
// this number of rows, read column by column.
static int dealt(int j, int n, int rows) { return j % rows * (n / rows) + j / rows; }

// channels lists the addresses of the channels of the images from..to and returns their number. It
// returns 0 if there are too many channels, or if an image differs in size from the first.
static int channels(const ffi_buffers *list, int from, int to, float **at) {
  int n = 0;
  const ffi_buffer *first = list->at[from];
  for (int i = from; i < to; i++) {
    const ffi_buffer *x = list->at[i];
    if (x->dtype != FFI_F32 || x->rank != 4 || n + x->dims[0] > MAX_CHANNELS) return 0;
    const int64_t size = x->dims[1] * x->dims[2] * x->dims[3];
    if (size != first->dims[1] * first->dims[2] * first->dims[3]) return 0;
    for (int64_t c = 0; c < x->dims[0]; c++) at[n++] = (float *)x->data + c * size;
  }
  return n;
}

// ---- pointwise convolutions ----

enum { P_K, P_STRIDE, P_PAD, P_RELU, P_HALVES, P_PARTS, P_ROWS, P_STATE, P_ROWS_OUT, P_COUNT };

// tables holds the arrays of pointers of a pointwise.
typedef struct {
  float *x[MAX_CHANNELS], *y[MAX_CHANNELS], *dx[MAX_CHANNELS], *so[MAX_CHANNELS], *found[MAX_CHANNELS];
} tables;

// states lists the images by channel. The channels of each state are shuffled in this number of
// rows.
static int states(const int64_t *p, const ffi_buffers *list, int from, float **found, float **at) {
  const int n = channels(list, from, from + p[P_PARTS], found), state = p[P_STATE], rows = p[P_ROWS];
  if (!n || state < 1 || n % state || rows < 1 || state % rows) return 0;
  for (int c = 0; c < n; c++) at[c] = found[c / state * state + dealt(c % state, state, rows)];
  return n;
}

// pointwise_of reads the images, which are the inputs from number x on, and the image y.
static const char *pointwise_of(ffi_call *c, const int64_t *p, int x, ffi_buffer *y, tables *t, pointwise *q) {
  memset(q, 0, sizeof *q);
  q->k = p[P_K], q->stride = p[P_STRIDE], q->pad = p[P_PAD], q->relu = p[P_RELU], q->halves = p[P_HALVES];
  if (p[P_PARTS] < 1 || x + p[P_PARTS] > c->in.size || q->k < 1 || q->halves < 1 || q->halves > 2) return "pointwise: not the arrays of this kernel";
  const ffi_buffer *image = in(c, x);
  q->c = states(p, &c->in, x, t->found, t->x);
  ffi_buffers one = {.size = 1, .at = (void **)&y};
  q->o = channels(&one, 0, 1, t->found);
  const int rows = p[P_ROWS_OUT];
  if (!q->c || !q->o || q->k * q->k * q->c > MAX_CHANNELS || rows < 1 || q->o % rows || q->o % q->halves || image->dims[3] != y->dims[3])
    return "pointwise: shapes that don't fit, or more than 1024 channels";
  for (int i = 0; i < q->o; i++) t->y[dealt(i, q->o, rows)] = t->found[i];
  q->h = image->dims[1], q->n = y->dims[1], q->b = y->dims[3];
  q->x = (const float **)t->x, q->y = t->y;
  return NULL;
}

// weights reads the inputs from number from on, one for each half.
static const char *pointwise_weights(const ffi_buffers *list, int from, pointwise *q) {
  for (int i = 0; i < q->halves; i++) {
    const ffi_buffer *w = list->at[from + i];
    if (w->dtype != FFI_F32 || w->rank != 2 || w->dims[0] != q->o / q->halves || w->dims[1] != q->k * q->k * q->c) return "pointwise: weights that don't fit";
    q->w[i] = w->data;
  }
  return NULL;
}

static void pointwise_unit(void *p, int row, scratch *m) { chosen->pointwise_forward(p, row, m); }

HANDLER(pointwise, -1, 0, 1, P_COUNT) { // w for each half, x in parts -> y
  tables t;
  pointwise q;
  const char *fault = c->in.size != p[P_HALVES] + p[P_PARTS] ? "pointwise: not the arrays of this kernel" : pointwise_of(c, p, p[P_HALVES], out(c, 0), &t, &q);
  if (!fault) fault = pointwise_weights(&c->in, 0, &q);
  if (fault) return fail(c, fault);
  spread_work(c, q.n, pointwise_unit, &q);
  return NULL;
}

static void pointwise_pull_unit(void *p, int row, scratch *m) { chosen->pointwise_pull(p, row, m); }

// w for each half, gradient of y, x in parts, (previous gradients of x) -> gradients of x
HANDLER(pointwise_pull, -1, 0, -1, P_COUNT) {
  tables t;
  pointwise q;
  const int halves = p[P_HALVES], parts = p[P_PARTS], x = halves + 1, so = x + parts;
  if (c->out.size != parts || c->in.size != so && c->in.size != so + parts) return fail(c, "pointwise_pull: not the arrays of this kernel");
  const char *fault = pointwise_of(c, p, x, in(c, halves), &t, &q);
  if (!fault) fault = pointwise_weights(&c->in, 0, &q);
  if (!fault && (q.k != 1 || states(p, &c->out, 0, t.found, t.dx) != q.c)) fault = "pointwise_pull: gradients that don't fit";
  if (!fault && c->in.size > so) {
    if (states(p, &c->in, so, t.found, t.so) != q.c) fault = "pointwise_pull: gradients that don't fit";
    q.so = (const float **)t.so;
  }
  if (fault) return fail(c, fault);
  q.dx = t.dx;
  spread_work(c, q.n, pointwise_pull_unit, &q);
  return NULL;
}

static void pointwise_weigh_unit(void *p, int band, scratch *m) { chosen->pointwise_weigh(p, band, m); }

// gradient of y, x in parts -> gradients of w for each half
HANDLER(pointwise_weigh, -1, 0, -1, P_COUNT) {
  tables t;
  pointwise q;
  if (c->in.size != 1 + p[P_PARTS] || c->out.size != p[P_HALVES]) return fail(c, "pointwise_weigh: not the arrays of this kernel");
  const char *fault = pointwise_of(c, p, 1, in(c, 0), &t, &q);
  if (!fault) fault = pointwise_weights(&c->out, 0, &q);
  if (fault) return fail(c, fault);
  const int bands = chosen->pointwise_bands(&q);
  const size_t n = (size_t)q.o * q.k * q.k * q.c;
  q.sums = malloc(bands * n * sizeof(double));
  if (!q.sums) return fail(c, "pointwise_weigh: out of memory");
  spread_work(c, bands, pointwise_weigh_unit, &q);
  for (size_t i = 0; i < n; i++) { // in the order of the bands, for the same bits
    double v = 0;
    for (int j = 0; j < bands; j++) v += q.sums[j * n + i];
    ((float *)out(c, i / (n / q.halves))->data)[i % (n / q.halves)] = v;
  }
  free(q.sums);
  return NULL;
}

// ---- lists of arrays ----

typedef struct {
  float *from[MAX_CHANNELS], *to[MAX_CHANNELS], *so[MAX_CHANNELS];
  int n, rows, sum;
  int64_t size;
} deals;

static void deal_unit(void *p, int j, scratch *m) {
  (void)m;
  deals *d = p;
  const float *from = d->from[dealt(j, d->n, d->rows)];
  if (d->sum) chosen->add(d->to[j], d->so[j], from, d->size);
  else memcpy(d->to[j], from, d->size * sizeof(float));
}

// images in parts, (previous arrays) -> the shuffled channels in other parts, added to the previous
// arrays. The numbers are the rows of the shuffle and the number of parts.
HANDLER(deal, -1, 0, -1, 2) {
  deals d = {.rows = p[0], .sum = c->in.size > p[1]};
  if (p[1] < 1 || c->in.size != p[1] + (d.sum ? c->out.size : 0) || c->out.size < 1) return fail(c, "deal: not the arrays of this kernel");
  d.n = channels(&c->in, 0, p[1], d.from);
  if (!d.n || d.rows < 1 || d.n % d.rows || channels(&c->out, 0, c->out.size, d.to) != d.n || d.sum && channels(&c->in, p[1], c->in.size, d.so) != d.n)
    return fail(c, "deal: shapes that don't fit, or more than 1024 channels");
  const ffi_buffer *x = in(c, 0);
  d.size = x->dims[1] * x->dims[2] * x->dims[3];
  spread_work(c, d.n, deal_unit, &d);
  return NULL;
}

enum { ADD_PIECE = 1 << 15 }; // floats of a unit of work

static void add_unit(void *p, int unit, scratch *m) {
  (void)m;
  ffi_call *c = p;
  for (int i = 0; i < c->out.size; i++) {
    const int64_t n = size_of(out(c, i)), units = (n + ADD_PIECE - 1) / ADD_PIECE, at = (int64_t)unit * ADD_PIECE;
    if (unit < units) {
      const float *a = in(c, i)->data, *b = in(c, i + c->out.size)->data;
      chosen->add((float *)out(c, i)->data + at, a + at, b + at, n - at < ADD_PIECE ? n - at : ADD_PIECE);
      return;
    }
    unit -= units;
  }
}

HANDLER(add, -1, 0, -1, 0) { // n arrays, n more arrays -> n sums
  int64_t units = 0;
  if (c->in.size != 2 * c->out.size || !floats(&c->in, 0, c->in.size)) return fail(c, "add: want float32, and as many arrays of each");
  for (int i = 0; i < c->out.size; i++) {
    const int64_t n = size_of(out(c, i));
    if (size_of(in(c, i)) != n || size_of(in(c, i + c->out.size)) != n) return fail(c, "add: arrays of different sizes");
    units += (n + ADD_PIECE - 1) / ADD_PIECE;
  }
  spread_work(c, units, add_unit, c);
  return NULL;
}

HANDLER(cut, 1, 0, -1, 0) { // array -> parts
  const float *from = in(c, 0)->data;
  int64_t left = size_of(in(c, 0));
  for (int i = 0; i < c->out.size; i++) {
    const int64_t n = size_of(out(c, i));
    if (n > left || !floats(&c->out, i, i + 1)) return fail(c, "cut: parts that are more than the whole, or not float32");
    memcpy(out(c, i)->data, from, n * sizeof(float));
    from += n, left -= n;
  }
  return NULL;
}

HANDLER(join, -1, 0, 1, 0) { // array, parts -> sum of the array and the concatenated parts
  const float *so = in(c, 0)->data;
  float *to = out(c, 0)->data;
  int64_t left = size_of(in(c, 0));
  if (size_of(out(c, 0)) != left || !floats(&c->in, 0, c->in.size)) return fail(c, "join: want float32 and a sum of that size");
  for (int i = 1; i < c->in.size; i++) {
    const int64_t n = size_of(in(c, i));
    if (n > left) return fail(c, "join: parts that are more than the whole");
    chosen->add(to, so, in(c, i)->data, n);
    so += n, to += n, left -= n;
  }
  if (left) return fail(c, "join: parts that are less than the whole");
  return NULL;
}

static void scale_pull_unit(void *p, int channel, scratch *m) { (void)m; chosen->scale_pull(p, channel); }

// v, x [c, n], scale [1], (previous gradient of x) -> gradients of x and of scale
HANDLER(scale_pull, 3, 1, 2, 0) {
  const ffi_buffer *x = in(c, 1);
  if (!floats(&c->in, 0, c->in.size) || x->rank != 2 || size_of(in(c, 0)) != size_of(x) || size_of(in(c, 2)) != 1) return fail(c, "scale_pull: want float32 [c, n], and a number");
  const int n = x->dims[0];
  norm q = {.n = x->dims[1], .x = x->data, .v = in(c, 0)->data, .gain = in(c, 2)->data, .y = out(c, 0)->data, .so = c->in.size > 3 ? in(c, 3)->data : NULL};
  q.gain_sum = malloc(n * sizeof(double));
  if (!q.gain_sum) return fail(c, "scale_pull: out of memory");
  spread_work(c, n, scale_pull_unit, &q);
  double all = 0;
  for (int i = 0; i < n; i++) all += q.gain_sum[i];
  *(float *)out(c, 1)->data = all;
  free(q.gain_sum);
  return NULL;
}
