// The recurrent part of an LSTM over whole sequences, in one or two directions; see mod.rs for the formulas. The products
// with the input do not depend on each other: they are computed first, for all steps at once (gemm.cu). The gradients of the
// weights are computed in the same way at the end.
//
// The ladder:
//   lstm_forward_plain, lstm_backward_plain  a thread for each sentence and direction: the textbook's loops
//   lstm_forward_step, lstm_backward_step    a launch for each step, in which all multiprocessors share W_hh: a block
//                                            computes 8 units of 32 sentences, or dh of 16 units of 16; a warp 16 × 16
//                                            sums over a slice of the products, a lane 8 × 8. Operands are loaded from
//                                            memory to registers, four elements at once, while the previous ones are
//                                            multiplied. The thread that has the gates computes the cell
//   lstm_forward, lstm_backward              a block for each sentence and direction runs all steps, with no launch in
//                                            between, and reads W_hh once: 192 of a thread's weights are in registers,
//                                            the rest in shared memory
//   lstm_forward_bf16, lstm_backward_bf16    with W_hh rounded to bf16; the part in shared memory takes half the bytes
//
// cuda.rs takes the last two wherever a block can hold W_hh, which is up to these H, forward and backward:
//                    f32            bf16
//   sm_75            112, 119       128, 135
//   sm_80            138, 140       170, 176
//   sm_86, sm_89     128, 128       144, 144
//   sm_90, sm_100    156, 156       192, 192
//
// FLOPs: 8 B T H² a direction forward, as many backward (the weights' gradients are products of their own).
//
// The bound, by calculation. A multiprocessor reads 32 values per cycle from shared memory or the first-level cache, also
// if threads read the same value; it does 128 multiply-adds per cycle on sm_90, 64 on sm_80.
// At H = 128 a thread of a block that holds W_hh reads 96 values for 256 multiply-adds per step: 768 cycles for all threads,
// beside 512 of multiply-adds (sm_80: 1024). Sums of slices, gates, the cell and two barriers cost about 450 more: 0.7 µs a
// step on an H100, 1.1 µs on an A100, for as many sentences and directions as there are multiprocessors.
// At H = 512, B = 32, a step of two directions has 128 blocks. Each does 524288 multiply-adds, 4096 cycles on sm_90, and
// reads as many values 32 at a time; forward 128 KiB, backward 256 KiB, which is 16 and 32 MiB from the second-level cache,
// 3 and 6 µs at 5.5 TB/s. With about 2 µs for the launch, the first loads and the sums, a step is 5 µs forward, 8 backward.
// Measured on an H100, B = 32, T = 256: a forward step takes twice that, 1.5 µs at H = 128 and 11 µs at H = 512 (bilstm_* in
// benches/results, less the products with the input).
//
// Occupancy: registers, 230 to 255 per thread, limit a multiprocessor of sm_80 or sm_90 to one block of 256 threads; latency is
// hidden by loading ahead. Shared memory is 10 KiB in a step; if W_hh is held, 73 KiB forward and 74 KiB backward at
// H = 128.
//
// A length outside 0..=T is clamped.
#include "prelude.cuh"

DEVICE float sigmoid(float x) {
    float e = expf(-fabsf(x)), part = 1.0f / (1.0f + e);
    return x >= 0.0f ? part : e * part;
}

// gates [directions, B, T, 4H] hold W_ih x + b_ih + b_hh, and what is saved for backward after; w_hh [directions, 4H, H];
// cells [directions, B, T, H]; y [B, T, directions H]; h and c [directions, B, H].

KERNEL lstm_forward_plain(const i64 *lengths, const float *w_hh, const float *h0, const float *c0, float *gates,
                          float *cells, float *y, float *h_n, float *c_n, int batch, int time, int hidden,
                          int directions) {
    int b = blockIdx.x * blockDim.x + threadIdx.x, direction = blockIdx.y;
    if (b >= batch) return;
    w_hh += i64(direction) * 4 * hidden * hidden;
    int length = length_of(lengths, b, time);
    i64 state = (i64(direction) * batch + b) * hidden, sentence = (i64(direction) * batch + b) * time;
    const float *h = h0 + state, *c = c0 + state;
    for (int step = 0; step < length; ++step) {
        int t = direction == 0 ? step : length - 1 - step;
        float *a = gates + (sentence + t) * 4 * hidden, *cell = cells + (sentence + t) * hidden;
        float *out = y + ((i64(b) * time + t) * directions + direction) * hidden;
        for (int k = 0; k < 4 * hidden; ++k) {
            float sum = a[k];
            for (int j = 0; j < hidden; ++j) sum = fmaf(w_hh[i64(k) * hidden + j], h[j], sum);
            a[k] = k / hidden == 2 ? tanhf(sum) : sigmoid(sum);
        }
        for (int j = 0; j < hidden; ++j) {
            cell[j] = a[hidden + j] * c[j] + a[j] * a[2 * hidden + j];
            out[j] = a[3 * hidden + j] * tanhf(cell[j]);
        }
        h = out;
        c = cell;
    }
    for (int j = 0; j < hidden; ++j) {
        h_n[state + j] = h[j];
        c_n[state + j] = c[j];
        for (int t = length; t < time; ++t)
            y[((i64(b) * time + t) * directions + direction) * hidden + j] = 0.0f;
    }
}

// Writes the gates' gradients over the gates (0 in the padding), and dh0 and dc0, where dh and dc are kept meanwhile.
KERNEL lstm_backward_plain(const i64 *lengths, const float *w_hh, const float *c0, float *gates, const float
                           *cells, const float *dy, const float *dh_n, const float *dc_n, float *dh0, float
                           *dc0, int batch, int time, int hidden, int directions) {
    int b = blockIdx.x * blockDim.x + threadIdx.x, direction = blockIdx.y;
    if (b >= batch) return;
    w_hh += i64(direction) * 4 * hidden * hidden;
    int length = length_of(lengths, b, time);
    i64 state = (i64(direction) * batch + b) * hidden, sentence = (i64(direction) * batch + b) * time;
    float *dh = dh0 + state, *dc = dc0 + state;
    for (int j = 0; j < hidden; ++j) {
        dh[j] = dh_n[state + j];
        dc[j] = dc_n[state + j];
    }
    for (i64 i = (sentence + length) * 4 * hidden; i < (sentence + time) * 4 * hidden; ++i) gates[i] = 0.0f;
    for (int step = length - 1; step >= 0; --step) {
        int t = direction == 0 ? step : length - 1 - step, before = direction == 0 ? t - 1 : t + 1;
        float *a = gates + (sentence + t) * 4 * hidden;
        const float *c = cells + (sentence + t) * hidden;
        const float *c_before = step == 0 ? c0 + state : cells + (sentence + before) * hidden;
        const float *above = dy + ((i64(b) * time + t) * directions + direction) * hidden;
        for (int j = 0; j < hidden; ++j) {
            float in = a[j], forget = a[hidden + j], g = a[2 * hidden + j], out = a[3 * hidden + j];
            float tanh_c = tanhf(c[j]), d_h = dh[j] + above[j];
            float d = dc[j] + d_h * out * (1.0f - tanh_c * tanh_c);
            a[j] = d * g * in * (1.0f - in);
            a[hidden + j] = d * c_before[j] * forget * (1.0f - forget);
            a[2 * hidden + j] = d * in * (1.0f - g * g);
            a[3 * hidden + j] = d_h * tanh_c * out * (1.0f - out);
            dc[j] = d * forget;
        }
        for (int j = 0; j < hidden; ++j) {
            float sum = 0.0f;
            for (int k = 0; k < 4 * hidden; ++k) sum = fmaf(a[k], w_hh[i64(k) * hidden + j], sum);
            dh[j] = sum;
        }
    }
}

// --- One unit of one token, in the fast rungs.

// Where it lies.
struct Unit {
    i64 gate, cell, y;
    DEVICE_MEMBER Unit(int direction, int b, int t, int j, int batch, int time, int hidden, int directions) {
        i64 token = i64(direction * batch + b) * time + t;
        gate = token * 4 * hidden + j;
        cell = token * hidden + j;
        y = ((i64(b) * time + t) * directions + direction) * hidden + j;
    }
};

DEVICE float4 read_gates(const float *gate, int hidden) {
    return float4{gate[0], gate[hidden], gate[2 * hidden], gate[3 * hidden]};
}

DEVICE void write_gates(float *gate, float4 a, int hidden) {
    gate[0] = a.x;
    gate[hidden] = a.y;
    gate[2 * hidden] = a.z;
    gate[3 * hidden] = a.w;
}

DEVICE void add(float4 &sum, float4 x) { sum = float4{sum.x + x.x, sum.y + x.y, sum.z + x.z, sum.w + x.w}; }

DEVICE float4 activate(float4 a) { return float4{sigmoid(a.x), sigmoid(a.y), tanhf(a.z), sigmoid(a.w)}; }

DEVICE float next_cell(float4 gate, float c_before) { return gate.y * c_before + gate.x * gate.z; }

// What backward reads of it.
struct Saved {
    float4 gate;
    float c, c_before, dy;
};

// The gradients of its gates; dh and dc come from the step after, and dc becomes that of the step before.
DEVICE float4 gate_gradients(const Saved &saved, float dh, float &dc) {
    float in = saved.gate.x, forget = saved.gate.y, g = saved.gate.z, out = saved.gate.w;
    float tanh_c = tanhf(saved.c), above = dh + saved.dy;
    float d = dc + above * out * (1.0f - tanh_c * tanh_c);
    dc = d * forget;
    return float4{d * g * in * (1.0f - in), d * saved.c_before * forget * (1.0f - forget), d * in * (1.0f - g * g),
                  above * tanh_c * out * (1.0f - out)};
}

// --- A launch for each step. A warp multiplies 16 rows of W_hh by 16 rows of states or of gradients, over its slice of
// their length: eight lanes lie along the rows, so that 128 bytes of a row are read at once, and four share the sums.

#define SIDE 16       // of a warp's square of sums
#define EDGE 8        // of a lane's
#define STEP_WARPS 8  // of a block
#define PADDED 20     // numbers from a row of a warp's sums to the next in shared memory

// Of each of a lane's rows four elements.
struct Fours {
    float4 w[EDGE], x[EDGE];
    DEVICE_MEMBER void read(const float *const (&w_rows)[EDGE], const float *const (&x_rows)[EDGE], int k) {
#pragma unroll
        for (int i = 0; i < EDGE; ++i) {
            x[i] = *reinterpret_cast<const float4 *>(x_rows[i] + k);
            w[i] = *reinterpret_cast<const float4 *>(w_rows[i] + k);
        }
    }
    DEVICE_MEMBER void multiply(float (&sum)[EDGE][EDGE]) const {
#pragma unroll
        for (int i = 0; i < EDGE; ++i)
#pragma unroll
            for (int j = 0; j < EDGE; ++j) {
                sum[i][j] = fmaf(w[i].x, x[j].x, sum[i][j]);
                sum[i][j] = fmaf(w[i].y, x[j].y, sum[i][j]);
                sum[i][j] = fmaf(w[i].z, x[j].z, sum[i][j]);
                sum[i][j] = fmaf(w[i].w, x[j].w, sum[i][j]);
            }
    }
};

// Adds up over the first four of each STEP of the rows' `left` elements. The next four are fetched meanwhile: __syncwarp keeps the
// compiler from moving that read down to its use. All lanes must reach every __syncwarp, so each of them loops as long as the
// first lane, which has the most elements left.
template <int STEP>
DEVICE void add_fours(float (&sum)[EDGE][EDGE], const float *(&w)[EDGE], const float *(&x)[EDGE], int left) {
    Fours one, other;
    if (left > 0) one.read(w, x, 0);
#pragma unroll 1
    for (int most = left + threadIdx.x % WARP / 4 * 4; most > 0; most -= 2 * STEP, left -= 2 * STEP) {
        if (left > STEP) other.read(w, x, STEP);
        __syncwarp();
        if (left > 0) one.multiply(sum);
        if (left > 2 * STEP) one.read(w, x, 2 * STEP);
        __syncwarp();
        if (left > STEP) other.multiply(sum);
#pragma unroll
        for (int i = 0; i < EDGE; ++i) {
            w[i] += 2 * STEP;
            x[i] += 2 * STEP;
        }
    }
}

// The same where rows are not made of whole float4s.
template <int STEP>
DEVICE void add_ones(float (&sum)[EDGE][EDGE], const float *const (&w)[EDGE], const float *const (&x)[EDGE], int left) {
#pragma unroll 1
    for (int k = 0; k < left; k += k % 4 == 3 ? STEP - 3 : 1) {
        float numbers[EDGE];
#pragma unroll
        for (int j = 0; j < EDGE; ++j) numbers[j] = x[j][k];
#pragma unroll
        for (int i = 0; i < EDGE; ++i) {
            float weight = w[i][k];
#pragma unroll
            for (int j = 0; j < EDGE; ++j) sum[i][j] = fmaf(weight, numbers[j], sum[i][j]);
        }
    }
}

// A warp's products of rows of n numbers, over one of SLICES slices. Where they lie w_row and x_row say; a lane has every
// second row of each.
template <int SLICES, class WRow, class XRow>
DEVICE void multiply_rows(float (&sum)[EDGE][EDGE], WRow w_row, XRow x_row, int slice, int n) {
    int lane = threadIdx.x % WARP, k = 4 * (slice * 8 + lane / 4);
    const float *w[EDGE], *x[EDGE];
    u64 places = 0;
#pragma unroll
    for (int i = 0; i < EDGE; ++i) {
        w[i] = w_row(2 * i + lane / 2 % 2);
        x[i] = x_row(2 * i + lane % 2);
        places |= reinterpret_cast<u64>(w[i]) | reinterpret_cast<u64>(x[i]);
        w[i] += k;
        x[i] += k;
    }
    if (n % 4 == 0 && places % 16 == 0)
        add_fours<32 * SLICES>(sum, w, x, n - k);
    else
        add_ones<32 * SLICES>(sum, w, x, n - k);
}

// Of two neighbouring sums a lane keeps one, and adds to it that of the lane that keeps the other.
template <int SUMS> DEVICE void halve(float (&sum)[EDGE][EDGE], int lanes) {
    bool odd = threadIdx.x & lanes;
#pragma unroll
    for (int i = 0; i < EDGE; ++i)
#pragma unroll
        for (int j = 0; j < SUMS; ++j) {
            float first = sum[i][2 * j], second = sum[i][2 * j + 1];
            sum[i][j] = (odd ? second : first) + __shfl_xor_sync(ALL_LANES, odd ? first : second, lanes);
        }
}

// Adds up what the eight lanes along the rows have, and lays a warp's sums down: [row of x, row of W_hh].
DEVICE void join_lanes(float (&sum)[EDGE][EDGE], float (&part)[SIDE][PADDED]) {
    halve<4>(sum, 16);
    halve<2>(sum, 8);
    halve<1>(sum, 4);
    int lane = threadIdx.x % WARP, j = lane / 16 + lane / 8 % 2 * 2 + lane / 4 % 2 * 4;
#pragma unroll
    for (int i = 0; i < EDGE; ++i) part[2 * j + lane % 2][2 * i + lane / 2 % 2] = sum[i][0];
}

#define FORWARD_STEP                                                                                                   \
    const i64 *lengths, const float *w_hh, const float *h0, const float *c0, float *gates, float *cells, float *y,     \
        int batch, int time, int hidden, int directions, int step
#define BACKWARD_STEP                                                                                                  \
    const i64 *lengths, const float *w_hh, const float *c0, float *gates, const float *cells, const float *dy,         \
        const float *dh_n, const float *dc_n, float *dh0, float *dc0, int batch, int time, int hidden, int directions, \
        int step
BOUNDED(256) lstm_forward_step(FORWARD_STEP);
BOUNDED(256) lstm_backward_step(BACKWARD_STEP);

// Step `step` of every sentence that has one: a block of 256 threads for 8 units, 32 sentences and a direction. The units'
// 32 rows of W_hh meet the sentences' states in four squares of sums, over two slices each.
KERNEL lstm_forward_step(FORWARD_STEP) {
    SHARED(float4, parts, [STEP_WARPS][SIDE][PADDED / 4]);
    int direction = blockIdx.z, first_unit = blockIdx.x * 8, first = blockIdx.y * 2 * SIDE;
    // The warp's square of sums.
    int warp = threadIdx.x / WARP, units = first_unit + warp % 2 * 4, sentences = first + warp / 2 % 2 * SIDE;
    auto length = [&](int b) { return b < batch ? length_of(lengths, b, time) : 0; };
    // The unit and sentence whose cell the thread makes.
    int u = threadIdx.x % 8, s = threadIdx.x / 8, j = first_unit + u, b = first + s, own_length = length(b);
    if (!__syncthreads_or(step < own_length)) return;
    w_hh += i64(direction) * 4 * hidden * hidden;
    auto w_row = [&](int row) {
        return w_hh + i64(row % 4 * hidden + min(units + row / 4, hidden - 1)) * hidden;
    };
    // Where there is no such step any row will do: nothing is made of its sums.
    auto x_row = [&](int row) {
        int b = sentences + row, before = direction == 0 ? step - 1 : length(b) - step;
        return step >= length(b) ? w_hh
               : step == 0       ? h0 + i64(direction * batch + b) * hidden
                                 : y + Unit(direction, b, before, 0, batch, time, hidden, directions).y;
    };
    float sum[EDGE][EDGE] = {};
    if (sentences < batch) multiply_rows<2>(sum, w_row, x_row, warp / 4, hidden);
    bool real = j < hidden && step < own_length;
    int t = direction == 0 ? step : own_length - 1 - step, before = direction == 0 ? t - 1 : t + 1;
    Unit at(direction, b, t, j, batch, time, hidden, directions);
    float4 a = {};
    float c = 0.0f;
    // Read now, so that they are there when the lanes are joined.
    if (real) {
        a = read_gates(gates + at.gate, hidden);
        c = step == 0 ? c0[i64(direction * batch + b) * hidden + j]
                      : cells[Unit(direction, b, before, j, batch, time, hidden, directions).cell];
    }
    join_lanes(sum, *reinterpret_cast<float(*)[SIDE][PADDED]>(parts[warp]));
    __syncthreads();
    if (!real) return;
    for (int slice = 0; slice < 2; ++slice) add(a, parts[slice * 4 + s / SIDE * 2 + u / 4][s % SIDE][u % 4]);
    a = activate(a);
    c = next_cell(a, c);
    write_gates(gates + at.gate, a, hidden);
    cells[at.cell] = c;
    y[at.y] = a.w * tanhf(c);
}

// After the last step, the final states, and 0 in the padding of y. A thread for each number of h_n.
KERNEL lstm_forward_end(const i64 *lengths, const float *h0, const float *c0, const float *cells, float *y,
                        float *h_n, float *c_n, int batch, int time, int hidden, int directions) {
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(directions) * batch * hidden) return;
    int j = i % hidden, b = i / hidden % batch, direction = i / hidden / batch;
    int length = length_of(lengths, b, time);
    int t = direction == 0 ? length - 1 : 0;
    float *out = y + (i64(b) * time * directions + direction) * hidden + j;
    i64 far = i64(directions) * hidden;
    h_n[i] = length == 0 ? h0[i] : out[t * far];
    c_n[i] = length == 0 ? c0[i] : cells[((i64(direction) * batch + b) * time + t) * hidden + j];
    for (t = length; t < time; ++t) out[t * far] = 0.0f;
}

// Steps T − 1 to −1, one a launch: a block of 256 threads for 16 units, 16 sentences and a direction, whose eight warps make
// the same sums, each over its slice. Step s takes dh from the gates' gradients of step s + 1, and writes those of s over
// the gates (0 where token s is padding); step −1 writes dh0. dc is kept in dc0. w_hh [directions, H, 4H] is transposed.
KERNEL lstm_backward_step(BACKWARD_STEP) {
    SHARED(float, parts, [STEP_WARPS][SIDE][PADDED]);
    int direction = blockIdx.z, first_unit = blockIdx.x * SIDE, first = blockIdx.y * SIDE, wide = 4 * hidden;
    int warp = threadIdx.x / WARP;
    auto length = [&](int b) { return b < batch ? length_of(lengths, b, time) : 0; };
    // The unit and sentence whose gates the thread makes.
    int u = threadIdx.x % SIDE, s = threadIdx.x / SIDE, j = first_unit + u, b = first + s, own_length = length(b);
    w_hh += i64(direction) * wide * hidden;
    auto w_row = [&](int row) { return w_hh + i64(min(first_unit + row, hidden - 1)) * wide; };
    // The gates' gradients of the step after; where there is none any row will do.
    auto x_row = [&](int row) {
        int b = first + row, after = direction == 0 ? step + 1 : length(b) - 2 - step;
        return step + 1 >= length(b) ? w_hh
                                     : gates + Unit(direction, b, after, 0, batch, time, hidden, directions).gate;
    };
    float sum[EDGE][EDGE] = {};
    if (__syncthreads_or(step + 1 < own_length)) multiply_rows<STEP_WARPS>(sum, w_row, x_row, warp, wide);
    bool real = j < hidden && b < batch;
    i64 state = i64(direction * batch + b) * hidden + j;
    int t = direction == 0 ? step : own_length - 1 - step, before = direction == 0 ? t - 1 : t + 1;
    Unit at(direction, b, t, j, batch, time, hidden, directions);
    Saved saved = {};
    float dc = 0.0f;
    if (real && step < own_length) dc = step == own_length - 1 ? dc_n[state] : dc0[state];
    if (real && step < own_length && step >= 0) {
        saved.gate = read_gates(gates + at.gate, hidden);
        saved.c = cells[at.cell];
        saved.c_before =
            step == 0 ? c0[state] : cells[Unit(direction, b, before, j, batch, time, hidden, directions).cell];
        saved.dy = dy[at.y];
    }
    join_lanes(sum, parts[warp]);
    __syncthreads();
    if (!real) return;
    if (step >= own_length) {
        write_gates(gates + Unit(direction, b, step, j, batch, time, hidden, directions).gate, float4{}, hidden);
        return;
    }
    float dh = 0.0f;
    for (int slice = 0; slice < STEP_WARPS; ++slice) dh += parts[slice][s][u];
    if (step == own_length - 1) dh = dh_n[state];
    if (step < 0) {
        dh0[state] = dh;
        dc0[state] = dc;
        return;
    }
    write_gates(gates + at.gate, gate_gradients(saved, dh, dc), hidden);
    dc0[state] = dc;
}

// --- A block runs all steps of a sentence in a direction, and holds W_hh from the first to the last.
//
// A step's product makes columns of four sums: forward the gates of a unit, backward dh of four units. A thread makes two
// columns, over a slice of the numbers that meet W_hh: eight weights for each number. Those of the slice's first KEPT
// numbers it keeps in registers, the rest in shared memory, where no other thread reads them. All threads lay their sums
// down, and whoever makes a unit's cell adds up those of its slices.

#define KEPT 24  // numbers whose weights a thread has in registers

// How a block divides a product.
struct Share {
    int pairs, slices, depth;  // columns c and pairs + c are a thread's; a slice is `depth` numbers long
    DEVICE_MEMBER Share(int columns, int inner, int threads) {
        pairs = (columns + 1) / 2;
        slices = threads / pairs;
        depth = max((inner + 4 * slices - 1) / (4 * slices) * 4, KEPT);
    }
};

// W_hh [4H, H] of a direction as a block's threads hold it: float4s [number, column of two, thread], 0 past all ends. With
// `round` it is rounded to bf16, and a number's eight weights for shared memory lie in one float4. A thread for each number
// and thread.
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

// A thread's eight weights of a number, in shared memory from `at` on.
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

// What a thread of the block holds.
template <class W> struct Held : Share {
    static constexpr int FOURS = sizeof(W) / 2;  // float4s of a number's weights in shared memory
    float *x;                                    // the numbers that meet W_hh, 0 past their end
    float4 *parts;                               // sums [slices, 2 pairs]
    float4 *rest;                                // the thread's weights in shared memory
    float4 kept[KEPT][2];

    // `room` is the block's shared memory, `shares` those of all directions.
    DEVICE_MEMBER Held(float4 *room, const float4 *shares, int direction, int columns, int inner)
        : Share(columns, inner, blockDim.x) {
        x = reinterpret_cast<float *>(room);
        parts = room + slices * depth / 4;
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

    // Lays down the sums of the thread's slice.
    DEVICE_MEMBER void multiply() const {
        float4 sum[2] = {};
        int pair = threadIdx.x % pairs, slice = threadIdx.x / pairs;
        const float *numbers = x + slice * depth;
        // Warps are dealt out to four parts of a multiprocessor. Of a part's two, one begins with its registers and one with
        // shared memory, so that one multiplies while the other reads.
        bool later = threadIdx.x / (4 * WARP) % 2;
#pragma unroll 1
        for (int turn = 0; turn < 2; ++turn) {
            if (later == (turn == 1)) {
#pragma unroll
                for (int k = 0; k < KEPT; k += 4) {
                    float4 four = *reinterpret_cast<const float4 *>(numbers + k);
                    add_number(sum, kept[k], four.x);
                    add_number(sum, kept[k + 1], four.y);
                    add_number(sum, kept[k + 2], four.z);
                    add_number(sum, kept[k + 3], four.w);
                }
            } else {
#pragma unroll 1
                for (int k = KEPT; k < depth; k += 2) {
                    float2 two = *reinterpret_cast<const float2 *>(numbers + k);
                    float4 w[2][2];
                    read_weights(w[0], rest + (k - KEPT) * FOURS * blockDim.x, W());
                    read_weights(w[1], rest + (k - KEPT + 1) * FOURS * blockDim.x, W());
                    add_number(sum, w[0], two.x);
                    add_number(sum, w[1], two.y);
                }
            }
        }
        parts[2 * slice * pairs + pair] = sum[0];
        parts[(2 * slice + 1) * pairs + pair] = sum[1];
    }

    static DEVICE_MEMBER void add_number(float4 (&sum)[2], const float4 (&w)[2], float x) {
        add_scaled(sum[0], w[0], x);
        add_scaled(sum[1], w[1], x);
    }
};

#define FORWARD                                                                                                        \
    const i64 *lengths, const float4 *shares, const float *h0, const float *c0, float *gates, float *cells, float *y,  \
        float *h_n, float *c_n, int batch, int time, int hidden, int directions
#define FORWARD_GIVEN lengths, shares, h0, c0, gates, cells, y, h_n, c_n, batch, time, hidden, directions

template <class W> DEVICE void forward_all_steps(FORWARD) {
    DYN_SHARED(float4, room);
    int b = blockIdx.x, direction = blockIdx.y, length = length_of(lengths, b, time);
    const Held<W> held(room, shares, direction, hidden, hidden);
    // Thread j makes the cells of unit j.
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
        // On its way while the threads multiply.
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
        // The others multiply already.
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

// As lstm_backward_plain.
template <class W> DEVICE void backward_all_steps(BACKWARD) {
    DYN_SHARED(float4, room);
    int b = blockIdx.x, direction = blockIdx.y, length = length_of(lengths, b, time), wide = 4 * hidden;
    const Held<W> held(room, shares, direction, (hidden + 3) / 4, wide);
    i64 sentence = i64(direction * batch + b) * time;
    for (i64 i = (sentence + length) * wide + threadIdx.x; i < (sentence + time) * wide; i += blockDim.x)
        gates[i] = 0.0f;
    // Thread j makes the gates' gradients of unit j.
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

// --- What the gates' gradients meet in those of the weights. Both are 0 in the padding, whatever stands
// there: 0 times NaN would be NaN.

// The state before each token of a direction, [B, T, H]; a block for each token.
KERNEL lstm_states_before(const i64 *lengths, const float *h0, const float *y, float *before, int direction,
                          int batch, int time, int hidden, int directions) {
    int b = blockIdx.x / time, t = blockIdx.x % time, length = length_of(lengths, b, time);
    int earlier = direction == 0 ? t - 1 : t + 1;
    bool starts = direction == 0 ? t == 0 : t == length - 1;
    const float *h = starts ? h0 + i64(direction * batch + b) * hidden
                            : y + ((i64(b) * time + earlier) * directions + direction) * hidden;
    for (int j = threadIdx.x; j < hidden; j += blockDim.x)
        before[i64(blockIdx.x) * hidden + j] = t < length ? h[j] : 0.0f;
}

// The input x [B, T, D] without what stands in the padding; a block for each token.
KERNEL lstm_inputs(const i64 *lengths, const float *x, float *inputs, int time, int input) {
    bool real = int(blockIdx.x % time) < length_of(lengths, blockIdx.x / time, time);
    i64 first = i64(blockIdx.x) * input;
    for (int i = threadIdx.x; i < input; i += blockDim.x) inputs[first + i] = real ? x[first + i] : 0.0f;
}
