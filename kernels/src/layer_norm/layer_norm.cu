// Layer norm over the rows of x [rows, cols]; see mod.rs for the formulas.
//
// The ladder:
//   layer_norm_forward_plain   a thread for each row
//   layer_norm_forward_warp    a warp for each row, layer_norm_forward_block a block where a row is long
//   layer_norm_backward_*      the same for dx; the gradients of gamma and beta are sums over rows, which
//   layer_norm_columns         adds up for 64 rows at a time, and a last sum over those partial ones (reduce.cu) joins:
//                              the same order on every run, which atomics would not give
//
// Bytes: forward 8 for each number and 4 more from the second-level cache, backward 20. FLOPs: some 8. The bound is memory.
// Registers are 32 or fewer, so that sm_80 and sm_90 hold all the threads they can.
#include "prelude.cuh"

KERNEL layer_norm_forward_plain(const float *x, const float *gamma, const float *beta, float eps, float *y, float *mean,
                                float *rstd, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += i64(row) * cols;
    y += i64(row) * cols;
    float sum = 0.0f, squares = 0.0f;
    for (int i = 0; i < cols; ++i) sum += x[i];
    float m = sum / cols;
    for (int i = 0; i < cols; ++i) squares += (x[i] - m) * (x[i] - m);
    float r = 1.0f / sqrtf(squares / cols + eps);
    mean[row] = m;
    rstd[row] = r;
    for (int i = 0; i < cols; ++i) y[i] = (x[i] - m) * r * gamma[i] + beta[i];
}

template <bool BLOCK>
DEVICE void forward(const float *x, const float *gamma, const float *beta, float eps, float *y, float *mean, float *rstd,
                    int rows, int cols) {
    SHARED(float, room, [32]);
    Rows<BLOCK> at;
    if (at.row >= rows) return;
    x += i64(at.row) * cols;
    y += i64(at.row) * cols;
    float sum = 0.0f, squares = 0.0f;
    for (int i = at.first; i < cols; i += at.step) sum += x[i];
    float m = at.sum(sum, room) / cols;
    // The mean is taken off first: the difference of two large sums would lose what is looked for.
    for (int i = at.first; i < cols; i += at.step) squares += (x[i] - m) * (x[i] - m);
    float r = 1.0f / sqrtf(at.sum(squares, room) / cols + eps);
    if (at.first == 0) {
        mean[at.row] = m;
        rstd[at.row] = r;
    }
    for (int i = at.first; i < cols; i += at.step) y[i] = (x[i] - m) * r * gamma[i] + beta[i];
}

KERNEL layer_norm_forward_warp(const float *x, const float *gamma, const float *beta, float eps, float *y, float *mean,
                               float *rstd, int rows, int cols) {
    forward<false>(x, gamma, beta, eps, y, mean, rstd, rows, cols);
}
KERNEL layer_norm_forward_block(const float *x, const float *gamma, const float *beta, float eps, float *y, float *mean,
                                float *rstd, int rows, int cols) {
    forward<true>(x, gamma, beta, eps, y, mean, rstd, rows, cols);
}

template <bool BLOCK>
DEVICE void backward(const float *x, const float *gamma, const float *mean, const float *rstd, const float *dy, float *dx,
                     int rows, int cols) {
    SHARED(float, room, [32]);
    Rows<BLOCK> at;
    if (at.row >= rows) return;
    i64 start = i64(at.row) * cols;
    x += start;
    dy += start;
    dx += start;
    float m = mean[at.row], r = rstd[at.row], sum = 0.0f, dot = 0.0f;
    for (int i = at.first; i < cols; i += at.step) {
        float g = dy[i] * gamma[i];
        sum += g;
        dot += g * (x[i] - m) * r;
    }
    sum = at.sum(sum, room) / cols;
    dot = at.sum(dot, room) / cols;
    for (int i = at.first; i < cols; i += at.step) dx[i] = r * (dy[i] * gamma[i] - sum - (x[i] - m) * r * dot);
}

KERNEL layer_norm_backward_warp(const float *x, const float *gamma, const float *mean, const float *rstd, const float *dy,
                                float *dx, int rows, int cols) {
    backward<false>(x, gamma, mean, rstd, dy, dx, rows, cols);
}
KERNEL layer_norm_backward_block(const float *x, const float *gamma, const float *mean, const float *rstd,
                                 const float *dy, float *dx, int rows, int cols) {
    backward<true>(x, gamma, mean, rstd, dy, dx, rows, cols);
}

#define PART 64  // rows that are added up at a time

// dgamma and dbeta of PART rows each, [parts, cols]. Neighbouring threads read neighbouring columns.
KERNEL layer_norm_columns(const float *x, const float *mean, const float *rstd, const float *dy, float *dgamma,
                          float *dbeta, int rows, int cols) {
    int col = blockIdx.x * blockDim.x + threadIdx.x, part = blockIdx.y;
    if (col >= cols) return;
    float of_gamma = 0.0f, of_beta = 0.0f;
    for (int row = part * PART; row < min(rows, (part + 1) * PART); ++row) {
        i64 i = i64(row) * cols + col;
        of_gamma += dy[i] * (x[i] - mean[row]) * rstd[row];
        of_beta += dy[i];
    }
    dgamma[i64(part) * cols + col] = of_gamma;
    dbeta[i64(part) * cols + col] = of_beta;
}
