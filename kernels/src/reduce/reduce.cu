// Sums and extrema of x [outer, n, inner] along its middle axis; y [outer, inner].
//
// The ladder:
//   reduce_plain    a thread for each result, adding up one number after the other
//   reduce_rows     inner = 1: a block for each result; its threads take every 256th number, then add up by a tree
//   reduce_columns  inner > 1: a thread for each result again, but 32 neighbours read one row of x together, and eight
//                   rows of threads share the n numbers, joined by shared memory
//
// Each order of summation depends on the shape alone. Bytes: 4 for each number of x. FLOPs: one. The bound is memory.
// Registers are 32 or fewer, so that sm_80 and sm_90 hold all the threads they can.
#include "prelude.cuh"

enum { SUM, MAX, MIN };

DEVICE float start(int op) { return op == SUM ? 0.0f : op == MAX ? -INFINITY : INFINITY; }

// NaN wins, as on the CPU.
DEVICE float joined(int op, float a, float b) {
    if (op == SUM) return a + b;
    if (a != a || b != b) return a + b;
    return op == MAX ? (b > a ? b : a) : (b < a ? b : a);
}

KERNEL reduce_plain(int op, int n, int inner, const float *x, float *y, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    x += i64(i / inner) * n * inner + i % inner;
    float all = start(op);
    for (int j = 0; j < n; ++j) all = joined(op, all, x[i64(j) * inner]);
    y[i] = all;
}

KERNEL reduce_rows(int op, int n, const float *x, float *y) {
    SHARED(float, room, [8]);
    x += i64(blockIdx.x) * n;
    float all = start(op);
    for (int j = threadIdx.x; j < n; j += blockDim.x) all = joined(op, all, x[j]);
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) all = joined(op, all, __shfl_xor_sync(ALL_LANES, all, lanes));
    if (threadIdx.x % WARP == 0) room[threadIdx.x / WARP] = all;
    __syncthreads();
    if (threadIdx.x > 0) return;
    for (int warp = 1; warp < 8; ++warp) all = joined(op, all, room[warp]);
    y[blockIdx.x] = all;
}

KERNEL reduce_columns(int op, int n, int inner, const float *x, float *y) {
    SHARED(float, room, [8][32]);
    int across = threadIdx.x % 32, down = threadIdx.x / 32, i = blockIdx.x * 32 + across;
    x += i64(blockIdx.y) * n * inner;
    float all = start(op);
    if (i < inner)
        for (int j = down; j < n; j += 8) all = joined(op, all, x[i64(j) * inner + i]);
    room[down][across] = all;
    __syncthreads();
    if (down > 0 || i >= inner) return;
    for (int row = 1; row < 8; ++row) all = joined(op, all, room[row][across]);
    y[i64(blockIdx.y) * inner + i] = all;
}

// y = the lowest place of the largest; a NaN is larger than all, the first of several.
KERNEL reduce_arg_max(int n, int inner, const float *x, i64 *y, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    x += i64(i / inner) * n * inner + i % inner;
    int best = 0;
    float largest = x[0];
    for (int j = 1; j < n; ++j) {
        float next = x[i64(j) * inner];
        if ((next != next && largest == largest) || next > largest) {
            best = j;
            largest = next;
        }
    }
    y[i] = best;
}
