// Convolution over time, ReLU and the maximum over time in one pass, z [B, O] from x [B, T, C] and w [O, C, k]; see mod.rs.
//
// The ladder:
//   conv_relu_max_forward_plain     a thread for each feature goes through the windows: the definition
//   relu_max                        the convolution as a matmul (conv1d/cuda.rs), then this: a block for 32 filters of a
//                                   sentence, whose eight warps each go through every eighth window and keep the best
//   conv_relu_max_backward_*_plain  one winning window for each feature: T' times less work than the dense gradient. A thread
//                                   adds up one element of dw over all sentences, or one of dx over all filters
//   conv_relu_max_backward_w        a block for 128 elements of a filter's window, which are adjacent in x; its eight warps
//                                   share the sentences, read four of their windows at once and join their sums in order
//   conv_relu_max_backward_x        a warp for 128 channels of a row of x; its lanes vote for the few filters whose winning window
//                                   contains the row, where each thread of the plain kernel goes through all filters
// The order of every sum is fixed, so that results are the same on each run.
//
// FLOPs: 2 B T' O C k forward, 2 B O C k each backward. Bytes, at best: 4 (B T C + O C k), and 8 B T' O for the convolution that
// is written and read once: at C k = 900, 450 FLOP for each. Backward, 4 B O C k of x and of w, and 4 B T C to write dx. Everything
// but the matmul is bound by memory.
// Registers on sm_80 and sm_90: relu_max 48, backward_w 59 and 64, backward_x 48 and 40; shared memory is 5 KiB at most. Of the 64
// warps that a multiprocessor can hold they allow 40, 32, and 40 and 48.
#include "prelude.cuh"

// The number of a sentence's windows, of at most `windows`, among which the best is searched.
DEVICE int live(const i64 *lengths, int b, int windows) {
    i64 length = lengths[b];
    return length < 1 ? 1 : length > windows ? windows : int(length);
}

// The best value so far and its window, 0 and −1 at first; of equal values the one with the lowest window. The first NaN stays.
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
#define AHEAD 8  // windows that are read before the first is compared

// z and the winners from y [B, W, O].
KERNEL relu_max(const float *y, const i64 *lengths, float *z, i64 *winner, int windows, int filters) {
    SHARED(Best, found, [WARPS][FILTERS]);
    int b = blockIdx.y, lane = threadIdx.x % FILTERS, warp = threadIdx.x / FILTERS, o = blockIdx.x * FILTERS + lane;
    int count = live(lengths, b, windows);
    Best best = {0.0f, -1};
    y += i64(b) * windows * filters + o;
    for (int from = warp; o < filters && from < count; from += AHEAD * WARPS) {
        float next[AHEAD];
#pragma unroll
        for (int i = 0; i < AHEAD; ++i)
            next[i] = from + i * WARPS < count ? y[i64(from + i * WARPS) * filters] : -INFINITY;
#pragma unroll
        for (int i = 0; i < AHEAD; ++i) meet(best, Best{next[i], from + i * WARPS});
    }
    found[warp][lane] = best;
    __syncthreads();
    if (warp > 0 || o >= filters) return;
    for (int other = 1; other < WARPS; ++other) meet(best, found[other][lane]);
    z[i64(b) * filters + o] = best.value;
    winner[i64(b) * filters + o] = best.window;
}

// dw [O, C, k] and, by the threads of channel 0 and step 0, dbias.
KERNEL conv_relu_max_backward_w_plain(const float *x, const i64 *winner, const float *dz, float *dw, float *dbias, int batch,
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

KERNEL conv_relu_max_backward_x_plain(const float *w, const i64 *winner, const float *dz, float *dx, int time, int channels,
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

#define EACH 4            // elements that a lane adds up, 32 apart
#define SPAN (EACH * WARP)
#define TOGETHER 4        // windows that a warp reads at once

// dw [O, C, k] and dbias: block x for filter x, block y for SPAN elements of its window in the order of x, which is [k, C].
KERNEL conv_relu_max_backward_w(const float *x, const i64 *winner, const float *dz, float *dw, float *dbias, int batch,
                                int time, int channels, int filters, int window) {
    SHARED(float, scratch, [WARPS][SPAN]);
    SHARED(float, of_bias, [WARPS]);
    int o = blockIdx.x, lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    int first = blockIdx.y * SPAN + lane, size = window * channels;
    float sum[EACH] = {}, bias = 0.0f;
    // Every eighth sentence is the warp's. Each lane reads the winning window of one, and broadcasts it in turn.
    for (int from = warp; from < batch; from += WARPS * WARP) {
        int b = from + lane * WARPS;
        i64 own = b < batch ? winner[i64(b) * filters + o] : -1;
        float own_up = own >= 0 ? dz[i64(b) * filters + o] : 0.0f;
        for (int turn = 0; turn < WARP && from + turn * WARPS < batch; turn += TOGETHER) {
            float next[TOGETHER][EACH], up[TOGETHER];
            i64 inside[TOGETHER];  // elements of x in the window before the sentence ends
#pragma unroll
            for (int i = 0; i < TOGETHER; ++i) {
                i64 t = __shfl_sync(ALL_LANES, own, turn + i);
                up[i] = __shfl_sync(ALL_LANES, own_up, turn + i);
                inside[i] = t < 0 ? 0 : min(i64(size), (time - t) * channels);
                const float *begin = x + (i64(from + (turn + i) * WARPS) * time + t) * channels;
#pragma unroll
                for (int k = 0; k < EACH; ++k)
                    next[i][k] = first + k * WARP < inside[i] ? begin[first + k * WARP] : 0.0f;
            }
#pragma unroll
            for (int i = 0; i < TOGETHER; ++i) {
                bias += up[i];
#pragma unroll
                for (int k = 0; k < EACH; ++k)
                    if (first + k * WARP < inside[i]) sum[k] = fmaf(up[i], next[i][k], sum[k]);
            }
        }
    }
    for (int k = 0; k < EACH; ++k) scratch[warp][k * WARP + lane] = sum[k];
    if (lane == 0) of_bias[warp] = bias;
    __syncthreads();
    int i = blockIdx.y * SPAN + threadIdx.x;
    if (threadIdx.x < SPAN && i < size) {
        float all = 0.0f;
        for (int other = 0; other < WARPS; ++other) all += scratch[other][threadIdx.x];
        dw[(i64(o) * channels + i % channels) * window + i / channels] = all;
    }
    if (threadIdx.x > 0 || blockIdx.y > 0) return;
    for (int other = 1; other < WARPS; ++other) bias += of_bias[other];
    dbias[o] = bias;
}

// dx [B, T, C]: a warp for a row of x, block y for SPAN channels.
KERNEL conv_relu_max_backward_x(const float *w, const i64 *winner, const float *dz, float *dx, int time, int channels,
                                int filters, int window, int rows) {
    int row = blockIdx.x * WARPS + threadIdx.x / WARP, lane = threadIdx.x % WARP, first = blockIdx.y * SPAN + lane;
    if (row >= rows) return;
    int b = row / time, t = row % time;
    winner += i64(b) * filters;
    dz += i64(b) * filters;
    float sum[EACH] = {};
    for (int from = 0; from < filters; from += TOGETHER * WARP) {
        i64 step[TOGETHER];  // the row's position in the window that won for filter from + 32 i + lane
#pragma unroll
        for (int i = 0; i < TOGETHER; ++i) {
            int o = from + i * WARP + lane;
            i64 chosen = o < filters ? winner[o] : -1;
            step[i] = chosen < 0 ? -1 : t - chosen;
        }
#pragma unroll
        for (int i = 0; i < TOGETHER; ++i) {
            u32 hits = __ballot_sync(ALL_LANES, step[i] >= 0 && step[i] < window);
            for (int other = 0; hits; ++other, hits >>= 1) {
                if (!(hits & 1)) continue;
                int o = from + i * WARP + other;
                const float *by = w + i64(o) * channels * window + __shfl_sync(ALL_LANES, step[i], other);
                float up = dz[o];
#pragma unroll
                for (int k = 0; k < EACH; ++k) {
                    int c = first + k * WARP;
                    if (c < channels) sum[k] = fmaf(up, by[i64(c) * window], sum[k]);
                }
            }
        }
    }
#pragma unroll
    for (int k = 0; k < EACH; ++k)
        if (first + k * WARP < channels) dx[i64(row) * channels + first + k * WARP] = sum[k];
}
