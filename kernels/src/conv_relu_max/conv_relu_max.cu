// Convolution over time, ReLU and the maximum over time in one pass, z [B, O] from x [B, T, C] and w [O, C, k]; see mod.rs.
//
// The ladder:
//   conv_relu_max_forward_plain  a thread for each feature goes through the windows
//   conv_relu_max_forward        a block for 16 filters of a sentence: the convolution's tiles (conv1d.cu), 16 windows at a time,
//                                each thread keeping the best of its windows; y is never written
//   conv_relu_max_backward_*     one live window for each feature: T' times less work than the dense gradient. A thread adds
//                                up one number, over sentences or over filters, so that results are the same on each run
//
// FLOPs: 2 B T' O C k forward, 2 B O C k each backward. Bytes, at best: 4 (B T C + O C k) and 12 B O. Forward is bound by the
// second-level cache as conv1d is; of registers and shared memory a block takes what a convolution's does.
#include "prelude.cuh"

#define TILE 16

// The windows of a sentence that count.
DEVICE int live(const i64 *lengths, int b, int time, int window) {
    int windows = max(time, window) - window + 1;
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
    int b = i / filters, o = i % filters, windows = live(lengths, b, time, window);
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

KERNEL conv_relu_max_forward(const float *x, const float *w, const float *bias, const i64 *lengths, float *z,
                             i64 *winner, int time, int channels, int filters, int window) {
    SHARED(float, left, [TILE][TILE + 1]);
    SHARED(float, right, [TILE][TILE + 1]);
    SHARED(Best, found, [TILE][TILE]);
    int b = blockIdx.y, across = threadIdx.x % TILE, down = threadIdx.x / TILE, o = blockIdx.x * TILE + across;
    int windows = live(lengths, b, time, window), depth = window * channels;
    Best best = {0.0f, -1};
    for (int first = 0; first < windows; first += TILE) {
        int t = first + down;
        float sum = 0.0f;
        for (int start = 0; start < depth; start += TILE) {
            int i = start + across, at = t + i / channels, k = start + down;
            left[down][across] = i < depth && at < time ? x[(i64(b) * time + at) * channels + i % channels] : 0.0f;
            right[down][across] =
                k < depth && o < filters ? w[(i64(o) * channels + k % channels) * window + k / channels] : 0.0f;
            __syncthreads();
#pragma unroll
            for (int q = 0; q < TILE; ++q) sum = fmaf(left[down][q], right[q][across], sum);
            __syncthreads();
        }
        if (t < windows && o < filters) meet(best, Best{sum + bias[o], t});
    }
    found[down][across] = best;
    __syncthreads();
    if (down > 0 || o >= filters) return;
    for (int row = 1; row < TILE; ++row) meet(best, found[row][across]);
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
