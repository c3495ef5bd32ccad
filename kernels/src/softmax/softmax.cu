// Softmax over the rows of x [rows, cols], its logarithm, and the logarithm of the sum alone; see mod.rs.
//
// The ladder:
//   softmax_*_plain  a thread for each row: three loops over it, one for the maximum, one for the sum, one to write
//   softmax_*_warp   a warp for each row: neighbours read together, and maximum and sum come from one pass, the sum being
//                    rescaled whenever the maximum grows
//   softmax_*_block  the same by a block of 256 threads, where a row is long
//
// Bytes: 12 for each number (x twice, y once; the second read mostly from the second-level cache). FLOPs: some 20, nearly
// all in two exponentials. The bound is memory. Registers: fewer than 32 on sm_80 and sm_90, so that a multiprocessor
// holds all the threads it can.
//
// Source of the one pass: Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018.
#include "prelude.cuh"

// What is to be written of a row.
enum { SOFTMAX, LOG_SOFTMAX, LOG_SUM_EXP };

// The maximum so far and the sum of e^(x − maximum). A row of nothing but −∞ has the sum 0; NaN makes the sum NaN.
struct Total {
    float largest, sum;
};

DEVICE void add(Total &total, float x) {
    if (x == -INFINITY) return;
    if (x > total.largest) {
        total.sum = total.sum * expf(total.largest - x) + expf(x - x);
        total.largest = x;
    } else {
        total.sum += expf(x - total.largest);
    }
}

DEVICE Total joined(Total a, Total b) {
    float largest = fmaxf(a.largest, b.largest);
    if (largest == -INFINITY) return Total{largest, a.sum + b.sum};
    return Total{largest, a.sum * expf(a.largest - largest) + b.sum * expf(b.largest - largest)};
}

DEVICE float written(int what, Total total, float x) {
    bool nothing = total.sum == 0.0f;
    if (what == SOFTMAX) return nothing ? 0.0f : expf(x - total.largest) / total.sum;
    return nothing ? -INFINITY : x - total.largest - logf(total.sum);
}

DEVICE float log_sum(Total total) { return total.sum == 0.0f ? -INFINITY : total.largest + logf(total.sum); }

KERNEL softmax_forward_plain(int what, const float *x, float *y, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += i64(row) * cols;
    Total total = {-INFINITY, 0.0f};
    for (int i = 0; i < cols; ++i) total.largest = fmaxf(total.largest, x[i]);
    float shift = total.largest == -INFINITY ? 0.0f : total.largest;
    for (int i = 0; i < cols; ++i) total.sum += expf(x[i] - shift);
    if (what == LOG_SUM_EXP) {
        y[row] = log_sum(total);
        return;
    }
    y += i64(row) * cols;
    for (int i = 0; i < cols; ++i) y[i] = written(what, total, x[i]);
}

template <bool BLOCK> DEVICE void forward(int what, const float *x, float *y, int rows, int cols) {
    SHARED(Total, room, [32]);
    Rows<BLOCK> at;
    if (at.row >= rows) return;
    x += i64(at.row) * cols;
    Total total = {-INFINITY, 0.0f};
    for (int i = at.first; i < cols; i += at.step) add(total, x[i]);
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
        Total other = {__shfl_xor_sync(ALL_LANES, total.largest, lanes), __shfl_xor_sync(ALL_LANES, total.sum, lanes)};
        total = joined(total, other);
    }
    if (BLOCK) {
        if (threadIdx.x % WARP == 0) room[threadIdx.x / WARP] = total;
        __syncthreads();
        total = room[0];
        for (int warp = 1; warp < int(blockDim.x / WARP); ++warp) total = joined(total, room[warp]);
    }
    if (what == LOG_SUM_EXP) {
        if (at.first == 0) y[at.row] = log_sum(total);
        return;
    }
    y += i64(at.row) * cols;
    for (int i = at.first; i < cols; i += at.step) y[i] = written(what, total, x[i]);
}

KERNEL softmax_forward_warp(int what, const float *x, float *y, int rows, int cols) {
    forward<false>(what, x, y, rows, cols);
}
KERNEL softmax_forward_block(int what, const float *x, float *y, int rows, int cols) {
    forward<true>(what, x, y, rows, cols);
}

// dx = y (dy − ⟨y, dy⟩), and for the logarithm dy − e^y Σ dy, or 0 where all of y is −∞.

KERNEL softmax_backward_plain(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    i64 start = i64(row) * cols;
    float sum = 0.0f, most = -INFINITY;
    for (i64 i = start; i < start + cols; ++i) {
        sum += what == SOFTMAX ? y[i] * dy[i] : dy[i];
        most = fmaxf(most, y[i]);
    }
    for (i64 i = start; i < start + cols; ++i)
        dx[i] = what == SOFTMAX ? y[i] * (dy[i] - sum) : most == -INFINITY ? 0.0f : dy[i] - expf(y[i]) * sum;
}

template <bool BLOCK> DEVICE void backward(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    SHARED(float, room, [32]);
    Rows<BLOCK> at;
    if (at.row >= rows) return;
    i64 start = i64(at.row) * cols;
    y += start;
    dy += start;
    dx += start;
    // Whether any of y is more than −∞ is a sum too: of ones.
    float sum = 0.0f, some = 0.0f;
    for (int i = at.first; i < cols; i += at.step) {
        sum += what == SOFTMAX ? y[i] * dy[i] : dy[i];
        some += y[i] == -INFINITY ? 0.0f : 1.0f;
    }
    sum = at.sum(sum, room);
    some = at.sum(some, room);
    for (int i = at.first; i < cols; i += at.step)
        dx[i] = what == SOFTMAX ? y[i] * (dy[i] - sum) : some == 0.0f ? 0.0f : dy[i] - expf(y[i]) * sum;
}

KERNEL softmax_backward_warp(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    backward<false>(what, y, dy, dx, rows, cols);
}
KERNEL softmax_backward_block(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    backward<true>(what, y, dy, dx, rows, cols);
}
