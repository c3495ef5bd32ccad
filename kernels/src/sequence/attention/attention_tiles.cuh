// A thread's part of a tile of scores, held in registers, and of the tiles of rows in shared memory that it is computed from.
//
// The rows of a tile are queries or keys, 32 or 64 for each block. Its columns are the other of the two, 32 or 64 at a time. A
// thread computes 4 × 4 or 4 × 8 scores at once, and four rows of the output. It reads shared memory four elements at a time,
// and uses each element for four multiply-adds or more.
#pragma once
#include "attention.cuh"

#define SIDE 4     // rows of a thread, and columns of it that lie together
#define ACROSS 32  // columns of the eight threads that share rows: each has four of every 32
#define BAND 16    // rows of a warp

struct Four {
    float x[4];
};

DEVICE Four four(const float *p) {
    float4 x = *reinterpret_cast<const float4 *>(p);
    return Four{{x.x, x.y, x.z, x.w}};
}

DEVICE void put_four(float *p, const Four &x) {
    *reinterpret_cast<float4 *>(p) = make_float4(x.x[0], x.x[1], x.x[2], x.x[3]);
}

// A thread's position: the threads of a warp are four down and eight across. When each reads 16 bytes, shared memory serves half
// a warp at once if neighbours in pairs, i and i + 1 or i and i + 2, read the same address: here i and i + 1 share columns, i and
// i + 2 rows.
struct Spot {
    int group, column;  // which four rows of the block's, and the first of four columns
    DEVICE_MEMBER Spot() {
        int lane = threadIdx.x % WARP;
        group = threadIdx.x / WARP * (BAND / SIDE) + (lane & 1) + lane / 16 * 2;
        column = lane / 2 % 8 * SIDE;
    }
};

// The sum over the eight threads that share rows.
DEVICE float sum_across(float x) {
#pragma unroll
    for (int lanes = 2; lanes < 16; lanes *= 2) x += __shfl_xor_sync(ALL_LANES, x, lanes);
    return x;
}

DEVICE float max_across(float x) {
#pragma unroll
    for (int lanes = 2; lanes < 16; lanes *= 2) x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, lanes));
    return x;
}

// The distance of a thread's column c from its first.
DEVICE constexpr int across(int c) { return c / SIDE * ACROSS + c % SIDE; }

// The elements of four rows of a tile in shared memory, and a gap, so that eight threads which read rows four apart use eight
// different banks.
template <int DIM> DEVICE constexpr int four_rows() { return SIDE * DIM + 4; }

// The offset of a row in a tile. The offset of row a + b is the sum of both offsets if a is a multiple of a power of two that is
// larger than b.
template <int DIM> DEVICE constexpr int place(int row) { return row / SIDE * four_rows<DIM>() + row % SIDE * DIM; }

// The elements of four rows of weights, each of 32 columns: eight threads write to two of these at once, in different banks.
#define FOUR_WEIGHTS (SIDE * ACROSS + 16)

// The rows of one head. Each begins and ends at a multiple of 16 bytes: the launch copies and pads other rows.
struct Head {
    float *data;
    i64 row;
    int dim;
};

DEVICE Head head_of(const View &x, int b, int h, int dim) { return Head{row_of(x, b, h, 0), x.row, dim}; }

// Columns c .. c + 4 of a row, with zeros past the last.
DEVICE Four read(const Head &x, int row, int c) {
    return c < x.dim ? four(x.data + row * x.row + c) : Four{};
}

DEVICE void write(const Head &x, int row, int c, const Four &y) {
    if (c < x.dim) put_four(x.data + row * x.row + c, y);
}

// Writes a thread's columns of a row times a factor, or zeros if the row is not `real`.
template <int DIM>
DEVICE void write_row(const Head &x, int row, int column, const float (&y)[DIM / 8], float factor, bool real = true) {
#pragma unroll
    for (int n = 0; n < DIM / 8; n += SIDE) {
        Four part;
#pragma unroll
        for (int e = 0; e < 4; ++e) part.x[e] = real ? y[n + e] * factor : 0.0f;
        write(x, row, column + across(n), part);
    }
}

// A thread's share of ROWS rows of a head, in registers between memory and a tile.
template <int ROWS, int DIM, int THREADS> struct Load {
    static constexpr int PLACES = DIM / 4, STEP = THREADS / PLACES;
    Four x[ROWS / STEP];

    // Reads rows from `start` on, with zeros from row `end` on and past the last column.
    DEVICE_MEMBER void fetch(const Head &from, int start, int end) {
        int row = start + threadIdx.x / PLACES, c = threadIdx.x % PLACES * 4;
        const float *p = from.data + row * from.row + c;
        i64 step = from.row * STEP;
#pragma unroll
        for (int i = 0; i < ROWS / STEP; ++i, p += step)
            x[i] = row + STEP * i < end && c < from.dim ? four(p) : Four{};
    }

    DEVICE_MEMBER void store(float *tile, float factor = 1.0f) const {
        float *p = tile + place<DIM>(threadIdx.x / PLACES) + threadIdx.x % PLACES * 4;
#pragma unroll
        for (int i = 0; i < ROWS / STEP; ++i) {
            Four y = x[i];
#pragma unroll
            for (int e = 0; e < 4; ++e) y.x[e] *= factor;
            put_four(p + place<DIM>(STEP * i), y);
        }
    }
};

// sum[r][c] += row r of `left` · row c of `right`: the thread's rows of one tile, and its columns, which are rows of another.
template <int DIM, int COLUMNS>
DEVICE void multiply(float (&sum)[SIDE][COLUMNS], const float *left, const float *right) {
#pragma unroll(DIM > 32 ? 4 : 2)
    for (int d = 0; d < DIM; d += 4) {
        Four x[SIDE], y[SIDE];
#pragma unroll
        for (int r = 0; r < SIDE; ++r) x[r] = four(left + place<DIM>(r) + d);
#pragma unroll
        for (int n = 0; n < COLUMNS; n += SIDE) {
#pragma unroll
            for (int c = 0; c < SIDE; ++c) y[c] = four(right + place<DIM>(across(n + c)) + d);
#pragma unroll
            for (int e = 0; e < 4; ++e)
#pragma unroll
                for (int c = 0; c < SIDE; ++c)
#pragma unroll
                    for (int r = 0; r < SIDE; ++r) sum[r][n + c] = fmaf(x[r].x[e], y[c].x[e], sum[r][n + c]);
        }
    }
}

// sum[r][c] += Σ over 32 rows j of `tile` of weights[r][j] · tile[j][c], for the thread's columns.
template <int DIM> DEVICE void gather_tile(float (&sum)[SIDE][DIM / 8], const float *weights, const float *tile) {
#pragma unroll(DIM > 32 ? 2 : 4)
    for (int j = 0; j < ACROSS; j += SIDE) {
        Four w[SIDE];
#pragma unroll
        for (int r = 0; r < SIDE; ++r) w[r] = four(weights + r * ACROSS + j);
#pragma unroll
        for (int e = 0; e < SIDE; ++e)
#pragma unroll
            for (int n = 0; n < DIM / 8; n += SIDE) {
                Four y = four(tile + place<DIM>(j) + e * DIM + across(n));
#pragma unroll
                for (int r = 0; r < SIDE; ++r)
#pragma unroll
                    for (int c = 0; c < SIDE; ++c) sum[r][n + c] = fmaf(w[r].x[e], y.x[c], sum[r][n + c]);
            }
    }
}

// Writes a thread's columns n .. n + 4 to shared memory, for its warp.
template <int COLUMNS> DEVICE void store_weights(float *weights, const float (&x)[SIDE][COLUMNS], int column, int n = 0) {
    __syncwarp();
#pragma unroll
    for (int r = 0; r < SIDE; ++r)
        put_four(weights + r * ACROSS + column, Four{{x[r][n], x[r][n + 1], x[r][n + 2], x[r][n + 3]}});
    __syncwarp();
}

// The tile of rows of this block. Under a causal mask some tiles need more work than others: the first half of the blocks takes
// the longest tiles, in descending order, and the second half the shortest, in ascending order, so that any two blocks that share
// a multiprocessor have about the same work.
DEVICE int tile_of_block(bool causal, bool last_is_longest) {
    int tiles = gridDim.y, half = (tiles + 1) / 2, y = blockIdx.y;
    if (!causal) return y;
    int longer = y < half ? y : tiles - 1 - (y - half);
    return last_is_longest ? tiles - 1 - longer : longer;
}
