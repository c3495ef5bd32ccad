// Sums and extrema of x [outer, n, inner] along its middle axis; y [outer, inner].
//
// The ladder:
//   reduce_plain   a thread for each result, which adds one element after the other
//   reduce_blocks  a block for up to 32 adjacent results: the same number of its 256 threads read one row of x together, the
//                  others read further rows (if inner = 1, all threads read one column), and a tree combines their results. If
//                  there are too few results for a device, n is cut into parts, whose results the same kernel combines
//
// The order of summation depends on the shape alone. Bytes: 4 for each element of x. FLOPs: one. The bound is memory; a
// thread loads eight elements before it adds the first.
// Registers are 32, and shared memory is 3 KiB, so that sm_80 and sm_90 run as many threads as they can.
#include "functions.cuh"
#include "prelude.cuh"

DEVICE float start(Reduce op) {
    switch (op) {
        case Reduce::Sum: return 0.0f;
        case Reduce::Max: return -INFINITY;
        case Reduce::Min: return INFINITY;
    }
    return NAN;
}

// NaN wins, as on the CPU.
DEVICE float joined(Reduce op, float a, float b) {
    if (op == Reduce::Sum || a != a || b != b) return a + b;
    return op == Reduce::Max ? (b > a ? b : a) : (b < a ? b : a);
}

KERNEL reduce_plain(Reduce op, int n, int inner, const float *x, float *y, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    x += i64(i / inner) * n * inner + i % inner;
    float all = start(op);
    for (int j = 0; j < n; ++j) all = joined(op, all, x[i64(j) * inner]);
    y[i] = all;
}

#define THREADS 256
#define AHEAD 8

// y [outer, parts, inner], each of `part` elements. `across`, a power of two, is the number of threads that read a row together.
template <Reduce OP> DEVICE void blocks(int n, int part, int inner, int across, const float *x, float *y) {
    SHARED(float, scratch, [THREADS]);
    int tiles = (inner + across - 1) / across, outer = blockIdx.x / tiles, down = THREADS / across;
    int i = blockIdx.x % tiles * across + threadIdx.x % across;
    u32 end = min(u32(n), (blockIdx.y + 1) * part);
    x += i64(outer) * n * inner + i;
    float all = start(OP);
    for (u32 j = blockIdx.y * part + threadIdx.x / across; i < inner && j < end; j += AHEAD * down) {
        float next[AHEAD];
#pragma unroll
        for (int k = 0; k < AHEAD; ++k)
            next[k] = j + k * down < end ? x[i64(j + k * down) * inner] : start(OP);
#pragma unroll
        for (int k = 0; k < AHEAD; ++k) all = joined(OP, all, next[k]);
    }
    scratch[threadIdx.x] = all;
    for (int half = THREADS / 2; half >= across; half /= 2) {
        __syncthreads();
        if (int(threadIdx.x) < half) scratch[threadIdx.x] = joined(OP, scratch[threadIdx.x], scratch[threadIdx.x + half]);
    }
    // No barrier is needed: the thread itself wrote the element that it reads.
    if (int(threadIdx.x) < across && i < inner) y[(i64(outer) * gridDim.y + blockIdx.y) * inner + i] = scratch[threadIdx.x];
}

KERNEL reduce_blocks(Reduce op, int n, int part, int inner, int across, const float *x, float *y) {
    switch (op) {
        case Reduce::Sum: return blocks<Reduce::Sum>(n, part, inner, across, x, y);
        case Reduce::Max: return blocks<Reduce::Max>(n, part, inner, across, x, y);
        case Reduce::Min: return blocks<Reduce::Min>(n, part, inner, across, x, y);
    }
}

// y = the lowest index of the largest element. NaN counts as larger than all numbers, and the first NaN wins.
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
