// The cross-entropy of logits [rows, classes] with labels, and its gradient; see mod.rs for weights, smoothing, ignored rows.
//
// The ladder:
//   cross_entropy_*_plain  a thread for each row
//   cross_entropy_forward_long  a block for each row, tile after tile; maximum and sum come from one pass, as in softmax.cu
//   cross_entropy_*_held   a block for a row that its registers hold, 32 logits per thread: each is read once. Rows of up to 1024
//                          classes have a warp each, and no barrier. The gradient needs no sum over the row, so that this kernel
//                          also processes long rows, tile after tile
//
// Bytes: forward 4 for each logit, backward 8; forward 8 for long rows, 12 with smoothing. FLOPs: some 15 for each logit, nearly
// all in the exponential. The bound is memory, as in softmax.cu.
// Registers: 64. A multiprocessor of sm_80 or sm_90 then runs 32 warps for rows of 1024 classes, 30 for rows of 10000, of at most
// 64. Shared memory is a few words.
//
// A label outside the classes, for which the CPU panics, makes the row's loss and gradient NaN.
#include "prelude.cuh"

// --- Forward.

struct Targets {
    const i64 *labels;
    const float *weights;  // of each class; null if all are 1
    float smoothing;
    int ignores;
    i64 ignored;
};

DEVICE float weight(const Targets &t, int k) { return t.weights ? t.weights[k] : 1.0f; }

// The largest logit of a row and Σ e^(x − largest): `norms` [rows, 2]. If all logits are −∞ the sum is 0; NaN makes it NaN.
struct Norm {
    float largest, sum;
    DEVICE_MEMBER float log_p(float x) const { return sum == 0.0f ? -INFINITY : (x - largest) - logf(sum); }
    DEVICE_MEMBER void write(float *norms, i64 row) const { norms[2 * row] = largest, norms[2 * row + 1] = sum; }
};

// The loss of a row from its norm and the weighted sum of all log-probabilities, which only smoothing uses.
DEVICE float loss_of(const Targets &t, i64 y, const float *x, int classes, const Norm &norm, float spread) {
    if (t.ignores && y == t.ignored) return 0.0f;
    if (y < 0 || y >= classes) return NAN;
    float loss = -(1.0f - t.smoothing) * weight(t, int(y)) * norm.log_p(x[y]);
    return t.smoothing > 0.0f ? loss - t.smoothing / classes * spread : loss;
}

KERNEL cross_entropy_forward_plain(const float *logits, const i64 *labels, const float *weights, float smoothing,
                                   int ignores, i64 ignored, float *loss, float *norms, int rows, int classes) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    Targets t = {labels, weights, smoothing, ignores, ignored};
    const float *x = logits + i64(row) * classes;
    float largest = -INFINITY, sum = 0.0f, spread = 0.0f;
    for (int k = 0; k < classes; ++k) largest = fmaxf(largest, x[k]);
    float shift = largest == -INFINITY ? 0.0f : largest;
    for (int k = 0; k < classes; ++k) sum += expf(x[k] - shift);
    Norm norm = {largest, sum};
    norm.write(norms, row);
    if (smoothing > 0.0f)
        for (int k = 0; k < classes; ++k) spread += weight(t, k) * norm.log_p(x[k]);
    loss[row] = loss_of(t, labels[row], x, classes, norm, spread);
}

// The contribution of some columns to the weighted sum of log-probabilities.
template <bool FOURS>
DEVICE float spread_of(const HeldRow<FOURS> &at, const float *weights, const float (&held)[HELD], const Norm &norm) {
    float sum = 0.0f;
    at.each([&](int i) {
        if (at.has(i)) sum += (weights ? weights[at.column(i)] : 1.0f) * norm.log_p(held[i]);
    });
    return sum;
}

template <bool FOURS>
DEVICE void forward(const float *logits, const Targets &t, float *loss, float *norms, int rows, int classes) {
    SHARED(float, scratch, [32]);
    HeldRow<FOURS> at(classes);
    if (at.row >= rows) return;
    const float *x = logits + i64(at.row) * classes;
    i64 label = t.labels[at.row];
    float held[HELD], largest = -INFINITY, sum = 0.0f, spread = 0.0f;
    at.read(x, -INFINITY, held);
    at.each([&](int i) { largest = fmaxf(largest, held[i]); });
    largest = at.max(largest, scratch);
    float shift = largest == -INFINITY ? 0.0f : largest;
    at.each([&](int i) { sum += expf(held[i] - shift); });
    Norm norm = {largest, at.sum(sum, scratch)};
    if (t.smoothing > 0.0f) spread = at.sum(spread_of(at, t.weights, held, norm), scratch);
    if (at.first > 0) return;
    norm.write(norms, at.row);
    loss[at.row] = loss_of(t, label, x, classes, norm, spread);
}

#define FORWARD const float *logits, const i64 *labels, const float *weights, float smoothing, int ignores, i64 ignored, \
                float *loss, float *norms, int rows, int classes
#define BACKWARD const float *logits, const i64 *labels, const float *weights, float smoothing, int ignores, i64 ignored, \
                 const float *norms, const float *dloss, float *dlogits, int rows, int classes

KERNEL cross_entropy_forward_held(FORWARD) {
    Targets t = {labels, weights, smoothing, ignores, ignored};
    if (by_fours(classes, logits)) return forward<true>(logits, t, loss, norms, rows, classes);
    forward<false>(logits, t, loss, norms, rows, classes);
}
KERNEL cross_entropy_forward_long(FORWARD) {
    Targets t = {labels, weights, smoothing, ignores, ignored};
    SHARED(float, scratch, [32]);
    int row = blockIdx.x;
    const float *x = logits + i64(row) * classes;
    i64 label = t.labels[row];
    // The thread's maximum, and the sum of e^(x − maximum), which is rescaled when the maximum grows.
    float largest = -INFINITY, sum = 0.0f, spread = 0.0f;
    for (int from = 0; from < classes; from += HELD * blockDim.x) {
        HeldRow<false> at(classes, from);
        float held[HELD], before = largest;
        at.read(x, -INFINITY, held);
        at.each([&](int i) { largest = fmaxf(largest, held[i]); });
        float shift = largest == -INFINITY ? 0.0f : largest;
        sum *= expf(before - shift);
        at.each([&](int i) { sum += expf(held[i] - shift); });
    }
    float most = block_max(largest, scratch), shift = most == -INFINITY ? 0.0f : most;
    Norm norm = {most, block_sum(sum * expf(largest - shift), scratch)};
    if (t.smoothing > 0.0f) {
        for (int from = 0; from < classes; from += HELD * blockDim.x) {
            HeldRow<false> at(classes, from);
            float held[HELD];
            at.read(x, -INFINITY, held);
            spread += spread_of(at, t.weights, held, norm);
        }
        spread = block_sum(spread, scratch);
    }
    if (threadIdx.x > 0) return;
    norm.write(norms, row);
    loss[row] = loss_of(t, label, x, classes, norm, spread);
}

// --- Backward. d logits = dloss (p (on_label + share Σ w) − on_label [k = y] − share w_k), with share = ε / K.

// The values that all columns of a row share.
struct Slope {
    float dloss, largest, inverse, share, all, on_label;
    i64 label;
    bool none;  // no gradient: the row is ignored, or all its logits are −∞
};

DEVICE float slope_of(const Slope &s, float x, float weight, bool hit) {
    float slope = expf(x - s.largest) * s.inverse * (s.on_label + s.share * s.all) - (hit ? s.on_label : 0.0f) - s.share * weight;
    return s.none ? 0.0f : s.dloss * slope;
}

// `all` is the sum of the classes' weights.
DEVICE Slope slope_of_row(const Targets &t, int row, const float *norms, const float *dloss, int classes, float all) {
    i64 label = t.labels[row];
    bool counts = !(t.ignores && label == t.ignored), known = label >= 0 && label < classes;
    float on_label = counts && known ? (1.0f - t.smoothing) * weight(t, int(label)) : NAN;
    float largest = norms[2 * i64(row)], sum = norms[2 * i64(row) + 1];
    return Slope{dloss[row], largest, 1.0f / sum, t.smoothing / classes, all, on_label, label, !counts || sum == 0.0f};
}

KERNEL cross_entropy_backward_plain(BACKWARD) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    Targets t = {labels, weights, smoothing, ignores, ignored};
    float all = 0.0f;
    for (int k = 0; k < classes; ++k) all += weight(t, k);
    Slope slope = slope_of_row(t, row, norms, dloss, classes, all);
    for (int k = 0; k < classes; ++k) {
        i64 i = i64(row) * classes + k;
        dlogits[i] = slope_of(slope, logits[i], weight(t, k), k == slope.label);
    }
}

// The gradient of a row, tile after tile. A row that registers hold is one tile.
template <bool FOURS>
DEVICE void backward(const float *logits, const Targets &t, const float *norms, const float *dloss, float *dlogits, int rows,
                     int classes) {
    SHARED(float, scratch, [32]);
    Rows in;
    if (in.row >= rows) return;
    float all = float(classes);
    if (t.weights && t.smoothing > 0.0f) {
        all = 0.0f;
        for (int k = in.first; k < classes; k += in.step) all += t.weights[k];
        all = in.sum(all, scratch);
    }
    Slope slope = slope_of_row(t, in.row, norms, dloss, classes, all);
    i64 start = i64(in.row) * classes;
    for (int from = 0; from < classes; from += HELD * u32(in.step)) {
        HeldRow<FOURS> at(classes, from);
        float held[HELD];
        at.read(logits + start, 0.0f, held);
        at.each([&](int i) {
            int k = at.column(i);
            held[i] = slope_of(slope, held[i], t.weights && at.has(i) ? t.weights[k] : 1.0f, k == slope.label);
        });
        at.write(held, dlogits + start);
    }
}

KERNEL cross_entropy_backward_held(BACKWARD) {
    Targets t = {labels, weights, smoothing, ignores, ignored};
    if (by_fours(classes, logits, dlogits)) return backward<true>(logits, t, norms, dloss, dlogits, rows, classes);
    backward<false>(logits, t, norms, dloss, dlogits, rows, classes);
}
