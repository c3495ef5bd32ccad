// A kernel for each classic bug, for the tools to find, and a correct one in which no tool may find any. Each is launched with one
// warp (between_blocks with four blocks) on 32 floats that are 0; `expected` in main.cpp has what the correct kernel writes.
#include "prelude.cuh"

// Half of the warp waits at a different barrier from the rest.
KERNEL divergent_barrier(float *y) {
    if (threadIdx.x < 16) {
        __syncthreads();
    } else {
        y[threadIdx.x] = 1.0f;
        __syncthreads();
    }
}

// One thread skips a barrier.
KERNEL missing_barrier(float *y) {
    if (threadIdx.x != 5) __syncthreads();
    y[threadIdx.x] = 1.0f;
    __syncthreads();
}

// A lane calls with a mask that it is not in.
KERNEL bad_mask(float *y) {
    float x = threadIdx.x;
    y[threadIdx.x] = __shfl_xor_sync(threadIdx.x < 16 ? 0x0000ffffu : 0x00ff0000u, x, 1);
}

// A lane reads from one that has returned.
KERNEL inactive_lane(float *y) {
    if (threadIdx.x >= 20) return;
    y[threadIdx.x] = __shfl_down_sync(ALL_LANES, float(threadIdx.x), 16);
}

// Lanes write and read shared memory with no barrier in between.
KERNEL missing_syncwarp(float *y) {
    SHARED(float, scratch, [32]);
    scratch[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = scratch[31 - threadIdx.x];
}

// A shuffle makes lanes meet, but does not order what they wrote.
KERNEL shuffle_is_no_fence(float *y) {
    SHARED(float, scratch, [32]);
    scratch[threadIdx.x] = threadIdx.x;
    float zero = __shfl_sync(ALL_LANES, 0.0f, 0);
    y[threadIdx.x] = zero + scratch[31 - threadIdx.x];
}

// An element of shared memory is read that no thread wrote.
KERNEL uninitialised_shared(float *y) {
    SHARED(float, scratch, [32]);
    if (threadIdx.x > 0) scratch[threadIdx.x] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = scratch[threadIdx.x];
}

// One past the end of the buffer.
KERNEL past_the_buffer(float *y) { y[threadIdx.x + (threadIdx.x == 31)] = 1.0f; }

// One past the end of shared memory.
KERNEL past_shared(float *y) {
    SHARED(float, scratch, [32]);
    scratch[threadIdx.x + 1] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = scratch[threadIdx.x];
}

// Past a row, into the next.
KERNEL past_the_row(float *y) {
    SHARED(float, scratch, [4][8]);
    scratch[threadIdx.x / 8][threadIdx.x % 8] = 0.0f;
    __syncthreads();
    int column = 8 + (threadIdx.x == 99);
    if (threadIdx.x < 3) scratch[threadIdx.x][column] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = 1.0f;
}

// Four floats are read as one from an address that is not a multiple of 16.
KERNEL misaligned(float *y) {
    float4 x = *reinterpret_cast<const float4 *>(y + 1);
    y[threadIdx.x] = x.x + 1.0f;
}

// Blocks add to one element without an atomic.
KERNEL between_blocks(float *y) {
    if (threadIdx.x == 0) y[0] = y[0] + 1.0f;
}

// Shared memory is written again while others may still read it.
KERNEL buffer_reused(float *y) {
    SHARED(float, scratch, [32]);
    for (int round = 0; round < 3; ++round) {
        scratch[threadIdx.x] = round;
        __syncthreads();
        y[threadIdx.x] = scratch[(threadIdx.x + 1) % 32];
    }
}

KERNEL good(float *y) {
    SHARED(float, scratch, [32]);
    scratch[threadIdx.x] = threadIdx.x;
    __syncwarp();
    y[threadIdx.x] = scratch[31 - threadIdx.x];
}
