// C = A B + bias for a batch of products on tensor cores, with sums in f32: A [m, k], B [k, n], C [m, n] by rows, with any
// strides of A and B. Numbers lie in memory as f32 and are rounded as they are read, to tf32 or bf16 from sm_80 on and to f16
// from sm_75 on; or they are stored in bf16 or f16, and so is C.
//
// The ladder, for each of the five:
//   plain  a thread for each element of C: the definition
//   warp   a warp makes 16 × 8 of C by mma.sync, eight words of 32 bits along k at a time, straight from memory; four warps
//          of a block lie side by side
//   64     four warps make 64 × 64 of C, each 32 × 32, from tiles in shared memory: a word that is laid there serves 64
//          elements, one in registers 16 or 32; the next tile is fetched and rounded while this one is used
//   128    sixteen warps make 128 × 128 the same way
//
// FLOPs: 2 m n k. Bytes asked of the second-level cache, for f32: a warp 2.7 FLOP a byte, 64 sixteen, 128 thirty-two; to
// keep the tensor cores of sm_80 fed (312 TFLOP/s in bf16, 156 in tf32) it would have to give 10 and 5 TB/s to the last.
// Shared memory is read without conflicts: rows of a tile lie 20 words apart, so that the 8 rows × 4 words of a
// fragment fall into 32 banks, and are written in the same 8 × 4 blocks, which are whole sectors of memory whichever way an
// operand lies. By their registers (some 200 and 100) two blocks of 64, eight warps, or one of 128, sixteen, live on a
// multiprocessor of sm_80 and sm_90; their 20 and 40 KiB of shared memory would let more.
//
// Every sum runs over k in order, but within eight words in the hardware's.
#include "prelude.cuh"

// --- Precisions: how many numbers a word holds, a word of them, what a number is rounded to, a step of eight words.

struct Tf32 {
    static constexpr int EACH = 1;
    static DEVICE_MEMBER u32 word(float x, float) { return to_tf32(x); }
    static DEVICE_MEMBER float round(float x) { return __uint_as_float(to_tf32(x)); }
    static DEVICE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_tf32(d, a, b); }
};

struct Bf16 {
    static constexpr int EACH = 2;
    static DEVICE_MEMBER u32 word(float x, float y) { return to_bf16(x).bits | u32(to_bf16(y).bits) << 16; }
    static DEVICE_MEMBER float round(float x) { return widen(to_bf16(x)); }
    static DEVICE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_bf16(d, a, b); }
};

struct F16 {
    static constexpr int EACH = 2;
    static DEVICE_MEMBER u32 word(float x, float y) { return to_f16(x).bits | u32(to_f16(y).bits) << 16; }
    static DEVICE_MEMBER float round(float x) { return widen(to_f16(x)); }
    static DEVICE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_f16(d, a, b); }
};

// --- The operands of this block's product. Batches go along the grid's z.

template <class T> struct Operands {
    const T *a, *b, *bias;
    T *c;
    int m, k, n;
    i64 a_row, a_col, b_row, b_col;

    DEVICE_MEMBER void store(int row, int col, float sum) const {
        if (row < m && col < n) put(c[i64(row) * n + col], bias ? sum + widen(bias[col]) : sum);
    }
};

#define ARGUMENTS(T)                                                                                                   \
    const T *a, const T *b, const T *bias, T *c, int m, int k, int n, i64 a_batch, i64 a_row, i64 a_col, i64 b_batch,  \
        i64 b_row, i64 b_col, int batch
#define OPERANDS(T)                                                                                                    \
    Operands<T> {                                                                                                      \
        a + (batch + blockIdx.z) * a_batch, b + (batch + blockIdx.z) * b_batch, bias,                                  \
            c + i64(batch + blockIdx.z) * m * n, m, k, n, a_row, a_col, b_row, b_col                                   \
    }

// The word of row `place` of `places` that begins at depth j of k; zeros outside.
template <class P, class T> DEVICE u32 read(const T *x, int place, int places, i64 stride, int j, int k, i64 along) {
    const T *at = x + place * stride + j * along;
    float first = place < places && j < k ? widen(at[0]) : 0.0f;
    float second = P::EACH == 2 && place < places && j + 1 < k ? widen(at[along]) : 0.0f;
    return P::word(first, second);
}

// --- The rungs.

template <class P, class T> DEVICE void plain(const Operands<T> &x) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= x.m * x.n) return;
    int row = i / x.n, col = i % x.n;
    float sum = 0.0f;
    for (int j = 0; j < x.k; ++j)
        sum = fmaf(P::round(widen(x.a[row * x.a_row + j * x.a_col])), P::round(widen(x.b[j * x.b_row + col * x.b_col])), sum);
    x.store(row, col, sum);
}

template <class P, class T> DEVICE void warp(const Operands<T> &x) {
    int group = threadIdx.x % WARP / 4, pair = threadIdx.x % 4;
    int row = blockIdx.y * 16 + group, first = (blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP) * 8;
    float sum[4] = {};
    for (int start = 0; start < x.k; start += 8 * P::EACH) {
        int j = start + pair * P::EACH, later = j + 4 * P::EACH;
        u32 left[4] = {read<P>(x.a, row, x.m, x.a_row, j, x.k, x.a_col),
                       read<P>(x.a, row + 8, x.m, x.a_row, j, x.k, x.a_col),
                       read<P>(x.a, row, x.m, x.a_row, later, x.k, x.a_col),
                       read<P>(x.a, row + 8, x.m, x.a_row, later, x.k, x.a_col)};
        u32 right[2] = {read<P>(x.b, first + group, x.n, x.b_col, j, x.k, x.b_row),
                        read<P>(x.b, first + group, x.n, x.b_col, later, x.k, x.b_row)};
        P::multiply(sum, left, right);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) x.store(row + i / 2 * 8, first + 2 * pair + i % 2, sum[i]);
}

#define WORDS 16  // of k that a tile holds

// A thread's share of a tile of SIDE rows, by threads that make 32 × 32 of C a warp. A warp's are 8 rows × 4 words at a time.
template <int SIDE> struct Share {
    static constexpr int THREADS = SIDE * SIDE / 32, EACH = SIDE * WORDS / THREADS;
    static constexpr int ROWS = THREADS / 4, PASSES = SIDE / ROWS;
    u32 x[EACH];

    static DEVICE_MEMBER int row(int i) { return threadIdx.x % 8 + threadIdx.x / WARP * 8 + i % PASSES * ROWS; }
    static DEVICE_MEMBER int word(int i) { return threadIdx.x % WARP / 8 + i / PASSES * 4; }

    template <class P, class T>
    DEVICE_MEMBER void fetch(const T *from, int first, int rows, i64 stride, int start, int k, i64 along) {
#pragma unroll
        for (int i = 0; i < EACH; ++i)
            x[i] = read<P>(from, first + row(i), rows, stride, start + word(i) * P::EACH, k, along);
    }
    DEVICE_MEMBER void lay(u32 (&tile)[SIDE][WORDS + 4]) const {
#pragma unroll
        for (int i = 0; i < EACH; ++i) tile[row(i)][word(i)] = x[i];
    }
};

template <class P, int SIDE, class T> DEVICE void tiles(const Operands<T> &x) {
    SHARED(u32, a_tile, [2][SIDE][WORDS + 4]);
    SHARED(u32, b_tile, [2][SIDE][WORDS + 4]);
    int group = threadIdx.x % WARP / 4, pair = threadIdx.x % 4, warp = threadIdx.x / WARP;
    int row = warp / (SIDE / 32) * 32, col = warp % (SIDE / 32) * 32;
    int first_row = blockIdx.y * SIDE, first_col = blockIdx.x * SIDE;
    float sum[2][4][4] = {};
    Share<SIDE> of_a, of_b;
    of_a.template fetch<P>(x.a, first_row, x.m, x.a_row, 0, x.k, x.a_col);
    of_b.template fetch<P>(x.b, first_col, x.n, x.b_col, 0, x.k, x.b_row);
    int now = 0;
    for (int start = 0; start < x.k; start += WORDS * P::EACH) {
        of_a.lay(a_tile[now]);
        of_b.lay(b_tile[now]);
        __syncthreads();
        of_a.template fetch<P>(x.a, first_row, x.m, x.a_row, start + WORDS * P::EACH, x.k, x.a_col);
        of_b.template fetch<P>(x.b, first_col, x.n, x.b_col, start + WORDS * P::EACH, x.k, x.b_row);
#pragma unroll
        for (int w = pair; w < WORDS; w += 8) {
            u32 left[2][4], right[4][2];
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                int r = row + 16 * i + group;
                left[i][0] = a_tile[now][r][w];
                left[i][1] = a_tile[now][r + 8][w];
                left[i][2] = a_tile[now][r][w + 4];
                left[i][3] = a_tile[now][r + 8][w + 4];
            }
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                int c = col + 8 * j + group;
                right[j][0] = b_tile[now][c][w];
                right[j][1] = b_tile[now][c][w + 4];
            }
#pragma unroll
            for (int i = 0; i < 2; ++i)
#pragma unroll
                for (int j = 0; j < 4; ++j) P::multiply(sum[i][j], left[i], right[j]);
        }
        // The next tile goes to the other half: no thread can be two tiles ahead, for it must pass the barrier above.
        now = 1 - now;
    }
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
            for (int q = 0; q < 4; ++q)
                x.store(first_row + row + 16 * i + group + q / 2 * 8, first_col + col + 8 * j + 2 * pair + q % 2, sum[i][j][q]);
}

BOUNDED(512) gemm_tf32_128(ARGUMENTS(float));
BOUNDED(512) gemm_bf16_128(ARGUMENTS(float));
BOUNDED(512) gemm_f16_128(ARGUMENTS(float));
BOUNDED(512) gemm_stored_bf16_128(ARGUMENTS(bf16));
BOUNDED(512) gemm_stored_f16_128(ARGUMENTS(f16));

KERNEL gemm_tf32_plain(ARGUMENTS(float)) { plain<Tf32>(OPERANDS(float)); }
KERNEL gemm_tf32_warp(ARGUMENTS(float)) { warp<Tf32>(OPERANDS(float)); }
KERNEL gemm_tf32_64(ARGUMENTS(float)) { tiles<Tf32, 64>(OPERANDS(float)); }
KERNEL gemm_tf32_128(ARGUMENTS(float)) { tiles<Tf32, 128>(OPERANDS(float)); }

KERNEL gemm_bf16_plain(ARGUMENTS(float)) { plain<Bf16>(OPERANDS(float)); }
KERNEL gemm_bf16_warp(ARGUMENTS(float)) { warp<Bf16>(OPERANDS(float)); }
KERNEL gemm_bf16_64(ARGUMENTS(float)) { tiles<Bf16, 64>(OPERANDS(float)); }
KERNEL gemm_bf16_128(ARGUMENTS(float)) { tiles<Bf16, 128>(OPERANDS(float)); }

KERNEL gemm_f16_plain(ARGUMENTS(float)) { plain<F16>(OPERANDS(float)); }
KERNEL gemm_f16_warp(ARGUMENTS(float)) { warp<F16>(OPERANDS(float)); }
KERNEL gemm_f16_64(ARGUMENTS(float)) { tiles<F16, 64>(OPERANDS(float)); }
KERNEL gemm_f16_128(ARGUMENTS(float)) { tiles<F16, 128>(OPERANDS(float)); }

KERNEL gemm_stored_bf16_plain(ARGUMENTS(bf16)) { plain<Bf16>(OPERANDS(bf16)); }
KERNEL gemm_stored_bf16_warp(ARGUMENTS(bf16)) { warp<Bf16>(OPERANDS(bf16)); }
KERNEL gemm_stored_bf16_64(ARGUMENTS(bf16)) { tiles<Bf16, 64>(OPERANDS(bf16)); }
KERNEL gemm_stored_bf16_128(ARGUMENTS(bf16)) { tiles<Bf16, 128>(OPERANDS(bf16)); }

KERNEL gemm_stored_f16_plain(ARGUMENTS(f16)) { plain<F16>(OPERANDS(f16)); }
KERNEL gemm_stored_f16_warp(ARGUMENTS(f16)) { warp<F16>(OPERANDS(f16)); }
KERNEL gemm_stored_f16_64(ARGUMENTS(f16)) { tiles<F16, 64>(OPERANDS(f16)); }
KERNEL gemm_stored_f16_128(ARGUMENTS(f16)) { tiles<F16, 128>(OPERANDS(f16)); }
