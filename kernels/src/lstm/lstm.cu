// The recurrent part of an LSTM over whole sequences, in one or two directions; see mod.rs for the formulas. The products
// with the input, which do not wait for each other, are done before for all steps at once (gemm.cu), and so are the
// gradients of the weights after.
//
// The ladder:
//   lstm_forward_plain, lstm_backward_plain  a thread for each sentence and direction: the textbook's loops
//   lstm_forward_step, lstm_backward_step    a launch for each step: a block makes 16 units of 32 sentences, from tiles of
//                                            W_hh and of the states in shared memory; a thread has the four gates of a
//                                            unit of two sentences, so that the cell is made where its gates are. For
//                                            wide layers: all multiprocessors share W_hh
//   lstm_forward, lstm_backward              a block for four sentences of a direction runs all their steps, with no
//                                            launch in between; states and gates lie in shared memory, a thread makes a
//                                            gate of four sentences, so that each weight is read once for four
//                                            products, and gates and cells are one pass
//   the same with W_hh in shared memory      over all steps, where it fits: in f32 H up to 99 on sm_80 and 117 on sm_90
//                                            forward, 97 and 115 backward
//   lstm_forward_bf16, lstm_backward_bf16    with W_hh rounded to bf16 there: H up to 138 and 164, 134 and 160
//
// FLOPs: 8 B T H² a direction forward, as many backward (the weights' gradients are products of their own).
//
// The bound, reckoned and not measured. A block that runs all steps reads 16 H² bytes of weights at every step, for four
// sentences. From shared memory (128 bytes a cycle) that is 1250 cycles at H = 100, half of it in bf16, and the
// multiply-adds are 2500 on sm_80, 1250 on sm_90. From the second-level cache (some 64 bytes a cycle for a multiprocessor)
// it is 4100 cycles, 3 µs, at H = 128, and 16400, 12 µs, at H = 256: there a launch for each step, some 5 µs, is less, for
// then each multiprocessor reads its share of W_hh alone. cuda.rs draws the line at half a MiB of weights, H = 181.
//
// Occupancy: with W_hh in shared memory one block of up to 512 threads lives on a multiprocessor, which is what it is for.
// A step's block has 256 threads and 6.6 KiB (forward) or 12.8 KiB (backward) of shared memory; by its registers, 54 and
// 48 on sm_80, four and five such blocks live beside each other, on sm_90 four.
//
// A length outside 0..=T is the nearest inside.
#include "prelude.cuh"

#define SENTENCES 4  // of a block that runs all steps; a float4 holds a number of each

DEVICE float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return x >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
}

// gates [directions, B, T, 4H] hold W_ih x + b_ih, and what is saved for backward after; w_hh [directions, H,
// 4H] is transposed; cells [directions, B, T, H]; y [B, T, directions H]; h and c [directions, B, H].

KERNEL lstm_forward_plain(const i64 *lengths, const float *w_hh, const float *b_hh, const float *h0, const
                          float *c0, float *gates, float *cells, float *y, float *h_n, float *c_n, int batch,
                          int time, int hidden, int directions) {
    int b = blockIdx.x * blockDim.x + threadIdx.x, direction = blockIdx.y;
    if (b >= batch) return;
    w_hh += i64(direction) * 4 * hidden * hidden;
    b_hh += direction * 4 * hidden;
    int length = length_of(lengths, b, time);
    i64 state = (i64(direction) * batch + b) * hidden, sentence = (i64(direction) * batch + b) * time;
    const float *h = h0 + state, *c = c0 + state;
    for (int step = 0; step < length; ++step) {
        int t = direction == 0 ? step : length - 1 - step;
        float *a = gates + (sentence + t) * 4 * hidden, *cell = cells + (sentence + t) * hidden;
        float *out = y + ((i64(b) * time + t) * directions + direction) * hidden;
        for (int k = 0; k < 4 * hidden; ++k) {
            float sum = a[k] + b_hh[k];
            for (int j = 0; j < hidden; ++j) sum = fmaf(w_hh[i64(j) * 4 * hidden + k], h[j], sum);
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

// Writes the gates' gradients over the gates (0 in the padding), and dh0 and dc0, where dh and dc are kept
// meanwhile. w_hh [directions, 4H, H] as it is.
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

// --- A launch for each step.

#define UNITS 16  // of a block
#define ROWS 32   // sentences of a block
#define DEPTH 16  // of a sum that a tile holds

// Four products are added up at once, one for each gate.
DEVICE void add_products(float (&sum)[4], float4 w, float4 x) {
    sum[0] = fmaf(w.x, x.x, sum[0]);
    sum[1] = fmaf(w.y, x.y, sum[1]);
    sum[2] = fmaf(w.z, x.z, sum[2]);
    sum[3] = fmaf(w.w, x.w, sum[3]);
}

// Step `step` of every sentence that has one: blocks of 256 threads along units, sentences and directions.
// w_hh [directions, H, 4H] is transposed.
KERNEL lstm_forward_step(const i64 *lengths, const float *w_hh, const float *b_hh, const float *h0, const
                         float *c0, float *gates, float *cells, float *y, int batch, int time, int hidden, int
                         directions, int step) {
    // A number more in each row than it uses: then no two rows begin in the same bank.
    SHARED(float4, weights, [DEPTH][UNITS + 1]);  // the four gates of a unit
    SHARED(float2, states, [DEPTH][ROWS / 2 + 1]);
    SHARED(i64, places, [ROWS]);
    int direction = blockIdx.z, first = blockIdx.y * ROWS, first_unit = blockIdx.x * UNITS, wide = 4 * hidden;
    int unit = threadIdx.x % UNITS, pair = threadIdx.x / UNITS;
    w_hh += i64(direction) * wide * hidden;
    b_hh += direction * wide;
    // Where the state before of each sentence lies; −1 where there is no such step.
    bool runs = false;
    if (threadIdx.x < ROWS) {
        int b = first + threadIdx.x, length = b < batch ? length_of(lengths, b, time) : 0;
        int before = direction == 0 ? step - 1 : length - step;
        runs = step < length;
        places[threadIdx.x] = !runs       ? -1
                              : step == 0 ? (i64(direction) * batch + b) * hidden
                                          : ((i64(b) * time + before) * directions + direction) * hidden;
    }
    if (!__syncthreads_or(runs)) return;
    const float *h = step == 0 ? h0 : y;
    float sum[2][4] = {};
    for (int start = 0; start < hidden; start += DEPTH) {
        for (int i = threadIdx.x; i < DEPTH * UNITS * 4; i += blockDim.x) {
            int u = i % UNITS, gate = i / UNITS % 4, k = i / UNITS / 4;
            bool real = start + k < hidden && first_unit + u < hidden;
            reinterpret_cast<float *>(&weights[k][u])[gate] =
                real ? w_hh[i64(start + k) * wide + gate * hidden + first_unit + u] : 0.0f;
        }
        for (int i = threadIdx.x; i < DEPTH * ROWS; i += blockDim.x) {
            int k = i % DEPTH, s = i / DEPTH;
            bool real = start + k < hidden && places[s] >= 0;
            reinterpret_cast<float *>(states[k])[s] = real ? h[places[s] + start + k] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; ++k) {
            float2 x = states[k][pair];
            add_products(sum[0], weights[k][unit], float4{x.x, x.x, x.x, x.x});
            add_products(sum[1], weights[k][unit], float4{x.y, x.y, x.y, x.y});
        }
        __syncthreads();
    }
    int j = first_unit + unit;
    if (j >= hidden) return;
#pragma unroll
    for (int s = 0; s < 2; ++s) {
        int b = first + 2 * pair + s, length = b < batch ? length_of(lengths, b, time) : 0;
        if (step >= length) continue;
        int t = direction == 0 ? step : length - 1 - step, before = direction == 0 ? t - 1 : t + 1;
        i64 sentence = (i64(direction) * batch + b) * time;
        float *gate = gates + (sentence + t) * wide + j;
        float in = sigmoid(gate[0] + b_hh[j] + sum[s][0]);
        float forget = sigmoid(gate[hidden] + b_hh[hidden + j] + sum[s][1]);
        float g = tanhf(gate[2 * hidden] + b_hh[2 * hidden + j] + sum[s][2]);
        float out = sigmoid(gate[3 * hidden] + b_hh[3 * hidden + j] + sum[s][3]);
        float c_before = step == 0 ? c0[(i64(direction) * batch + b) * hidden + j]
                                   : cells[(sentence + before) * hidden + j];
        float cell = forget * c_before + in * g;
        gate[0] = in;
        gate[hidden] = forget;
        gate[2 * hidden] = g;
        gate[3 * hidden] = out;
        cells[(sentence + t) * hidden + j] = cell;
        y[((i64(b) * time + t) * directions + direction) * hidden + j] = out * tanhf(cell);
    }
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

// Steps T − 1 to −1, one a launch, blocks as forward's. Step s takes dh from the gates' gradients of step s +
// 1, and writes those of s over the gates (0 where token s is padding); step −1 writes dh0. dc is kept in
// dc0. w_hh [directions, 4H, H] as it is.
KERNEL lstm_backward_step(const i64 *lengths, const float *w_hh, const float *c0, float *gates, const float
                          *cells, const float *dy, const float *dh_n, const float *dc_n, float *dh0, float
                          *dc0, int batch, int time, int hidden, int directions, int step) {
    SHARED(float4, weights, [DEPTH][UNITS + 1]);  // of the four gates to a unit
    SHARED(float4, gradients, [DEPTH][ROWS + 1]);
    SHARED(i64, places, [ROWS]);
    int direction = blockIdx.z, first = blockIdx.y * ROWS, first_unit = blockIdx.x * UNITS, wide = 4 * hidden;
    int unit = threadIdx.x % UNITS, pair = threadIdx.x / UNITS;
    w_hh += i64(direction) * wide * hidden;
    // Where the gates' gradients of the step after lie; −1 where there is no such step.
    bool follows = false;
    if (threadIdx.x < ROWS) {
        int b = first + threadIdx.x, length = b < batch ? length_of(lengths, b, time) : 0;
        int after = direction == 0 ? step + 1 : length - 2 - step;
        follows = step + 1 < length;
        places[threadIdx.x] = follows ? ((i64(direction) * batch + b) * time + after) * wide : -1;
    }
    bool any = __syncthreads_or(follows);
    float sum[2][4] = {};
    for (int start = 0; any && start < hidden; start += DEPTH) {
        for (int i = threadIdx.x; i < DEPTH * UNITS * 4; i += blockDim.x) {
            int u = i % UNITS, gate = i / UNITS % 4, k = i / UNITS / 4;
            bool real = start + k < hidden && first_unit + u < hidden;
            reinterpret_cast<float *>(&weights[k][u])[gate] =
                real ? w_hh[i64(gate * hidden + start + k) * hidden + first_unit + u] : 0.0f;
        }
        for (int i = threadIdx.x; i < DEPTH * ROWS * 4; i += blockDim.x) {
            int k = i % DEPTH, gate = i / DEPTH % 4, s = i / DEPTH / 4;
            bool real = start + k < hidden && places[s] >= 0;
            reinterpret_cast<float *>(&gradients[k][s])[gate] =
                real ? gates[places[s] + gate * hidden + start + k] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < DEPTH; ++k) {
            add_products(sum[0], weights[k][unit], gradients[k][2 * pair]);
            add_products(sum[1], weights[k][unit], gradients[k][2 * pair + 1]);
        }
        __syncthreads();
    }
    int j = first_unit + unit;
    if (j >= hidden) return;
#pragma unroll
    for (int s = 0; s < 2; ++s) {
        int b = first + 2 * pair + s;
        if (b >= batch) continue;
        int length = length_of(lengths, b, time);
        i64 state = (i64(direction) * batch + b) * hidden + j, sentence = (i64(direction) * batch + b) * time;
        if (step >= length) {
            for (int gate = 0; gate < 4; ++gate) gates[(sentence + step) * wide + gate * hidden + j] = 0.0f;
            continue;
        }
        bool last = step == length - 1;
        float dh = last ? dh_n[state] : (sum[s][0] + sum[s][1]) + (sum[s][2] + sum[s][3]);
        float dc = last ? dc_n[state] : dc0[state];
        if (step < 0) {
            dh0[state] = dh;
            dc0[state] = dc;
            continue;
        }
        int t = direction == 0 ? step : length - 1 - step, before = direction == 0 ? t - 1 : t + 1;
        float *gate = gates + (sentence + t) * wide + j;
        float in = gate[0], forget = gate[hidden], g = gate[2 * hidden], out = gate[3 * hidden];
        float c_before = step == 0 ? c0[state] : cells[(sentence + before) * hidden + j];
        float tanh_c = tanhf(cells[(sentence + t) * hidden + j]);
        float above = dh + dy[((i64(b) * time + t) * directions + direction) * hidden + j];
        float d = dc + above * out * (1.0f - tanh_c * tanh_c);
        gate[0] = d * g * in * (1.0f - in);
        gate[hidden] = d * c_before * forget * (1.0f - forget);
        gate[2 * hidden] = d * in * (1.0f - g * g);
        gate[3 * hidden] = above * tanh_c * out * (1.0f - out);
        dc0[state] = d * forget;
    }
}

// --- A block runs all steps of four sentences.

// Keeps a block's weights in shared memory.
template <class W> DEVICE const W *keep(W *room, const float *w, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) put(room[i], w[i]);
    return room;
}

#define FORWARD                                                                                                        \
    const i64 *lengths, const float *w_hh, const float *b_hh, const float *h0, const float *c0, float *gates,          \
        float *cells, float *y, float *h_n, float *c_n, int batch, int time, int hidden, int directions
#define FORWARD_GIVEN lengths, b_hh, h0, c0, gates, cells, y, h_n, c_n, batch, time, hidden, directions

// `room` in shared memory is for 6 H numbers of each sentence; `w` is W_hh of the block's direction.
template <class W>
DEVICE void forward_all_steps(float *room, const W *w, const i64 *lengths, const float *b_hh, const float *h0,
                              const float *c0, float *gates, float *cells, float *y, float *h_n, float *c_n, int batch,
                              int time, int hidden, int directions) {
    float *h = room, *c = h + SENTENCES * hidden, *a = c + SENTENCES * hidden;
    int first = blockIdx.x * SENTENCES, direction = blockIdx.y, wide = 4 * hidden;
    int sentences = min(SENTENCES, batch - first);
    b_hh += direction * wide;
    SHARED(int, lengths_here, [SENTENCES]);
    int steps = 0;
    for (int s = 0; s < sentences; ++s) steps = max(steps, length_of(lengths, first + s, time));
    if (threadIdx.x < SENTENCES)
        lengths_here[threadIdx.x] =
            threadIdx.x < sentences ? length_of(lengths, first + threadIdx.x, time) : 0;
    for (int i = threadIdx.x; i < SENTENCES * hidden; i += blockDim.x) {
        bool real = i < sentences * hidden;
        i64 state = (i64(direction) * batch + first) * hidden + i;
        h[i % hidden * SENTENCES + i / hidden] = real ? h0[state] : 0.0f;
        c[i] = real ? c0[state] : 0.0f;
    }
    __syncthreads();
    for (int step = 0; step < steps; ++step) {
        for (int k = threadIdx.x; k < wide; k += blockDim.x) {
            float sum[SENTENCES] = {};
            for (int j = 0; j < hidden; ++j) {
                float weight = widen(w[i64(j) * wide + k]);
                float4 state = *reinterpret_cast<const float4 *>(h + j * SENTENCES);
                sum[0] = fmaf(weight, state.x, sum[0]);
                sum[1] = fmaf(weight, state.y, sum[1]);
                sum[2] = fmaf(weight, state.z, sum[2]);
                sum[3] = fmaf(weight, state.w, sum[3]);
            }
#pragma unroll
            for (int s = 0; s < SENTENCES; ++s) {
                if (step >= lengths_here[s]) continue;
                int t = direction == 0 ? step : lengths_here[s] - 1 - step;
                float *gate = gates + ((i64(direction) * batch + first + s) * time + t) * wide + k;
                float x = *gate + b_hh[k] + sum[s];
                a[s * wide + k] = *gate = k / hidden == 2 ? tanhf(x) : sigmoid(x);
            }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < sentences * hidden; i += blockDim.x) {
            int s = i / hidden, j = i % hidden;
            if (step >= lengths_here[s]) continue;
            int t = direction == 0 ? step : lengths_here[s] - 1 - step;
            const float *gate = a + s * wide + j;
            float cell = gate[hidden] * c[i] + gate[0] * gate[2 * hidden];
            c[i] = cells[((i64(direction) * batch + first + s) * time + t) * hidden + j] = cell;
            float state = gate[3 * hidden] * tanhf(cell);
            h[j * SENTENCES + s] = state;
            y[((i64(first + s) * time + t) * directions + direction) * hidden + j] = state;
        }
        __syncthreads();
    }
    for (int i = threadIdx.x; i < sentences * hidden; i += blockDim.x) {
        int s = i / hidden, j = i % hidden;
        i64 state = (i64(direction) * batch + first) * hidden + i;
        h_n[state] = h[j * SENTENCES + s];
        c_n[state] = c[i];
        for (int t = lengths_here[s]; t < time; ++t)
            y[((i64(first + s) * time + t) * directions + direction) * hidden + j] = 0.0f;
    }
}

KERNEL lstm_forward(FORWARD, int kept) {
    DYN_SHARED(float, room);
    int n = 4 * hidden * hidden;
    w_hh += i64(blockIdx.y) * n;
    forward_all_steps(room, kept ? keep(room + SENTENCES * 6 * hidden, w_hh, n) : w_hh, FORWARD_GIVEN);
}

KERNEL lstm_forward_bf16(FORWARD) {
    DYN_SHARED(float, room);
    int n = 4 * hidden * hidden;
    bf16 *w = reinterpret_cast<bf16 *>(room + SENTENCES * 6 * hidden);
    forward_all_steps(room, keep(w, w_hh + i64(blockIdx.y) * n, n), FORWARD_GIVEN);
}

#define BACKWARD                                                                                                       \
    const i64 *lengths, const float *w_hh, const float *c0, float *gates, const float *cells, const float *dy,         \
        const float *dh_n, const float *dc_n, float *dh0, float *dc0, int batch, int time, int hidden, int directions
#define BACKWARD_GIVEN lengths, c0, gates, cells, dy, dh_n, dc_n, dh0, dc0, batch, time, hidden, directions

// As lstm_backward_plain; `room` is for 10 H numbers of each sentence.
template <class W>
DEVICE void backward_all_steps(float *room, const W *w, const i64 *lengths, const float *c0, float *gates,
                               const float *cells, const float *dy, const float *dh_n, const float *dc_n, float *dh0,
                               float *dc0, int batch, int time, int hidden, int directions) {
    float *dh = room, *dc = dh + SENTENCES * hidden, *da = dc + SENTENCES * hidden;
    float *parts = da + SENTENCES * 4 * hidden;
    int first = blockIdx.x * SENTENCES, direction = blockIdx.y, wide = 4 * hidden;
    int sentences = min(SENTENCES, batch - first);
    SHARED(int, lengths_here, [SENTENCES]);
    int steps = 0;
    for (int s = 0; s < sentences; ++s) steps = max(steps, length_of(lengths, first + s, time));
    if (threadIdx.x < SENTENCES)
        lengths_here[threadIdx.x] =
            threadIdx.x < sentences ? length_of(lengths, first + threadIdx.x, time) : 0;
    for (int i = threadIdx.x; i < SENTENCES * hidden; i += blockDim.x) {
        bool real = i < sentences * hidden;
        i64 state = (i64(direction) * batch + first) * hidden + i;
        dh[i] = real ? dh_n[state] : 0.0f;
        dc[i] = real ? dc_n[state] : 0.0f;
    }
    for (int i = threadIdx.x; i < SENTENCES * wide; i += blockDim.x) da[i] = 0.0f;
    __syncthreads();
    for (int s = 0; s < sentences; ++s)
        for (int i = lengths_here[s] * wide + threadIdx.x; i < time * wide; i += blockDim.x)
            gates[(i64(direction) * batch + first + s) * time * wide + i] = 0.0f;
    for (int step = steps - 1; step >= 0; --step) {
        for (int i = threadIdx.x; i < sentences * hidden; i += blockDim.x) {
            int s = i / hidden, j = i % hidden, length = lengths_here[s];
            if (step >= length) continue;
            int t = direction == 0 ? step : length - 1 - step, before = direction == 0 ? t - 1 : t + 1;
            i64 sentence = (i64(direction) * batch + first + s) * time;
            float *gate = gates + (sentence + t) * wide + j;
            float in = gate[0], forget = gate[hidden], g = gate[2 * hidden], out = gate[3 * hidden];
            float c_before = step == 0 ? c0[(i64(direction) * batch + first) * hidden + i]
                                       : cells[(sentence + before) * hidden + j];
            float tanh_c = tanhf(cells[(sentence + t) * hidden + j]);
            float above = dh[i] + dy[((i64(first + s) * time + t) * directions + direction) * hidden + j];
            float d = dc[i] + above * out * (1.0f - tanh_c * tanh_c);
            float *to = da + j * SENTENCES + s;
            to[0] = gate[0] = d * g * in * (1.0f - in);
            to[SENTENCES * hidden] = gate[hidden] = d * c_before * forget * (1.0f - forget);
            to[2 * SENTENCES * hidden] = gate[2 * hidden] = d * in * (1.0f - g * g);
            to[3 * SENTENCES * hidden] = gate[3 * hidden] = above * tanh_c * out * (1.0f - out);
            dc[i] = d * forget;
        }
        __syncthreads();
        // dh = da W_hh: a thread adds up one of the four blocks of gates for a unit, for four sentences.
        for (int q = threadIdx.x; q < wide; q += blockDim.x) {
            int block = q / hidden, j = q % hidden;
            float sum[SENTENCES] = {};
            for (int k = block * hidden; k < (block + 1) * hidden; ++k) {
                float weight = widen(w[i64(k) * hidden + j]);
                float4 gates_of = *reinterpret_cast<const float4 *>(da + k * SENTENCES);
                sum[0] = fmaf(weight, gates_of.x, sum[0]);
                sum[1] = fmaf(weight, gates_of.y, sum[1]);
                sum[2] = fmaf(weight, gates_of.z, sum[2]);
                sum[3] = fmaf(weight, gates_of.w, sum[3]);
            }
#pragma unroll
            for (int s = 0; s < SENTENCES; ++s) parts[s * wide + q] = sum[s];
        }
        __syncthreads();
        for (int i = threadIdx.x; i < sentences * hidden; i += blockDim.x) {
            int s = i / hidden, j = i % hidden;
            const float *part = parts + s * wide + j;
            if (step < lengths_here[s]) dh[i] = part[0] + part[hidden] + part[2 * hidden] + part[3 * hidden];
        }
        __syncthreads();
    }
    for (int i = threadIdx.x; i < sentences * hidden; i += blockDim.x) {
        i64 state = (i64(direction) * batch + first) * hidden + i;
        dh0[state] = dh[i];
        dc0[state] = dc[i];
    }
}

KERNEL lstm_backward(BACKWARD, int kept) {
    DYN_SHARED(float, room);
    int n = 4 * hidden * hidden;
    w_hh += i64(blockIdx.y) * n;
    backward_all_steps(room, kept ? keep(room + SENTENCES * 10 * hidden, w_hh, n) : w_hh, BACKWARD_GIVEN);
}

KERNEL lstm_backward_bf16(BACKWARD) {
    DYN_SHARED(float, room);
    int n = 4 * hidden * hidden;
    bf16 *w = reinterpret_cast<bf16 *>(room + SENTENCES * 10 * hidden);
    backward_all_steps(room, keep(w, w_hh + i64(blockIdx.y) * n, n), BACKWARD_GIVEN);
}

// --- What the gates' gradients meet in those of the weights. Both are 0 in the padding, whatever stands
// there: 0 times NaN would be NaN.

// The state before each token of a direction, [B, T, H].
KERNEL lstm_states_before(const i64 *lengths, const float *h0, const float *y, float *before, int direction,
                          int batch, int time, int hidden, int directions) {
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(batch) * time * hidden) return;
    int j = i % hidden, t = i / hidden % time, b = i / hidden / time, length = length_of(lengths, b, time);
    int earlier = direction == 0 ? t - 1 : t + 1;
    bool starts = direction == 0 ? t == 0 : t == length - 1;
    before[i] = t >= length ? 0.0f
                : starts    ? h0[(i64(direction) * batch + b) * hidden + j]
                            : y[((i64(b) * time + earlier) * directions + direction) * hidden + j];
}

// The input x [B, T, D] without what stands in the padding.
KERNEL lstm_inputs(const i64 *lengths, const float *x, float *inputs, int batch, int time, int input) {
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(batch) * time * input) return;
    int t = i / input % time, b = i / input / time;
    inputs[i] = t < length_of(lengths, b, time) ? x[i] : 0.0f;
}
