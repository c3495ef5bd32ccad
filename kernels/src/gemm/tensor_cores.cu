// C = A B + bias for a batch of matmuls on tensor cores, with sums in f32: A [m, k], B [k, n], C [m, n] by rows, with any
// strides of A and B. Elements are f32 in memory and are rounded as they are read, to tf32 or bf16 from sm_80 on and to f16
// from sm_75 on; or they are stored in bf16 or f16, and so is C.
//
// The ladder, for each of the five combinations:
//   plain  a thread for each element of C: the definition
//   warp   a warp computes 16 × 8 of C by mma.sync, eight words of 32 bits along k at a time, directly from memory; the four
//          warps of a block are side by side
//   64     four warps compute 64 × 64 of C, each 32 × 32, from tiles in shared memory: a word in shared memory serves 64
//          elements, one in registers 16 or 32; the next tile is fetched and rounded while this one is used
//   128    eight warps compute 128 × 128 the same way, each 64 × 32: a word that is read from shared memory serves 32 or 64
//
// If C is small and k long, k is cut into slices, which gemm_join of gemm.cu adds.
//
// FLOPs: 2 m n k. FLOPs for each byte that is read from the second-level cache, in f32: 2.7 by a warp, 16 by 64, 32 by 128. This
// is a bound: the 5.5 TB/s or so of an H100 give 176 TFLOP/s, in tf32 and in bf16. Memory is read 16 bytes at a time if alignment
// allows it, 128 bytes of a row or column by eight lanes: the first-level cache looks up one line per cycle, and with pieces of 32
// bytes it was the bottleneck. Tiles are written and read (ldmatrix) without bank conflicts: their rows are 20 words apart, so that
// the four words of each of eight rows use all 32 banks. Registers allow four blocks of 64 or two of 128 (sixteen warps) on a
// multiprocessor of sm_80 and sm_90, with 20 and 40 KiB of shared memory each; only one of 128 for elements stored in 16 bits.
// cuBLAS reaches 395 TFLOP/s in tf32 on an H100 by instructions that only sm_90 has (wgmma), which read whole tiles from shared
// memory; benches/results has both.
//
// Every sum runs over k in order, except that the hardware orders the eight words of one instruction.
#include "prelude.cuh"

// --- Precisions: whether the architecture has it (otherwise its kernels are empty, and never launched), how many elements a word
// holds, a word of them, the rounding of an element, and an instruction over eight words of k.

struct Tf32 {
    static constexpr bool THERE = __CUDA_ARCH__ >= 800;
    static constexpr int EACH = 1;
    static DEVICE_MEMBER u32 word(float x, float) { return to_tf32(x); }
    static DEVICE_MEMBER float round(float x) { return __uint_as_float(to_tf32(x)); }
    static DEVICE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_tf32(d, a, b); }
};

struct Bf16 {
    static constexpr bool THERE = __CUDA_ARCH__ >= 800;
    static constexpr int EACH = 2;
    static DEVICE_MEMBER u32 word(float x, float y) { return two_bf16(x, y); }
    static DEVICE_MEMBER float round(float x) { return widen(to_bf16(x)); }
    static DEVICE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_bf16(d, a, b); }
};

struct F16 {
    static constexpr bool THERE = true;
    static constexpr int EACH = 2;
    static DEVICE_MEMBER u32 word(float x, float y) { return two_f16(x, y); }
    static DEVICE_MEMBER float round(float x) { return widen(to_f16(x)); }
    static DEVICE_MEMBER void multiply(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { mma_f16(d, a, b); }
};

// --- The operands of this block's matmul. The matmuls of a batch are along the grid's z; the last has depth `last` instead of k.

template <class T> struct Operands {
    const T *a, *b, *bias;
    T *c;
    int m, k, n;
    i64 a_row, a_col, b_row, b_col;

    DEVICE_MEMBER void store(int row, int col, float sum) const {
        if (row < m && col < n) put(c[i64(row) * n + col], bias ? sum + widen(bias[col]) : sum);
    }
    DEVICE_MEMBER void store_four(int row, int col, float p, float q, float r, float s) const {
        if (sizeof(T) == 4 && !bias && row < m && n % 4 == 0 && col < n && reinterpret_cast<u64>(c) % 16 == 0) {
            *reinterpret_cast<float4 *>(&c[i64(row) * n + col]) = float4{p, q, r, s};
            return;
        }
        store(row, col, p);
        store(row, col + 1, q);
        store(row, col + 2, r);
        store(row, col + 3, s);
    }
};

#define ARGUMENTS(T)                                                                                                   \
    const T *a, const T *b, const T *bias, T *c, int m, int k, int n, i64 a_batch, i64 a_row, i64 a_col, i64 b_batch,  \
        i64 b_row, i64 b_col, int batch, int count, int last
#define OPERANDS(T)                                                                                                    \
    Operands<T> {                                                                                                      \
        a + (batch + blockIdx.z) * a_batch, b + (batch + blockIdx.z) * b_batch, bias,                                  \
            c + i64(batch + blockIdx.z) * m * n, m, int(batch + blockIdx.z) == count - 1 ? last : k, n, a_row, a_col,       \
            b_row, b_col                                                                                               \
    }

// The word of a row that begins at depth j of k; zeros outside.
template <class P, class T> DEVICE u32 read(const T *x, int row, int rows, i64 stride, int j, int k, i64 along) {
    const T *at = x + row * stride + j * along;
    float first = row < rows && j < k ? widen(at[0]) : 0.0f;
    float second = P::EACH == 2 && row < rows && j + 1 < k ? widen(at[along]) : 0.0f;
    return P::word(first, second);
}

// --- The rungs.

template <class P, class T> DEVICE void plain(const Operands<T> &x) {
    if (!P::THERE) return __trap();
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(x.m) * x.n) return;
    int row = i / x.n, col = i % x.n;
    float sum = 0.0f;
    for (int j = 0; j < x.k; ++j)
        sum = fmaf(P::round(widen(x.a[row * x.a_row + j * x.a_col])), P::round(widen(x.b[j * x.b_row + col * x.b_col])), sum);
    x.store(row, col, sum);
}

template <class P, class T> DEVICE void warp(const Operands<T> &x) {
    if (!P::THERE) return __trap();
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

#define WORDS 16  // words along k in a tile

// Four elements that can be read at once.
DEVICE float4 four(const float *x) { return *reinterpret_cast<const float4 *>(x); }
template <class T> DEVICE float4 four(const T *x) {
    uint2 words = *reinterpret_cast<const uint2 *>(x);
    return float4{widen(T{u16(words.x)}), widen(T{u16(words.x >> 16)}), widen(T{u16(words.y)}), widen(T{u16(words.y >> 16)})};
}

// Four elements `apart` from each other, of which `inside` exist.
template <class T> DEVICE float4 four(const T *x, i64 apart, int inside) {
    return float4{inside > 0 ? widen(x[0]) : 0.0f, inside > 1 ? widen(x[apart]) : 0.0f,
                  inside > 2 ? widen(x[2 * apart]) : 0.0f, inside > 3 ? widen(x[3 * apart]) : 0.0f};
}

// The row of C (for B the column, which is called row here) at position p of a tile. Neighbouring rows are eight apart, so that
// four of them, fetched at once, are written beside those of another lane without bank conflicts.
DEVICE constexpr int row_at(int p) { return p / 32 * 32 + p % 8 * 4 + p % 32 / 8; }

// A thread's share of an operand's tile of SIDE rows: eight words. If elements are contiguous along k, eight lanes (in tf32 four)
// read 128 bytes (64) of a row. If they are contiguous along rows, eight lanes read 128 bytes of adjacent rows at one k.
template <class P, class T, int SIDE> struct Share {
    static constexpr int FOURS = 2 * P::EACH;            // reads
    static constexpr int LANES = WORDS * P::EACH / 4;    // lanes that read a row along k
    static constexpr int STEP = SIDE / FOURS;            // positions from one such read to the next
    const T *at;
    bool together;
    float4 x[FOURS];
    u32 words[8];

    // The thread's first position and word in a tile, and the row at that position.
    static DEVICE_MEMBER int place(bool along_rows) {
        int lane = threadIdx.x % WARP, m = threadIdx.x / LANES;
        return along_rows ? threadIdx.x / WARP / 4 * 32 + lane % 8 : m / 8 * 8 + m % 2 * 4 + m % 8 / 2;
    }
    static DEVICE_MEMBER int word(bool along_rows) {
        int lane = threadIdx.x % WARP;
        return along_rows ? threadIdx.x / WARP % 4 * 4 + lane / 8 : threadIdx.x % LANES * (4 / P::EACH);
    }
    static DEVICE_MEMBER int row(bool along_rows) { return row_at(place(along_rows)); }

    DEVICE_MEMBER Share(const T *operand, i64 row_stride, i64 depth_stride, int first) {
        bool along_rows = row_stride == 1, packed = along_rows || depth_stride == 1;
        together = packed && (along_rows ? depth_stride : row_stride) % 4 == 0 &&
                   reinterpret_cast<u64>(operand) % (4 * sizeof(T)) == 0;
        at = operand + (first + row(along_rows)) * row_stride + word(along_rows) * P::EACH * depth_stride;
    }
    // Rows, and elements along k, from the thread's first four elements to its ith four.
    static DEVICE_MEMBER int down(bool along_rows, int i) {
        return along_rows ? i / P::EACH * (SIDE / 2) : row_at(i * STEP);
    }
    static DEVICE_MEMBER int along(bool along_rows, int i) { return along_rows ? i % P::EACH : 0; }

    // Reads from the tile in which `rows` rows and `left` elements along k are left.
    DEVICE_MEMBER void fetch(i64 row_stride, i64 depth_stride, int rows, int left) {
        bool along_rows = row_stride == 1;
        if (together && rows >= SIDE && left >= WORDS * P::EACH) {
#pragma unroll
            for (int i = 0; i < FOURS; ++i)
                x[i] = four(at + down(along_rows, i) * row_stride + along(along_rows, i) * depth_stride);
        } else {
            fetch_edge(row_stride, depth_stride, rows - row(along_rows), left - word(along_rows) * P::EACH);
        }
        at += WORDS * P::EACH * depth_stride;
    }
    // For a tile at an edge, or one whose elements are not contiguous and aligned.
    DEVICE_MEMBER void fetch_edge(i64 row_stride, i64 depth_stride, int rows, int left) {
        bool along_rows = row_stride == 1;
#pragma unroll
        for (int i = 0; i < FOURS; ++i) {
            int below = rows - down(along_rows, i), after = left - along(along_rows, i);
            int inside = along_rows ? (after > 0 ? below : 0) : (below > 0 ? after : 0);
            const T *from = at + down(along_rows, i) * row_stride + along(along_rows, i) * depth_stride;
            x[i] = four(from, along_rows ? 1 : depth_stride, inside);
        }
    }
    // Rounds what was fetched to words: of two fours that are above each other, or of neighbours in each.
    DEVICE_MEMBER void round(i64 row_stride) {
        bool above = row_stride == 1 || P::EACH == 1;
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            float4 p = x[i * P::EACH], q = x[i * P::EACH + P::EACH - 1];
            words[4 * i] = above ? P::word(p.x, q.x) : P::word(p.x, p.y);
            words[4 * i + 1] = above ? P::word(p.y, q.y) : P::word(p.z, p.w);
            words[4 * i + 2] = above ? P::word(p.z, q.z) : P::word(q.x, q.y);
            words[4 * i + 3] = above ? P::word(p.w, q.w) : P::word(q.z, q.w);
        }
    }
    DEVICE_MEMBER void store(u32 (*tile)[WORDS + 4], i64 row_stride) const {
        bool along_rows = row_stride == 1;
        u32 *to = &tile[place(along_rows)][word(along_rows)];
        if (along_rows) {
#pragma unroll
            for (int i = 0; i < 8; ++i) to[(i / 4 * (SIDE / 2) + i % 4 * 8) * (WORDS + 4)] = words[i];
        } else {
#pragma unroll
            for (int i = 0; i < FOURS; ++i) {
                u32 *row = to + i * STEP * (WORDS + 4);
                if (P::EACH == 1) {
                    *reinterpret_cast<uint4 *>(row) = uint4{words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]};
                } else {
                    *reinterpret_cast<uint2 *>(row) = uint2{words[2 * i], words[2 * i + 1]};
                }
            }
        }
    }
};

// Adds the products of eight words of k, from word `w` of the tiles on, to a warp's DOWN × 4 fragments.
template <class P, int DOWN>
DEVICE void multiply(float (&sum)[DOWN][4][4], u32 (*a_tile)[WORDS + 4], u32 (*b_tile)[WORDS + 4], int w) {
    int lane = threadIdx.x % WARP;
    u32 right[4][2];
#pragma unroll
    for (int j = 0; j < 4; j += 2) {
        u32 blocks[4];
        load_blocks(blocks, &b_tile[8 * j + lane / 16 * 8 + lane % 8][w + lane / 8 % 2 * 4]);
        right[j][0] = blocks[0], right[j][1] = blocks[1];
        right[j + 1][0] = blocks[2], right[j + 1][1] = blocks[3];
    }
#pragma unroll
    for (int i = 0; i < DOWN; ++i) {
        u32 left[4];
        load_blocks(left, &a_tile[16 * i + lane % 16][w + lane / 16 * 4]);
#pragma unroll
        for (int j = 0; j < 4; ++j) P::multiply(sum[i][j], left, right[j]);
    }
}

// Two rows of warps compute SIDE × SIDE of C, each warp SIDE / 2 × 32.
template <class P, int SIDE, class T> DEVICE void tiles(const Operands<T> &x) {
    if (!P::THERE) return __trap();
    constexpr int DOWN = SIDE / 2 / 16, DEPTH = WORDS * P::EACH;
    SHARED(u32, a_tile, [2][SIDE][WORDS + 4]);
    SHARED(u32, b_tile, [2][SIDE][WORDS + 4]);
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    int row = warp / (SIDE / 32) * (SIDE / 2), col = warp % (SIDE / 32) * 32;
    int first_row = blockIdx.y * SIDE, first_col = blockIdx.x * SIDE;
    float sum[DOWN][4][4] = {};
    Share<P, T, SIDE> of_a(x.a, x.a_row, x.a_col, first_row), of_b(x.b, x.b_col, x.b_row, first_col);
    int now = 0;
    for (int left = x.k, started = 0;; left -= DEPTH, started = 1) {
        // A tile is fetched while the one before is used, of each operand in turn, because registers are few.
        of_a.fetch(x.a_row, x.a_col, x.m - first_row, left);
        if (started) multiply<P>(sum, a_tile[now] + row, b_tile[now] + col, 0);
        of_a.round(x.a_row);
        of_b.fetch(x.b_col, x.b_row, x.n - first_col, left);
        if (started) multiply<P>(sum, a_tile[now] + row, b_tile[now] + col, 8);
        of_b.round(x.b_col);
        if (left <= 0) break;
        // It is stored in the other half: no thread can be two tiles ahead, because it must pass the barrier below.
        now = 1 - now;
        of_a.store(a_tile[now], x.a_row);
        of_b.store(b_tile[now], x.b_col);
        __syncthreads();
    }
    // A lane has four sums of each fragment; those of the four fragments side by side are neighbours in C.
#pragma unroll
    for (int i = 0; i < DOWN; ++i)
#pragma unroll
        for (int q = 0; q < 4; ++q)
            x.store_four(first_row + row_at(row + 16 * i + lane / 4 + q / 2 * 8), first_col + col + (lane % 4 * 2 + q % 2) * 4,
                         sum[i][0][q], sum[i][1][q], sum[i][2][q], sum[i][3][q]);
}

// Limits registers so that sixteen warps fit on a multiprocessor, where that spills none.
#if __CUDA_ARCH__ < 800
#define SIXTEEN_WARPS(threads) BOUNDED(threads)
#else
#define SIXTEEN_WARPS(threads) BOUNDED(threads, 512 / threads)
#endif
SIXTEEN_WARPS(256) gemm_tf32_128(ARGUMENTS(float));
SIXTEEN_WARPS(256) gemm_bf16_128(ARGUMENTS(float));
SIXTEEN_WARPS(256) gemm_f16_128(ARGUMENTS(float));
BOUNDED(256) gemm_stored_bf16_128(ARGUMENTS(bf16));
BOUNDED(256) gemm_stored_f16_128(ARGUMENTS(f16));
SIXTEEN_WARPS(128) gemm_tf32_64(ARGUMENTS(float));
SIXTEEN_WARPS(128) gemm_bf16_64(ARGUMENTS(float));
SIXTEEN_WARPS(128) gemm_f16_64(ARGUMENTS(float));
SIXTEEN_WARPS(128) gemm_stored_bf16_64(ARGUMENTS(bf16));
SIXTEEN_WARPS(128) gemm_stored_f16_64(ARGUMENTS(f16));

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
