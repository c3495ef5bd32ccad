// Convolution over time, ReLU and the maximum over time in one pass, z [B, O] from x [B, T, C] and w [O, C, k]; see mod.rs.
//
// The ladder:
//   conv_relu_max_forward_plain  a thread for each feature goes through the windows: the definition
//   relu_max                     the convolution as a product (conv1d/cuda.rs), then this: a block for 32 filters of a sentence,
//                                whose eight warps go through every eighth window and keep the best of theirs
//   conv_relu_max_backward_*     one live window for each feature: T' times less work than the dense gradient. A thread adds
//                                up one number, over sentences or over filters, so that results are the same on each run
//
// FLOPs: 2 B T' O C k forward, 2 B O C k each backward. Bytes, at best: 4 (B T C + O C k), and 8 B T' O for the convolution that
// is written and read once: at C k = 900, 450 FLOP for each. relu_max is bound by memory; its 2 KiB of shared memory and
// fewer than 32 registers let sm_80 and sm_90 hold all the threads they can.
#include "prelude.cuh"

// Of `windows`, those of a sentence that count.
DEVICE int live(const i64 *lengths, int b, int windows) {
    i64 length = lengths[b];
    return length < 1 ? 1 : length > windows ? windows : int(length);
}

// The best so far, 0 and −1 at first; the lowest window of equals. The first NaN stays.
struct Best {
    float value;
    int window;
};

DEVICE void meet(Best &best, Best next) {
    bool is_nan = best.value != best.value, comes_nan = next.value != next.value;
    bool better = is_nan ? comes_nan && next.window < best.window
                         : comes_nan || next.value > best.value ||
                               (next.value == best.value && next.window >= 0 && best.window >= 0 &&
                                next.window < best.window);
    if (better) best = next;
}

KERNEL conv_relu_max_forward_plain(const float *x, const float *w, const float *bias, const i64 *lengths, float *z,
                                   i64 *winner, int time, int channels, int filters, int window, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    int b = i / filters, o = i % filters, windows = live(lengths, b, max(time, window) - window + 1);
    Best best = {0.0f, -1};
    for (int t = 0; t < windows; ++t) {
        float sum = 0.0f;
        for (int j = 0; j < window && t + j < time; ++j)
            for (int c = 0; c < channels; ++c)
                sum = fmaf(w[(i64(o) * channels + c) * window + j], x[(i64(b) * time + t + j) * channels + c], sum);
        meet(best, Best{sum + bias[o], t});
    }
    z[i] = best.value;
    winner[i] = best.window;
}

#define FILTERS 32
#define WARPS 8

// z and the winners from y [B, W, O].
KERNEL relu_max(const float *y, const i64 *lengths, float *z, i64 *winner, int windows, int filters) {
    SHARED(Best, found, [WARPS][FILTERS]);
    int b = blockIdx.y, lane = threadIdx.x % FILTERS, warp = threadIdx.x / FILTERS, o = blockIdx.x * FILTERS + lane;
    int count = live(lengths, b, windows);
    Best best = {0.0f, -1};
    if (o < filters)
        for (int t = warp; t < count; t += WARPS) meet(best, Best{y[(i64(b) * windows + t) * filters + o], t});
    found[warp][lane] = best;
    __syncthreads();
    if (warp > 0 || o >= filters) return;
    for (int other = 1; other < WARPS; ++other) meet(best, found[other][lane]);
    z[i64(b) * filters + o] = best.value;
    winner[i64(b) * filters + o] = best.window;
}

// dw [O, C, k] and, by the threads of channel 0 and step 0, dbias.
KERNEL conv_relu_max_backward_w(const float *x, const i64 *winner, const float *dz, float *dw, float *dbias, int batch,
                                int time, int channels, int filters, int window, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    int j = i % window, c = i / window % channels, o = i / window / channels;
    float sum = 0.0f, of_bias = 0.0f;
    for (int b = 0; b < batch; ++b) {
        i64 t = winner[i64(b) * filters + o];
        if (t < 0) continue;
        float up = dz[i64(b) * filters + o];
        of_bias += up;
        if (t + j < time) sum = fmaf(up, x[(i64(b) * time + t + j) * channels + c], sum);
    }
    dw[i] = sum;
    if (j == 0 && c == 0) dbias[o] = of_bias;
}

KERNEL conv_relu_max_backward_x(const float *w, const i64 *winner, const float *dz, float *dx, int time, int channels,
                                int filters, int window, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    int c = i % channels, t = i / channels % time, b = i / channels / time;
    float sum = 0.0f;
    for (int o = 0; o < filters; ++o) {
        i64 first = winner[i64(b) * filters + o], j = t - first;
        if (first >= 0 && j >= 0 && j < window)
            sum = fmaf(dz[i64(b) * filters + o], w[(i64(o) * channels + c) * window + j], sum);
    }
    dx[i] = sum;
}
