// C = A B + bias for a batch of products in f32: A [m, k], B [k, n], C [m, n] by rows, with any strides of A and B.
//
// The ladder:
//   gemm_plain     a thread for each element of C reads a row of A and a column of B
//   gemm_tiled     16 × 16 threads share tiles of A and B in shared memory: each number is read from memory once for 16
//   gemm_blocked   256 threads make 64 × 64 of C, each 4 × 4 in registers: each number in shared memory is read once for
//                  four products, and the next tile is fetched while this one is used (double buffering)
//
// FLOPs: 2 m n k. Bytes, at best: 4 (m k + k n + m n). gemm_blocked reads 4 k (m n / 32) bytes, so that a product of
// 1024 and up is bound by arithmetic on sm_80 (19.5 TFLOP/s, 1.5 TB/s: 13 FLOP a byte, and it does 16). Its 128
// registers let two blocks, 512 threads, live on a multiprocessor of sm_80 and sm_90; its 17 KiB of shared memory would let
// more.
//
// Every sum runs over k in order, so results do not depend on the tile: all rungs give the same bits.
#include "prelude.cuh"

struct Operands {
    const float *a, *b, *bias;
    float *c;
};

// The batch's operands for this block. Batches go along the grid's z.
DEVICE Operands of_batch(const float *a, const float *b, const float *bias, float *c, int m, int n, i64 a_batch,
                         i64 b_batch, int batch) {
    return Operands{a + batch * a_batch, b + batch * b_batch, bias, c + i64(batch) * m * n};
}

KERNEL gemm_plain(const float *a, const float *b, const float *bias, float *c, int m, int k, int n, i64 a_batch, i64 a_row,
                  i64 a_col, i64 b_batch, i64 b_row, i64 b_col, int batch) {
    Operands x = of_batch(a, b, bias, c, m, n, a_batch, b_batch, batch + blockIdx.z);
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= m * n) return;
    int row = i / n, col = i % n;
    float sum = 0.0f;
    for (int j = 0; j < k; ++j) sum = fmaf(x.a[row * a_row + j * a_col], x.b[j * b_row + col * b_col], sum);
    x.c[i64(row) * n + col] = bias ? sum + bias[col] : sum;
}

#define SMALL 16

KERNEL gemm_tiled(const float *a, const float *b, const float *bias, float *c, int m, int k, int n, i64 a_batch, i64 a_row,
                  i64 a_col, i64 b_batch, i64 b_row, i64 b_col, int batch) {
    SHARED(float, a_tile, [SMALL][SMALL + 1]);
    SHARED(float, b_tile, [SMALL][SMALL + 1]);
    Operands x = of_batch(a, b, bias, c, m, n, a_batch, b_batch, batch + blockIdx.z);
    int across = threadIdx.x % SMALL, down = threadIdx.x / SMALL;
    int row = blockIdx.y * SMALL + down, col = blockIdx.x * SMALL + across;
    float sum = 0.0f;
    for (int start = 0; start < k; start += SMALL) {
        int along = start + across, below = start + down;
        a_tile[down][across] = row < m && along < k ? x.a[row * a_row + along * a_col] : 0.0f;
        b_tile[down][across] = below < k && col < n ? x.b[below * b_row + col * b_col] : 0.0f;
        __syncthreads();
#pragma unroll
        for (int j = 0; j < SMALL; ++j) sum = fmaf(a_tile[down][j], b_tile[j][across], sum);
        __syncthreads();
    }
    if (row < m && col < n) x.c[i64(row) * n + col] = bias ? sum + bias[col] : sum;
}

#define BLOCK 64  // rows and columns of C that a block makes
#define DEPTH 16  // of k that a tile holds
#define EACH 4    // rows and columns that a thread makes

// A tile's share of this thread: four numbers, `step` rows of 64 apart. Neighbouring threads read along the axis whose
// numbers lie together.
struct Share {
    float x[EACH];
};

DEVICE Share fetch(const float *x, i64 outer_stride, i64 depth_stride, int outer, int depth, int outers, int depths) {
    Share share;
    bool together = outer_stride == 1;
#pragma unroll
    for (int i = 0; i < EACH; ++i) {
        int at = threadIdx.x + 256 * i;
        int o = outer + (together ? at % BLOCK : at / DEPTH), d = depth + (together ? at / BLOCK : at % DEPTH);
        share.x[i] = o < outers && d < depths ? x[o * outer_stride + d * depth_stride] : 0.0f;
    }
    return share;
}

DEVICE void lay(const Share &share, float (*tile)[BLOCK + 4], bool together) {
#pragma unroll
    for (int i = 0; i < EACH; ++i) {
        int at = threadIdx.x + 256 * i;
        tile[together ? at / BLOCK : at % DEPTH][together ? at % BLOCK : at / DEPTH] = share.x[i];
    }
}

KERNEL gemm_blocked(const float *a, const float *b, const float *bias, float *c, int m, int k, int n, i64 a_batch,
                    i64 a_row, i64 a_col, i64 b_batch, i64 b_row, i64 b_col, int batch) {
    // Rows of four numbers more than they use: a multiple of 16 bytes, and no two rows begin in the same bank.
    SHARED(float, a_tile, [2][DEPTH][BLOCK + 4]);
    SHARED(float, b_tile, [2][DEPTH][BLOCK + 4]);
    Operands x = of_batch(a, b, bias, c, m, n, a_batch, b_batch, batch + blockIdx.z);
    int across = threadIdx.x % 16 * EACH, down = threadIdx.x / 16 * EACH;
    int row = blockIdx.y * BLOCK, col = blockIdx.x * BLOCK;
    float sum[EACH][EACH] = {};
    Share of_a = fetch(x.a, a_row, a_col, row, 0, m, k), of_b = fetch(x.b, b_col, b_row, col, 0, n, k);
    int now = 0;
    for (int start = 0; start < k; start += DEPTH) {
        lay(of_a, a_tile[now], a_row == 1);
        lay(of_b, b_tile[now], b_col == 1);
        __syncthreads();
        of_a = fetch(x.a, a_row, a_col, row, start + DEPTH, m, k);
        of_b = fetch(x.b, b_col, b_row, col, start + DEPTH, n, k);
#pragma unroll
        for (int j = 0; j < DEPTH; ++j) {
            float4 p = *reinterpret_cast<const float4 *>(&a_tile[now][j][down]);
            float4 q = *reinterpret_cast<const float4 *>(&b_tile[now][j][across]);
            float left[EACH] = {p.x, p.y, p.z, p.w}, right[EACH] = {q.x, q.y, q.z, q.w};
#pragma unroll
            for (int r = 0; r < EACH; ++r)
#pragma unroll
                for (int s = 0; s < EACH; ++s) sum[r][s] = fmaf(left[r], right[s], sum[r][s]);
        }
        // The next tile goes to the other half: no thread can be two tiles ahead, for it must pass the barrier above.
        now = 1 - now;
    }
#pragma unroll
    for (int r = 0; r < EACH; ++r)
#pragma unroll
        for (int s = 0; s < EACH; ++s) {
            int i = row + down + r, j = col + across + s;
            if (i < m && j < n) x.c[i64(i) * n + j] = bias ? sum[r][s] + bias[j] : sum[r][s];
        }
}
