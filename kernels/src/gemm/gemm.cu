// C = A B + bias for a batch of matmuls in f32: A [m, k], B [k, n], C [m, n] by rows, with any strides of A and B.
//
// The ladder:
//   gemm_plain     a thread for each element of C reads a row of A and a column of B
//   gemm_tiled     16 × 16 threads share tiles of A and B in shared memory: each element is read from memory once for 16
//   gemm_blocked   256 threads compute 64 × 64 of C, each 4 × 4 in registers: each element in shared memory is read once for
//                  four multiply-adds, and the next tile is fetched while this one is used (double buffering)
//   gemm_wide      256 threads compute 128 × 128 of C, each 8 × 8: an element that is read from shared memory serves eight
//                  multiply-adds, one from memory 128, and memory is read 16 bytes at a time if alignment allows it
//
// If C is small and k long, as in gradients of weights, k is cut into slices, which are matmuls of a batch, and gemm_join adds
// them in order.
//
// FLOPs: 2 m n k. Bytes, at best: 4 (m k + k n + m n). gemm_blocked reads a byte from the second-level cache for 16 FLOP,
// gemm_wide for 32. Measured on an H100, sizes of 2048 and 4096: gemm_wide reaches 42 TFLOP/s, gemm_blocked 26, cuBLAS 51
// (benches/results). Registers allow two blocks of either, 512 threads, on a multiprocessor of sm_80 and sm_90; 17 KiB of
// shared memory would allow more.
//
// Within a slice every sum runs over k in order, so that all rungs give the same bits.
#include "prelude.cuh"

struct Operands {
    const float *a, *b, *bias;
    float *c;
    int k;
};

// The operands of this block's matmul; the matmuls of a batch are along the grid's z. The last has depth `last` instead of k.
DEVICE Operands of_batch(const float *a, const float *b, const float *bias, float *c, int m, int k, int n, i64 a_batch,
                         i64 b_batch, int batch, int count, int last) {
    return Operands{a + batch * a_batch, b + batch * b_batch, bias, c + i64(batch) * m * n, batch == count - 1 ? last : k};
}

#define ARGUMENTS                                                                                                   \
    const float *a, const float *b, const float *bias, float *c, int m, int k, int n, i64 a_batch, i64 a_row,       \
        i64 a_col, i64 b_batch, i64 b_row, i64 b_col, int batch, int count, int last
#define OPERANDS of_batch(a, b, bias, c, m, k, n, a_batch, b_batch, batch + blockIdx.z, count, last)

KERNEL gemm_plain(ARGUMENTS) {
    Operands x = OPERANDS;
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(m) * n) return;
    int row = i / n, col = i % n;
    float sum = 0.0f;
    for (int j = 0; j < x.k; ++j) sum = fmaf(x.a[row * a_row + j * a_col], x.b[j * b_row + col * b_col], sum);
    x.c[i64(row) * n + col] = bias ? sum + bias[col] : sum;
}

#define SMALL 16

KERNEL gemm_tiled(ARGUMENTS) {
    SHARED(float, a_tile, [SMALL][SMALL + 1]);
    SHARED(float, b_tile, [SMALL][SMALL + 1]);
    Operands x = OPERANDS;
    int across = threadIdx.x % SMALL, down = threadIdx.x / SMALL;
    int row = blockIdx.y * SMALL + down, col = blockIdx.x * SMALL + across;
    float sum = 0.0f;
    for (int start = 0; start < x.k; start += SMALL) {
        int along = start + across, below = start + down;
        a_tile[down][across] = row < m && along < x.k ? x.a[row * a_row + along * a_col] : 0.0f;
        b_tile[down][across] = below < x.k && col < n ? x.b[below * b_row + col * b_col] : 0.0f;
        __syncthreads();
#pragma unroll
        for (int j = 0; j < SMALL; ++j) sum = fmaf(a_tile[down][j], b_tile[j][across], sum);
        __syncthreads();
    }
    if (row < m && col < n) x.c[i64(row) * n + col] = bias ? sum + bias[col] : sum;
}

#define BLOCK 64  // rows and columns of C that a block computes
#define DEPTH 16  // elements along k in a tile
#define EACH 4    // rows and columns that a thread computes

// The part of a tile that this thread loads: four elements, `step` rows of 64 apart. Neighbouring threads read along the axis
// whose elements are contiguous.
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

DEVICE void store(const Share &share, float (*tile)[BLOCK + 4], bool together) {
#pragma unroll
    for (int i = 0; i < EACH; ++i) {
        int at = threadIdx.x + 256 * i;
        tile[together ? at / BLOCK : at % DEPTH][together ? at % BLOCK : at / DEPTH] = share.x[i];
    }
}

KERNEL gemm_blocked(ARGUMENTS) {
    // Rows have four unused elements: their size is a multiple of 16 bytes, and no two rows begin in the same bank.
    SHARED(float, a_tile, [2][DEPTH][BLOCK + 4]);
    SHARED(float, b_tile, [2][DEPTH][BLOCK + 4]);
    Operands x = OPERANDS;
    int across = threadIdx.x % 16 * EACH, down = threadIdx.x / 16 * EACH;
    int row = blockIdx.y * BLOCK, col = blockIdx.x * BLOCK;
    float sum[EACH][EACH] = {};
    Share of_a = fetch(x.a, a_row, a_col, row, 0, m, x.k), of_b = fetch(x.b, b_col, b_row, col, 0, n, x.k);
    int now = 0;
    for (int start = 0; start < x.k; start += DEPTH) {
        store(of_a, a_tile[now], a_row == 1);
        store(of_b, b_tile[now], b_col == 1);
        __syncthreads();
        of_a = fetch(x.a, a_row, a_col, row, start + DEPTH, m, x.k);
        of_b = fetch(x.b, b_col, b_row, col, start + DEPTH, n, x.k);
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
        // The next tile goes to the other half: no thread can be two tiles ahead, because it must pass the barrier above.
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

#define WIDE 128   // rows and columns of C that a block computes
#define SHALLOW 8  // elements along k in a tile

// Loads a thread's four elements of each tile of an operand. They are along k or, if the operand is contiguous along rows of C (for
// B columns, which are called rows here), along rows. Whatever can be recomputed for each tile is not kept, because registers are
// few.
struct Loader {
    const float *at;  // the first of the four in the next tile
    bool together;    // whether the four are one word of 16 bytes
    float x[4];

    static DEVICE_MEMBER int row(bool along_rows) { return along_rows ? threadIdx.x % WARP * 4 : threadIdx.x / 2; }
    static DEVICE_MEMBER int depth(bool along_rows) { return along_rows ? threadIdx.x / WARP : threadIdx.x % 2 * 4; }

    DEVICE_MEMBER Loader(const float *operand, i64 row_stride, i64 depth_stride, int first) {
        bool along_rows = row_stride == 1, packed = along_rows || depth_stride == 1;
        together = packed && (along_rows ? depth_stride : row_stride) % 4 == 0 && reinterpret_cast<u64>(operand) % 16 == 0;
        at = operand + (first + row(along_rows)) * row_stride + depth(along_rows) * depth_stride;
    }
    // Reads from the tile in which `rows` rows and `left` elements along k are left.
    DEVICE_MEMBER void fetch(i64 row_stride, i64 depth_stride, int rows, int left) {
        bool along_rows = row_stride == 1;
        rows -= row(along_rows);
        left -= depth(along_rows);
        int inside = along_rows ? (left > 0 ? rows : 0) : (rows > 0 ? left : 0);
        if (together && inside >= 4) {
            float4 four = *reinterpret_cast<const float4 *>(at);
            x[0] = four.x, x[1] = four.y, x[2] = four.z, x[3] = four.w;
        } else {
#pragma unroll
            for (int i = 0; i < 4; ++i) x[i] = i < inside ? at[i * (along_rows ? 1 : depth_stride)] : 0.0f;
        }
        at += SHALLOW * depth_stride;
    }
    DEVICE_MEMBER void store(float (*tile)[WIDE + 4], i64 row_stride) const {
        bool along_rows = row_stride == 1;
        float *to = &tile[depth(along_rows)][row(along_rows)];
        if (along_rows) {
            *reinterpret_cast<float4 *>(to) = float4{x[0], x[1], x[2], x[3]};
        } else {
#pragma unroll
            for (int i = 0; i < 4; ++i) to[i * (WIDE + 4)] = x[i];
        }
    }
};

// Eight elements of a row of a tile: four, and four that are 64 further.
DEVICE void eight(float (&x)[8], const float *row) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        float4 four = *reinterpret_cast<const float4 *>(row + WIDE / 2 * half);
        x[4 * half] = four.x, x[4 * half + 1] = four.y, x[4 * half + 2] = four.z, x[4 * half + 3] = four.w;
    }
}

// Writes four neighbours of a row of C from column j on.
DEVICE void store_four(const Operands &x, int n, int i, int j, const float *sum) {
    float *to = x.c + i64(i) * n + j;
    float y[4];
#pragma unroll
    for (int s = 0; s < 4; ++s) y[s] = x.bias && j + s < n ? sum[s] + x.bias[j + s] : sum[s];
    if (j + 4 <= n && reinterpret_cast<u64>(to) % 16 == 0) {
        *reinterpret_cast<float4 *>(to) = float4{y[0], y[1], y[2], y[3]};
    } else {
#pragma unroll
        for (int s = 0; s < 4; ++s)
            if (j + s < n) to[s] = y[s];
    }
}

BOUNDED(256, 2) gemm_wide(ARGUMENTS);

KERNEL gemm_wide(ARGUMENTS) {
    SHARED(float, a_tile, [2][SHALLOW][WIDE + 4]);
    SHARED(float, b_tile, [2][SHALLOW][WIDE + 4]);
    Operands x = OPERANDS;
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    // A warp computes 4 × 8 pieces of 4 × 4, so that it reads few words of a tile's row at once.
    int down = warp / 2 * 16 + lane / 8 * 4, across = warp % 2 * 32 + lane % 8 * 4;
    int row = blockIdx.y * WIDE, col = blockIdx.x * WIDE;
    float sum[8][8] = {};
    Loader of_a(x.a, a_row, a_col, row), of_b(x.b, b_col, b_row, col);
    of_a.fetch(a_row, a_col, m - row, x.k);
    of_b.fetch(b_col, b_row, n - col, x.k);
    int now = 0;
    for (int left = x.k; left > 0; left -= SHALLOW) {
        of_a.store(a_tile[now], a_row);
        of_b.store(b_tile[now], b_col);
        __syncthreads();
        of_a.fetch(a_row, a_col, m - row, left - SHALLOW);
        of_b.fetch(b_col, b_row, n - col, left - SHALLOW);
#pragma unroll
        for (int j = 0; j < SHALLOW; ++j) {
            float left[8], right[8];
            eight(left, &a_tile[now][j][down]);
            eight(right, &b_tile[now][j][across]);
#pragma unroll
            for (int r = 0; r < 8; ++r)
#pragma unroll
                for (int s = 0; s < 8; ++s) sum[r][s] = fmaf(left[r], right[s], sum[r][s]);
        }
        // The next tile goes to the other half: no thread can be two tiles ahead, because it must pass the barrier above.
        now = 1 - now;
    }
#pragma unroll
    for (int r = 0; r < 8; ++r) {
        int i = row + down + r % 4 + r / 4 * (WIDE / 2);
        if (i >= m) continue;
        store_four(x, n, i, col + across, sum[r]);
        store_four(x, n, i, col + across + WIDE / 2, sum[r] + 4);
    }
}

// C [m, n] = the sum of `slices` parts, each as long as C, in order, + bias along rows of n.
KERNEL gemm_join(const float *parts, const float *bias, float *c, int slices, int elements, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= elements) return;
    float sum = parts[i];
    for (int s = 1; s < slices; ++s) sum += parts[i64(s) * elements + i];
    c[i] = bias ? sum + bias[i % n] : sum;
}
