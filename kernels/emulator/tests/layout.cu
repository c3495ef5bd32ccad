// The emulated instructions, whose results main.cpp compares with NVIDIA's documentation.
#include "prelude.cuh"

// Every lane passes its registers to the tensor cores and writes its part of the result.
template <class Mma> DEVICE void one_mma(const u32 *a, const u32 *b, float *d, int a_registers, int b_registers, Mma mma) {
    int lane = threadIdx.x;
    float sum[4] = {};
    u32 left[4], right[2];
    for (int i = 0; i < a_registers; ++i) left[i] = a[a_registers * lane + i];
    for (int i = 0; i < b_registers; ++i) right[i] = b[b_registers * lane + i];
    mma(sum, left, right);
    for (int i = 0; i < 4; ++i) d[4 * lane + i] = sum[i];
}
#define LAMBDA [](float(&d)[4], u32(&a)[4], u32(&b)[2])
KERNEL one_mma_bf16(const u32 *a, const u32 *b, float *d) { one_mma(a, b, d, 4, 2, LAMBDA { mma_bf16(d, a, b); }); }
KERNEL one_mma_f16(const u32 *a, const u32 *b, float *d) { one_mma(a, b, d, 4, 2, LAMBDA { mma_f16(d, a, b); }); }
KERNEL one_mma_tf32(const u32 *a, const u32 *b, float *d) { one_mma(a, b, d, 4, 2, LAMBDA { mma_tf32(d, a, b); }); }
KERNEL one_mma_f16_half(const u32 *a, const u32 *b, float *d) {
    one_mma(a, b, d, 2, 1, LAMBDA { mma_f16_half(d, a[0], a[1], b[0]); });
}

// Roundings: to f16 and back, and to tf32.
KERNEL roundings(const float *x, float *y) {
    int lane = threadIdx.x;
    y[2 * lane] = widen(to_f16(x[lane]));
    y[2 * lane + 1] = __uint_as_float(to_tf32(x[lane]));
}

// Four blocks of 8 rows × 4 words, one after the other.
KERNEL blocks(const u32 *rows, u32 *y) {
    int lane = threadIdx.x;
    u32 words[4];
    load_blocks(words, rows + 4 * lane);
    for (int i = 0; i < 4; ++i) y[4 * lane + i] = words[i];
}

// One of each shuffle, a vote and an atomic, 8 values per lane.
KERNEL lanes(int *y, int *counter) {
    int lane = threadIdx.x, *own = y + 8 * lane;
    own[0] = __shfl_sync(ALL_LANES, lane, 7);
    own[1] = __shfl_xor_sync(ALL_LANES, lane, 5);
    own[2] = __shfl_up_sync(ALL_LANES, lane, 3);
    own[3] = __shfl_down_sync(ALL_LANES, lane, 3);
    own[4] = int(__ballot_sync(ALL_LANES, lane % 3 == 0));
    own[5] = __any_sync(ALL_LANES, lane == 31);
    own[6] = __syncthreads_or(lane == 30);
    own[7] = __syncthreads_or(0);
    atomicAdd(counter, lane);
}
