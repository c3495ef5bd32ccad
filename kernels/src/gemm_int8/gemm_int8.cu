// y = x Wᵀ + b with int8 weights: x [m, k] in f32 is quantised by rows, then y[i, j] = (Σ p[i, ·] q[j, ·]) (t[i] s[j]) + b[j].
//
// The ladder:
//   gemm_int8_plain  a thread for each element of y reads a row of p and a column of the packed weights
//   gemm_int8_tiled  256 threads compute 64 × 64 of y, each 4 × 4 in registers, from tiles of words of four int8 in shared memory:
//                    an instruction multiplies four pairs (dp4a), and a word in shared memory serves four of them
// and before either
//   gemm_int8_quantize  a warp for each row of x
//
// Operations: 2 m n k. Bytes, at best: 5 m k + n k + 4 m n. No order of integer sums rounds, so that all rungs, and the CPU, give the
// same bits. Not measured on a GPU. mod.rs describes the words of the weights.
#include "prelude.cuh"

#define PANEL 16  // columns of a panel of weights

// The word of column j that holds q of four k from 4 quad on.
DEVICE u32 weights_at(const u32 *packed, int quads, int j, int quad) {
    return packed[(i64(j / PANEL) * (quads + 1) + 1 + quad) * PANEL + j % PANEL];
}

// Each operation rounds by itself, as on the CPU.
DEVICE float scaled(int sum, float step, float scale, const float *bias, int j) {
    float product = __fmul_rn(float(sum), __fmul_rn(step, scale));
    return bias ? __fadd_rn(product, bias[j]) : product;
}

KERNEL gemm_int8_quantize(const float *x, u32 *p, float *steps, int rows, int k, int quads) {
    Rows at;
    if (at.row >= rows) return;
    x += i64(at.row) * k;
    p += i64(at.row) * quads;
    float largest = 0.0f;
    // fmaxf would lose NaN.
    for (int i = at.first; i < k; i += at.step) {
        float a = fabsf(x[i]);
        largest = a > largest || a != a ? a : largest;
        if (largest != largest) break;
    }
    largest = warp_max(largest);
    bool finite = largest < INFINITY, zeros = !finite || largest < 127.0f * 1.17549435e-38f;
    float factor = zeros ? 0.0f : 127.0f / largest;
    if (at.first == 0) steps[at.row] = !finite ? NAN : zeros ? 0.0f : largest / 127.0f;
    for (int quad = at.first; quad < quads; quad += at.step) {
        u32 word = 0;
        for (int i = 0; i < 4; ++i) {
            int column = 4 * quad + i;
            int rounded = zeros || column >= k ? 0 : int(rintf(__fmul_rn(x[column], factor)));
            word |= (u32(rounded) & 0xffu) << 8 * i;
        }
        p[quad] = word;
    }
}

KERNEL gemm_int8_plain(const u32 *p, const u32 *packed, const float *steps, const float *scales, const float *bias, float *y,
                       int m, int n, int quads) {
    i64 at = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (at >= i64(m) * n) return;
    int i = at / n, j = at % n, sum = 0;
    for (int quad = 0; quad < quads; ++quad)
        sum = dot4(p[i64(i) * quads + quad], weights_at(packed, quads, j, quad), sum);
    y[at] = scaled(sum, steps[i], scales[j], bias, j);
}

#define BLOCK 64  // rows and columns of y that a block computes
#define DEPTH 16  // words along k in a tile
#define EACH 4    // rows and columns that a thread computes

KERNEL gemm_int8_tiled(const u32 *p, const u32 *packed, const float *steps, const float *scales, const float *bias, float *y,
                       int m, int n, int quads) {
    // Rows have four unused words: their size is a multiple of 16 bytes, and no two rows begin in the same bank.
    SHARED(u32, left, [DEPTH][BLOCK + 4]);
    SHARED(u32, right, [DEPTH][BLOCK + 4]);
    int row = blockIdx.y * BLOCK, col = blockIdx.x * BLOCK;
    int across = threadIdx.x % 16 * EACH, down = threadIdx.x / 16 * EACH;
    int sum[EACH][EACH] = {};
    for (int start = 0; start < quads; start += DEPTH) {
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            // Neighbouring threads read neighbouring words: along k of p, along the columns of the weights.
            int at = threadIdx.x + 256 * i;
            int r = row + at / DEPTH, of_p = start + at % DEPTH, c = col + at % BLOCK, of_q = start + at / BLOCK;
            left[at % DEPTH][at / DEPTH] = r < m && of_p < quads ? p[i64(r) * quads + of_p] : 0;
            right[at / BLOCK][at % BLOCK] = c < n && of_q < quads ? weights_at(packed, quads, c, of_q) : 0;
        }
        __syncthreads();
#pragma unroll
        for (int word = 0; word < DEPTH; ++word) {
            uint4 a = *reinterpret_cast<const uint4 *>(&left[word][down]);
            uint4 b = *reinterpret_cast<const uint4 *>(&right[word][across]);
            u32 rows[EACH] = {a.x, a.y, a.z, a.w}, cols[EACH] = {b.x, b.y, b.z, b.w};
#pragma unroll
            for (int r = 0; r < EACH; ++r)
#pragma unroll
                for (int s = 0; s < EACH; ++s) sum[r][s] = dot4(rows[r], cols[s], sum[r][s]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < EACH; ++r)
#pragma unroll
        for (int s = 0; s < EACH; ++s) {
            int i = row + down + r, j = col + across + s;
            if (i < m && j < n) y[i64(i) * n + j] = scaled(sum[r][s], steps[i], scales[j], bias, j);
        }
}
