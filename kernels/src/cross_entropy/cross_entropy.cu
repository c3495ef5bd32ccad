// The cross-entropy of logits [rows, classes] with labels, and its gradient; see mod.rs for weights, smoothing, ignored rows.
//
// The ladder:
//   cross_entropy_*_plain  a thread for each row
//   cross_entropy_*_warp   a warp for each row
//   cross_entropy_*_block  a block of 256 threads for each row, where there are many classes
//
// Bytes: forward reads each logit twice (once more from the second-level cache), backward reads and writes it once.
// FLOPs: some 20 for each logit, nearly all in the exponential. The bound is memory.
// Registers are 32 or fewer, so that sm_80 and sm_90 hold all the threads they can.
//
// A label outside the classes, which the CPU refuses, makes the row's loss and gradient NaN.
#include "prelude.cuh"

struct Targets {
    const i64 *labels;
    const float *weights;  // of each class; null is 1
    float smoothing;
    int ignores;
    i64 ignored;
};

DEVICE float weight(const Targets &t, int k) { return t.weights ? t.weights[k] : 1.0f; }

DEVICE float log_p(float x, float lse) { return lse == -INFINITY ? -INFINITY : x - lse; }

// The loss of a row from ln Σ eˣ and the weighted sum of all log-probabilities, which only smoothing asks for.
DEVICE float loss_of(const Targets &t, int row, const float *x, int classes, float lse, float spread) {
    i64 y = t.labels[row];
    if (t.ignores && y == t.ignored) return 0.0f;
    if (y < 0 || y >= classes) return NAN;
    float loss = -(1.0f - t.smoothing) * weight(t, int(y)) * log_p(x[y], lse);
    return t.smoothing > 0.0f ? loss - t.smoothing / classes * spread : loss;
}

KERNEL cross_entropy_forward_plain(const float *logits, const i64 *labels, const float *weights, float smoothing,
                                   int ignores, i64 ignored, float *loss, float *lse, int rows, int classes) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    Targets t = {labels, weights, smoothing, ignores, ignored};
    const float *x = logits + i64(row) * classes;
    float largest = -INFINITY, sum = 0.0f, spread = 0.0f;
    for (int k = 0; k < classes; ++k) largest = fmaxf(largest, x[k]);
    float shift = largest == -INFINITY ? 0.0f : largest;
    for (int k = 0; k < classes; ++k) sum += expf(x[k] - shift);
    lse[row] = sum == 0.0f ? -INFINITY : largest + logf(sum);
    if (smoothing > 0.0f)
        for (int k = 0; k < classes; ++k) spread += weight(t, k) * log_p(x[k], lse[row]);
    loss[row] = loss_of(t, row, x, classes, lse[row], spread);
}

template <bool BLOCK>
DEVICE void forward(const float *logits, const Targets &t, float *loss, float *lse, int rows, int classes) {
    SHARED(float, room, [32]);
    Rows<BLOCK> at;
    if (at.row >= rows) return;
    const float *x = logits + i64(at.row) * classes;
    float largest = -INFINITY, sum = 0.0f, spread = 0.0f;
    for (int k = at.first; k < classes; k += at.step) largest = fmaxf(largest, x[k]);
    largest = at.max(largest, room);
    float shift = largest == -INFINITY ? 0.0f : largest;
    for (int k = at.first; k < classes; k += at.step) sum += expf(x[k] - shift);
    sum = at.sum(sum, room);
    float total = sum == 0.0f ? -INFINITY : largest + logf(sum);
    if (t.smoothing > 0.0f) {
        for (int k = at.first; k < classes; k += at.step) spread += weight(t, k) * log_p(x[k], total);
        spread = at.sum(spread, room);
    }
    if (at.first > 0) return;
    lse[at.row] = total;
    loss[at.row] = loss_of(t, at.row, x, classes, total, spread);
}

KERNEL cross_entropy_forward_warp(const float *logits, const i64 *labels, const float *weights, float smoothing,
                                  int ignores, i64 ignored, float *loss, float *lse, int rows, int classes) {
    forward<false>(logits, Targets{labels, weights, smoothing, ignores, ignored}, loss, lse, rows, classes);
}
KERNEL cross_entropy_forward_block(const float *logits, const i64 *labels, const float *weights, float smoothing,
                                   int ignores, i64 ignored, float *loss, float *lse, int rows, int classes) {
    forward<true>(logits, Targets{labels, weights, smoothing, ignores, ignored}, loss, lse, rows, classes);
}

// d logits = dloss (p (on_label + share Σ w) − on_label [k = y] − share w_k), with share = ε / K.
template <bool BLOCK>
DEVICE void backward(const float *logits, const Targets &t, const float *lse, const float *dloss, float *dlogits, int rows,
                     int classes) {
    SHARED(float, room, [32]);
    Rows<BLOCK> at;
    if (at.row >= rows) return;
    const float *x = logits + i64(at.row) * classes;
    float *dx = dlogits + i64(at.row) * classes;
    i64 y = t.labels[at.row];
    float total = lse[at.row], share = t.smoothing / classes, all = float(classes);
    if (t.weights && t.smoothing > 0.0f) {
        all = 0.0f;
        for (int k = at.first; k < classes; k += at.step) all += t.weights[k];
        all = at.sum(all, room);
    }
    bool counts = !(t.ignores && y == t.ignored), known = y >= 0 && y < classes;
    float on_label = counts && known ? (1.0f - t.smoothing) * weight(t, int(y)) : NAN;
    for (int k = at.first; k < classes; k += at.step) {
        float hit = k == y ? on_label : 0.0f;
        float slope = expf(x[k] - total) * (on_label + share * all) - hit - share * weight(t, k);
        dx[k] = !counts || total == -INFINITY ? 0.0f : dloss[at.row] * slope;
    }
}

KERNEL cross_entropy_backward_warp(const float *logits, const i64 *labels, const float *weights, float smoothing,
                                   int ignores, i64 ignored, const float *lse, const float *dloss, float *dlogits, int rows,
                                   int classes) {
    backward<false>(logits, Targets{labels, weights, smoothing, ignores, ignored}, lse, dloss, dlogits, rows, classes);
}
KERNEL cross_entropy_backward_block(const float *logits, const i64 *labels, const float *weights, float smoothing,
                                    int ignores, i64 ignored, const float *lse, const float *dloss, float *dlogits, int rows,
                                    int classes) {
    backward<true>(logits, Targets{labels, weights, smoothing, ignores, ignored}, lse, dloss, dlogits, rows, classes);
}
