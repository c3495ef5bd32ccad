// Convolution over time, y [B, T', O] from x [B, T, C] and w [O, C, k], and its gradients; see mod.rs.
//
// The ladder:
//   conv1d_forward_plain  a thread for each element of y
//   conv1d_forward        an implicit product: tiles of x's windows, which are never laid out, and of w meet in shared memory
//   conv1d_backward_x, conv1d_backward_w  the two other products of the same numbers, the same way
//
// FLOPs: 2 B T' O C k each. Bytes, at best: 4 (B T C + O C k + B T' O). A block of 256 threads makes 16 × 16 results, so
// that each number read serves 16 products: 8 FLOP a byte, for the second-level cache to feed. Its 2 KB of shared memory
// and fewer than 40 registers let sm_80 and sm_90 hold all the threads they can.
#include "prelude.cuh"

#define TILE 16

// Σ over the depth of a(row, i) b(i, col), for this thread's row and column. a and b give 0 outside.
template <class A, class B> DEVICE float product(int depth, const A &a, const B &b) {
    SHARED(float, left, [TILE][TILE + 1]);
    SHARED(float, right, [TILE][TILE + 1]);
    int across = threadIdx.x % TILE, down = threadIdx.x / TILE;
    float sum = 0.0f;
    for (int start = 0; start < depth; start += TILE) {
        left[down][across] = start + across < depth ? a(start + across) : 0.0f;
        right[down][across] = start + down < depth ? b(start + down) : 0.0f;
        __syncthreads();
#pragma unroll
        for (int i = 0; i < TILE; ++i) sum = fmaf(left[down][i], right[i][across], sum);
        __syncthreads();
    }
    return sum;
}

KERNEL conv1d_forward_plain(const float *x, const float *w, const float *bias, float *y, int time, int channels,
                            int filters, int window, int padding, int windows, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    int o = i % filters, t = i / filters % windows, b = i / filters / windows;
    float sum = 0.0f;
    for (int j = 0; j < window; ++j) {
        int at = t + j - padding;
        for (int c = 0; c < channels && at >= 0 && at < time; ++c)
            sum = fmaf(w[(i64(o) * channels + c) * window + j], x[(i64(b) * time + at) * channels + c], sum);
    }
    y[i] = sum + bias[o];
}

// Of depth i, channel i mod C of step i / C in the window: neighbours lie together in x.
KERNEL conv1d_forward(const float *x, const float *w, const float *bias, float *y, int time, int channels, int filters,
                      int window, int padding, int windows) {
    int b = blockIdx.z, t = blockIdx.y * TILE + threadIdx.x / TILE, o = blockIdx.x * TILE + threadIdx.x % TILE;
    auto of_x = [&](int i) {
        int at = t + i / channels - padding;
        return t < windows && at >= 0 && at < time ? x[(i64(b) * time + at) * channels + i % channels] : 0.0f;
    };
    auto of_w = [&](int i) {
        return o < filters ? w[(i64(o) * channels + i % channels) * window + i / channels] : 0.0f;
    };
    float sum = product(window * channels, of_x, of_w);
    if (t < windows && o < filters) y[(i64(b) * windows + t) * filters + o] = sum + bias[o];
}

// Of depth i, filter i mod O of step i / O in the window.
KERNEL conv1d_backward_x(const float *w, const float *dy, float *dx, int time, int channels, int filters, int window,
                         int padding, int windows) {
    int b = blockIdx.z, t = blockIdx.y * TILE + threadIdx.x / TILE, c = blockIdx.x * TILE + threadIdx.x % TILE;
    auto of_dy = [&](int i) {
        int at = t + padding - i / filters;
        return t < time && at >= 0 && at < windows ? dy[(i64(b) * windows + at) * filters + i % filters] : 0.0f;
    };
    auto of_w = [&](int i) {
        return c < channels ? w[(i64(i % filters) * channels + c) * window + i / filters] : 0.0f;
    };
    float sum = product(window * filters, of_dy, of_w);
    if (t < time && c < channels) dx[(i64(b) * time + t) * channels + c] = sum;
}

// dw [O, C k]: a column is step `col mod k` of channel `col / k`; the depth runs over all windows of all sentences.
KERNEL conv1d_backward_w(const float *x, const float *dy, float *dw, int batch, int time, int channels, int filters,
                         int window, int padding, int windows) {
    int o = blockIdx.y * TILE + threadIdx.x / TILE, col = blockIdx.x * TILE + threadIdx.x % TILE, cols = channels * window;
    auto of_dy = [&](int i) { return o < filters ? dy[i64(i) * filters + o] : 0.0f; };
    auto of_x = [&](int i) {
        int at = i % windows + col % window - padding;
        bool inside = col < cols && at >= 0 && at < time;
        return inside ? x[(i64(i / windows) * time + at) * channels + col / window] : 0.0f;
    };
    float sum = product(batch * windows, of_dy, of_x);
    if (o < filters && col < cols) dw[i64(o) * cols + col] = sum;
}
