// The LSTM with a block for each sentence and direction, which runs all steps and holds W_hh from the first to the last; see
// lstm.cu.
//
//   lstm_forward, lstm_backward              all steps, with no launch in between; W_hh is read once: 192 of a thread's weights
//                                            are in registers, the rest in shared memory
//   lstm_forward_bf16, lstm_backward_bf16    with W_hh rounded to bf16; the part in shared memory takes half the bytes
//
// The matmul of a step has columns of four sums: forward the gates of a unit, backward dh of four units. A thread computes two
// columns over a slice of the operand of W_hh (h, or the gates' gradients): eight weights for each element. It keeps the weights
// of the slice's first KEPT elements in registers, the rest in shared memory, where no other thread reads them. All threads write
// their sums to shared memory, and the thread that computes a unit's cell adds those of all slices.
//
// The bound, by calculation. A multiprocessor reads 32 values per cycle from shared memory or the first-level cache, also
// if threads read the same value; it does 128 multiply-adds per cycle on sm_90, 64 on sm_80.
// At H = 128 a thread of a block that holds W_hh reads 96 values for 256 multiply-adds per step: 768 cycles for all threads,
// beside 512 of multiply-adds (sm_80: 1024). Sums of slices, gates, the cell and two barriers cost about 450 more: 0.7 µs a
// step on an H100, 1.1 µs on an A100, for as many sentences and directions as there are multiprocessors.
//
// Occupancy: registers, 230 to 255 per thread, limit a multiprocessor of sm_80 or sm_90 to one block of 256 threads. Shared
// memory is 73 KiB forward and 74 KiB backward at H = 128.
#include "lstm_cell.cuh"

#define KEPT 24  // elements whose weights a thread has in registers

// How a block divides the matmul of a step.
struct Share {
    int pairs, slices, depth;  // columns c and pairs + c are a thread's; a slice is `depth` elements long
    DEVICE_MEMBER Share(int columns, int inner, int threads) {
        pairs = (columns + 1) / 2;
        slices = threads / pairs;
        depth = max((inner + 4 * slices - 1) / (4 * slices) * 4, KEPT);
    }
};

// W_hh [4H, H] of a direction as a block's threads hold it: float4s [element, column of two, thread], 0 past all ends. With
// `round` it is rounded to bf16, and the eight weights of an element in shared memory are one float4. This kernel has a thread for
// each element and thread.
KERNEL lstm_shares(const float *w_hh, float4 *shares, int hidden, int threads, int back, int round) {
    const Share share(back ? (hidden + 3) / 4 : hidden, back ? 4 * hidden : hidden, threads);
    int i = blockIdx.x * blockDim.x + threadIdx.x, thread = i % threads, k = i / threads;
    if (k >= share.depth) return;
    int inner = thread / share.pairs * share.depth + k;
    float w[8];
    for (int of = 0; of < 8; ++of) {
        int column = of / 4 * share.pairs + thread % share.pairs, row = back ? inner : of % 4 * hidden + column;
        int unit = back ? 4 * column + of % 4 : inner;
        bool real = unit < hidden && (back ? row < 4 * hidden : column < hidden);
        w[of] = real ? w_hh[i64(row) * hidden + unit] : 0.0f;
        if (round) w[of] = widen(to_bf16(w[of]));
    }
    if (!round || k < KEPT) {
        shares[2 * k * threads + thread] = float4{w[0], w[1], w[2], w[3]};
        shares[(2 * k + 1) * threads + thread] = float4{w[4], w[5], w[6], w[7]};
        return;
    }
    auto two = [](float low, float high) {
        return __uint_as_float(__float_as_uint(low) >> 16 | __float_as_uint(high));
    };
    shares[(KEPT + k) * threads + thread] = float4{two(w[0], w[1]), two(w[2], w[3]), two(w[4], w[5]), two(w[6], w[7])};
}

// A thread's eight weights of an element, in shared memory from `at` on.
DEVICE void read_weights(float4 (&w)[2], const float4 *at, float) {
    w[0] = at[0];
    w[1] = at[blockDim.x];
}

DEVICE void read_weights(float4 (&w)[2], const float4 *at, bf16) {
    auto low = [](float two) { return __uint_as_float(__float_as_uint(two) << 16); };
    auto high = [](float two) { return __uint_as_float(__float_as_uint(two) & 0xffff0000u); };
    float4 two = *at;
    w[0] = float4{low(two.x), high(two.x), low(two.y), high(two.y)};
    w[1] = float4{low(two.z), high(two.z), low(two.w), high(two.w)};
}

DEVICE void add_scaled(float4 &sum, float4 w, float x) {
    sum.x = fmaf(w.x, x, sum.x);
    sum.y = fmaf(w.y, x, sum.y);
    sum.z = fmaf(w.z, x, sum.z);
    sum.w = fmaf(w.w, x, sum.w);
}

// The weights that a thread of the block holds, and the block's shared memory.
template <class W> struct Held : Share {
    static constexpr int FOURS = sizeof(W) / 2;  // float4s of an element's weights in shared memory
    float *x;                                    // the operand of W_hh, 0 past its end
    float4 *parts;                               // sums [slices, 2 pairs]
    float4 *rest;                                // the thread's weights in shared memory
    float4 kept[KEPT][2];

    // `scratch` is the block's shared memory, `shares` the weights of all directions, from lstm_shares.
    DEVICE_MEMBER Held(float4 *scratch, const float4 *shares, int direction, int columns, int inner)
        : Share(columns, inner, blockDim.x) {
        x = reinterpret_cast<float *>(scratch);
        parts = scratch + slices * depth / 4;
        rest = parts + slices * 2 * pairs + threadIdx.x;
        for (int i = threadIdx.x; i < slices * depth; i += blockDim.x) x[i] = 0.0f;
        int left = (depth - KEPT) * FOURS;
        shares += i64(direction) * (2 * KEPT + left) * blockDim.x + threadIdx.x;
#pragma unroll
        for (int k = 0; k < KEPT; ++k)
#pragma unroll
            for (int half = 0; half < 2; ++half) kept[k][half] = shares[(2 * k + half) * blockDim.x];
        for (int i = 0; i < left; ++i) rest[i * blockDim.x] = shares[(2 * KEPT + i) * blockDim.x];
        __syncthreads();
    }

    // Writes the sums of the thread's slice to shared memory.
    DEVICE_MEMBER void multiply() const {
        float4 sum[2] = {};
        int pair = threadIdx.x % pairs, slice = threadIdx.x / pairs;
        const float *own = x + slice * depth;
        // A multiprocessor assigns warps to its four partitions in turn. One of the two warps of a partition begins with its
        // registers and one with shared memory, so that one multiplies while the other reads.
        bool later = threadIdx.x / (4 * WARP) % 2;
#pragma unroll 1
        for (int turn = 0; turn < 2; ++turn) {
            if (later == (turn == 1)) {
#pragma unroll
                for (int k = 0; k < KEPT; k += 4) {
                    float4 four = *reinterpret_cast<const float4 *>(own + k);
                    add_element(sum, kept[k], four.x);
                    add_element(sum, kept[k + 1], four.y);
                    add_element(sum, kept[k + 2], four.z);
                    add_element(sum, kept[k + 3], four.w);
                }
            } else {
#pragma unroll 1
                for (int k = KEPT; k < depth; k += 2) {
                    float2 two = *reinterpret_cast<const float2 *>(own + k);
                    float4 w[2][2];
                    read_weights(w[0], rest + (k - KEPT) * FOURS * blockDim.x, W());
                    read_weights(w[1], rest + (k - KEPT + 1) * FOURS * blockDim.x, W());
                    add_element(sum, w[0], two.x);
                    add_element(sum, w[1], two.y);
                }
            }
        }
        parts[2 * slice * pairs + pair] = sum[0];
        parts[(2 * slice + 1) * pairs + pair] = sum[1];
    }

    static DEVICE_MEMBER void add_element(float4 (&sum)[2], const float4 (&w)[2], float x) {
        add_scaled(sum[0], w[0], x);
        add_scaled(sum[1], w[1], x);
    }
};

#define FORWARD                                                                                                        \
    const i64 *lengths, const float4 *shares, const float *h0, const float *c0, float *gates, float *cells, float *y,  \
        float *h_n, float *c_n, int batch, int time, int hidden, int directions
#define FORWARD_GIVEN lengths, shares, h0, c0, gates, cells, y, h_n, c_n, batch, time, hidden, directions

template <class W> DEVICE void forward_all_steps(FORWARD) {
    DYN_SHARED(float4, scratch);
    int b = blockIdx.x, direction = blockIdx.y, length = length_of(lengths, b, time);
    const Held<W> held(scratch, shares, direction, hidden, hidden);
    // Thread j computes the cells of unit j.
    int j = threadIdx.x;
    bool cells_here = j < hidden;
    i64 state = i64(direction * batch + b) * hidden + j;
    float c = 0.0f;
    if (cells_here) {
        c = c0[state];
        held.x[j] = h0[state];
    }
    __syncthreads();
    auto unit = [&](int step) {
        int t = direction == 0 ? step : length - 1 - step;
        return Unit(direction, b, t, j, batch, time, hidden, directions);
    };
    for (int step = 0; step < length; ++step) {
        // It arrives while the threads multiply.
        float4 a = {};
        if (cells_here) a = read_gates(gates + unit(step).gate, hidden);
        held.multiply();
        __syncthreads();
        if (cells_here) {
#pragma unroll 4
            for (int slice = 0; slice < held.slices; ++slice) add(a, held.parts[2 * slice * held.pairs + j]);
            a = activate(a);
            c = next_cell(a, c);
            held.x[j] = a.w * tanhf(c);
        }
        __syncthreads();
        // The other threads already multiply for the next step.
        if (cells_here) {
            Unit at = unit(step);
            write_gates(gates + at.gate, a, hidden);
            cells[at.cell] = c;
            y[at.y] = held.x[j];
        }
    }
    if (!cells_here) return;
    h_n[state] = held.x[j];
    c_n[state] = c;
    for (int t = length; t < time; ++t) y[Unit(direction, b, t, j, batch, time, hidden, directions).y] = 0.0f;
}

BOUNDED(256) lstm_forward(FORWARD);
BOUNDED(256) lstm_forward_bf16(FORWARD);
KERNEL lstm_forward(FORWARD) { forward_all_steps<float>(FORWARD_GIVEN); }
KERNEL lstm_forward_bf16(FORWARD) { forward_all_steps<bf16>(FORWARD_GIVEN); }

#define BACKWARD                                                                                                       \
    const i64 *lengths, const float4 *shares, const float *c0, float *gates, const float *cells, const float *dy,      \
        const float *dh_n, const float *dc_n, float *dh0, float *dc0, int batch, int time, int hidden, int directions
#define BACKWARD_GIVEN lengths, shares, c0, gates, cells, dy, dh_n, dc_n, dh0, dc0, batch, time, hidden, directions

// Writes what lstm_backward_plain writes.
template <class W> DEVICE void backward_all_steps(BACKWARD) {
    DYN_SHARED(float4, scratch);
    int b = blockIdx.x, direction = blockIdx.y, length = length_of(lengths, b, time), wide = 4 * hidden;
    const Held<W> held(scratch, shares, direction, (hidden + 3) / 4, wide);
    i64 sentence = i64(direction * batch + b) * time;
    for (i64 i = (sentence + length) * wide + threadIdx.x; i < (sentence + time) * wide; i += blockDim.x)
        gates[i] = 0.0f;
    // Thread j computes the gates' gradients of unit j.
    int j = threadIdx.x;
    bool gates_here = j < hidden;
    i64 state = i64(direction * batch + b) * hidden + j;
    float dh = gates_here ? dh_n[state] : 0.0f, dc = gates_here ? dc_n[state] : 0.0f;
    auto unit = [&](int step) {
        int t = direction == 0 ? step : length - 1 - step;
        return Unit(direction, b, t, j, batch, time, hidden, directions);
    };
    auto read = [&](int step) {
        Saved saved = {};
        if (!gates_here || step < 0) return saved;
        Unit at = unit(step);
        saved.gate = read_gates(gates + at.gate, hidden);
        saved.c = cells[at.cell];
        saved.c_before = step == 0 ? c0[state] : cells[unit(step - 1).cell];
        saved.dy = dy[at.y];
        return saved;
    };
    Saved saved = read(length - 1);
    for (int step = length - 1; step >= 0; --step) {
        float4 da = {};
        if (gates_here) {
            da = gate_gradients(saved, dh, dc);
            write_gates(held.x + j, da, hidden);
        }
        __syncthreads();
        if (gates_here) write_gates(gates + unit(step).gate, da, hidden);
        saved = read(step - 1);
        held.multiply();
        __syncthreads();
        if (gates_here) {
            dh = 0.0f;
            const float *part = reinterpret_cast<const float *>(held.parts) + j;
#pragma unroll 4
            for (int slice = 0; slice < held.slices; ++slice) dh += part[8 * slice * held.pairs];
        }
    }
    if (!gates_here) return;
    dh0[state] = dh;
    dc0[state] = dc;
}

BOUNDED(256) lstm_backward(BACKWARD);
BOUNDED(256) lstm_backward_bf16(BACKWARD);
KERNEL lstm_backward(BACKWARD) { backward_all_steps<float>(BACKWARD_GIVEN); }
KERNEL lstm_backward_bf16(BACKWARD) { backward_all_steps<bf16>(BACKWARD_GIVEN); }
