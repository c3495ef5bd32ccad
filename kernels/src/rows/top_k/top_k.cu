// The k largest elements of each row of x [rows, cols], the largest first, and their indices; see mod.rs.
//
// The ladder:
//   top_k_plain   a thread for each row, which reads the row k times
//   top_k_block   a block for each row: each thread knows the first of its columns, the block takes the first of all threads', and only
//                 the thread that had it reads its columns again. k reductions, and k / 256 further readings of the row
//
// Bytes: 4 for each element and, for the few that are read again, as many from the cache. The bound is memory for small k, and the
// latency of k reductions of 256 words in shared memory (about 1 µs each) otherwise.
#include "prelude.cuh"

#define ALL (~u64(0))

// An element's place in the order of its row, as a number that is larger the earlier it comes: the value's order in the upper half
// (NaN above all, 0 and −0 equal), the complement of the index in the lower. No two are equal, none is 0, and all are below ALL.
DEVICE u64 rank_of(float x, int index) {
    u32 bits = __float_as_uint(x == 0.0f ? 0.0f : x);
    u32 order = x != x ? 0xfffffffeu : bits >> 31 ? ~bits : bits | 0x80000000u;
    return u64(order) << 32 | u32(~index);
}

DEVICE int index_of(u64 rank) { return int(~u32(rank)); }

// The first element before which none is left: the largest rank below `above`, of the columns first, first + step, …; 0 if there is none.
DEVICE u64 next_of(const float *x, int cols, int first, int step, u64 above) {
    u64 best = 0;
    for (u32 i = first; i < u32(cols); i += step) {
        u64 rank = rank_of(x[i], int(i));
        if (rank < above && rank > best) best = rank;
    }
    return best;
}

KERNEL top_k_plain(const float *x, float *values, i64 *indices, int rows, int cols, int k) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += i64(row) * cols;
    u64 last = ALL;
    for (int j = 0; j < k; ++j) {
        last = next_of(x, cols, 0, 1, last);
        values[i64(row) * k + j] = x[index_of(last)];
        indices[i64(row) * k + j] = index_of(last);
    }
}

#define THREADS 256

KERNEL top_k_block(const float *x, float *values, i64 *indices, int rows, int cols, int k) {
    SHARED(u64, scratch, [THREADS]);
    x += i64(blockIdx.x) * cols;
    u64 own = next_of(x, cols, threadIdx.x, THREADS, ALL);
    for (int j = 0; j < k; ++j) {
        scratch[threadIdx.x] = own;
        for (int half = THREADS / 2; half > 0; half /= 2) {
            __syncthreads();
            if (int(threadIdx.x) < half && scratch[threadIdx.x + half] > scratch[threadIdx.x])
                scratch[threadIdx.x] = scratch[threadIdx.x + half];
        }
        __syncthreads();
        u64 best = scratch[0];
        // Before the next turn writes what is read here.
        __syncthreads();
        if (best != own) continue;
        values[i64(blockIdx.x) * k + j] = x[index_of(best)];
        indices[i64(blockIdx.x) * k + j] = index_of(best);
        own = next_of(x, cols, threadIdx.x, THREADS, best);
    }
}
