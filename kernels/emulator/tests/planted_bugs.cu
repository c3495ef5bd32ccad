// A kernel for each classic mistake, for the tools to find, and a good one that none may accuse. Each is launched with one warp
// (between_blocks with four blocks) on 32 floats that are 0; `expected` says what the good program would have written.
#include "prelude.cuh"

// Half of the warp waits at another barrier than the rest.
KERNEL divergent_barrier(float *y) {
    if (threadIdx.x < 16) {
        __syncthreads();
    } else {
        y[threadIdx.x] = 1.0f;
        __syncthreads();
    }
}

// One thread does not wait where the others do.
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

// A lane reads another that has left.
KERNEL inactive_lane(float *y) {
    if (threadIdx.x >= 20) return;
    y[threadIdx.x] = __shfl_down_sync(ALL_LANES, float(threadIdx.x), 16);
}

// Lanes write and read shared memory with nothing between.
KERNEL missing_syncwarp(float *y) {
    SHARED(float, room, [32]);
    room[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = room[31 - threadIdx.x];
}

// A shuffle makes lanes meet, but does not order what they wrote.
KERNEL shuffle_is_no_fence(float *y) {
    SHARED(float, room, [32]);
    room[threadIdx.x] = threadIdx.x;
    float zero = __shfl_sync(ALL_LANES, 0.0f, 0);
    y[threadIdx.x] = zero + room[31 - threadIdx.x];
}

// An element of shared memory is read that no thread wrote.
KERNEL uninitialised_shared(float *y) {
    SHARED(float, room, [32]);
    if (threadIdx.x > 0) room[threadIdx.x] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = room[threadIdx.x];
}

// One past the end of the buffer.
KERNEL past_the_buffer(float *y) { y[threadIdx.x + (threadIdx.x == 31)] = 1.0f; }

// One past the end of shared memory.
KERNEL past_shared(float *y) {
    SHARED(float, room, [32]);
    room[threadIdx.x + 1] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = room[threadIdx.x];
}

// Past a row, into the next.
KERNEL past_the_row(float *y) {
    SHARED(float, room, [4][8]);
    room[threadIdx.x / 8][threadIdx.x % 8] = 0.0f;
    __syncthreads();
    int column = 8 + (threadIdx.x == 99);
    if (threadIdx.x < 3) room[threadIdx.x][column] = 1.0f;
    __syncthreads();
    y[threadIdx.x] = 1.0f;
}

// Four floats read as one from an address that is no multiple of 16.
KERNEL misaligned(float *y) {
    float4 x = *reinterpret_cast<const float4 *>(y + 1);
    y[threadIdx.x] = x.x + 1.0f;
}

// Blocks add to one number with no atomic.
KERNEL between_blocks(float *y) {
    if (threadIdx.x == 0) y[0] = y[0] + 1.0f;
}

// Shared memory is written again while others may still read it.
KERNEL buffer_reused(float *y) {
    SHARED(float, room, [32]);
    for (int round = 0; round < 3; ++round) {
        room[threadIdx.x] = round;
        __syncthreads();
        y[threadIdx.x] = room[(threadIdx.x + 1) % 32];
    }
}

KERNEL good(float *y) {
    SHARED(float, room, [32]);
    room[threadIdx.x] = threadIdx.x;
    __syncwarp();
    y[threadIdx.x] = room[31 - threadIdx.x];
}
