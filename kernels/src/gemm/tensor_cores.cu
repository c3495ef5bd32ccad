// C = A B + bias for a batch of products in bf16 with sums in f32, on tensor cores: A [m, k], B [k, n], C [m, n] by rows, with
// any strides of A and B. From sm_80 on.
//
// The ladder:
//   gemm_bf16_plain  a thread for each element of C
//   gemm_bf16        a warp makes 16 × 8 of C by mma.sync, sixteen of k at a time, straight from memory; four warps of a block
//                    lie side by side
// The next rung, not written yet, brings tiles through shared memory.
//
// FLOPs: 2 m n k. Bytes: a warp reads 2 (16 + 8) for 2 · 16 · 8 FLOP of each k, 5 FLOP a byte, most of them from the
// second-level cache: that is the bound, far below the 312 TFLOP/s of sm_80.
#include "prelude.cuh"

KERNEL gemm_bf16_plain(const bf16 *a, const bf16 *b, const bf16 *bias, bf16 *c, int m, int k, int n, i64 a_batch, i64 a_row,
                       i64 a_col, i64 b_batch, i64 b_row, i64 b_col, int batch) {
    i64 product = batch + blockIdx.z;
    a += product * a_batch;
    b += product * b_batch;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= m * n) return;
    int row = i / n, col = i % n;
    float sum = 0.0f;
    for (int j = 0; j < k; ++j) sum = fmaf(widen(a[row * a_row + j * a_col]), widen(b[j * b_row + col * b_col]), sum);
    c[(product * m + row) * n + col] = to_bf16(bias ? sum + widen(bias[col]) : sum);
}

// Two numbers along k as a register of the tensor cores, the first in its lower half; zeros outside.
DEVICE u32 two(const bf16 *x, int place, int places, i64 stride, int j, int k, i64 along) {
    u32 low = place < places && j < k ? x[place * stride + j * along].bits : 0u;
    u32 high = place < places && j + 1 < k ? x[place * stride + (j + 1) * along].bits : 0u;
    return low | high << 16;
}

KERNEL gemm_bf16(const bf16 *a, const bf16 *b, const bf16 *bias, bf16 *c, int m, int k, int n, i64 a_batch, i64 a_row,
                 i64 a_col, i64 b_batch, i64 b_row, i64 b_col, int batch) {
    i64 product = batch + blockIdx.z;
    a += product * a_batch;
    b += product * b_batch;
    // See mma_bf16 for which lane holds what.
    int group = threadIdx.x % WARP / 4, pair = threadIdx.x % 4;
    int row = blockIdx.y * 16 + group, first = (blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP) * 8;
    float sum[4] = {};
    for (int j = 2 * pair; j - 2 * pair < k; j += 16) {
        u32 left[4] = {two(a, row, m, a_row, j, k, a_col), two(a, row + 8, m, a_row, j, k, a_col),
                       two(a, row, m, a_row, j + 8, k, a_col), two(a, row + 8, m, a_row, j + 8, k, a_col)};
        u32 right[2] = {two(b, first + group, n, b_col, j, k, b_row), two(b, first + group, n, b_col, j + 8, k, b_row)};
        mma_bf16(sum, left, right);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        int r = row + i / 2 * 8, col = first + 2 * pair + i % 2;
        if (r < m && col < n) c[(product * m + r) * n + col] = to_bf16(bias ? sum[i] + widen(bias[col]) : sum[i]);
    }
}
