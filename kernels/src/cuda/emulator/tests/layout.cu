// What the emulated instructions do, for layout.cpp to hold against what is published.
#include "prelude.cuh"

// Every lane hands its registers to the tensor cores and writes its part of the result.
KERNEL one_mma(const u32 *a, const u32 *b, float *d) {
    int lane = threadIdx.x;
    float sum[4] = {};
    u32 left[4], right[2];
    for (int i = 0; i < 4; ++i) left[i] = a[4 * lane + i];
    for (int i = 0; i < 2; ++i) right[i] = b[2 * lane + i];
    mma_bf16(sum, left, right);
    for (int i = 0; i < 4; ++i) d[4 * lane + i] = sum[i];
}

// One of each shuffle, a vote and an atomic, 8 numbers a lane.
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
