// The recurrent part of an LSTM over whole sequences, in one or two directions; see mod.rs for the formulas. The products
// with the input, which do not wait for each other, are done before for all steps at once (gemm.cu), and so are the
// gradients of the weights after.
//
// The ladder:
//   lstm_forward_plain  a thread for each sentence and direction: the textbook's loops
//   lstm_forward        a block for four sentences of a direction runs all their steps, with no launch in between; states and
//                       gates lie in shared memory, a thread makes a gate of four sentences, so that each weight is read once
//                       for four products, and gates and cells are one pass
//   the same with W_hh in shared memory over all steps, where it fits: H up to 115 on sm_80, 119 on sm_90, in f32
//   lstm_backward       the same backwards, from the gates that forward saved
//
// FLOPs: 8 B T H² a direction forward, as many backward (the weights' gradients are products of their own). Bytes: the
// weights from the second-level cache at every step where they do not fit, 16 H² of them for four sentences: at H = 128
// that is 2 FLOP a byte, and the bound is that cache (some 4 TB/s on sm_80). With the weights in shared memory it is the
// length of a step: H fused multiply-adds one after the other, and two barriers.
//
// Occupancy: with W_hh in shared memory one block of up to 512 threads lives on a multiprocessor, which is what it is for.
#include "prelude.cuh"

#define SENTENCES 4

DEVICE float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return x >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
}

// A length outside 0..=T is the nearest inside.
DEVICE int length_of(const i64 *lengths, int b, int time) {
    if (!lengths) return time;
    i64 length = lengths[b];
    return length < 0 ? 0 : length > time ? time : int(length);
}

// gates [directions, B, T, 4H] hold W_ih x + b_ih, and what is saved for backward after; w_hh [directions, H, 4H] is
// transposed; cells [directions, B, T, H]; y [B, T, directions H]; h and c [directions, B, H].

KERNEL lstm_forward_plain(const i64 *lengths, const float *w_hh, const float *b_hh, const float *h0, const float *c0,
                          float *gates, float *cells, float *y, float *h_n, float *c_n, int batch, int time, int hidden,
                          int directions) {
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
        for (int t = length; t < time; ++t) y[((i64(b) * time + t) * directions + direction) * hidden + j] = 0.0f;
    }
}

KERNEL lstm_forward(const i64 *lengths, const float *w_hh, const float *b_hh, const float *h0, const float *c0,
                    float *gates, float *cells, float *y, float *h_n, float *c_n, int batch, int time, int hidden,
                    int directions, int keep) {
    DYN_SHARED(float, room);
    float *h = room, *c = h + SENTENCES * hidden, *a = c + SENTENCES * hidden, *kept = a + SENTENCES * 4 * hidden;
    int first = blockIdx.x * SENTENCES, direction = blockIdx.y, wide = 4 * hidden;
    int sentences = min(SENTENCES, batch - first);
    w_hh += i64(direction) * wide * hidden;
    b_hh += direction * wide;
    if (keep)
        for (int i = threadIdx.x; i < wide * hidden; i += blockDim.x) kept[i] = w_hh[i];
    const float *w = keep ? kept : w_hh;
    int lengths_here[SENTENCES], steps = 0;
#pragma unroll
    for (int s = 0; s < SENTENCES; ++s) {
        lengths_here[s] = s < sentences ? length_of(lengths, first + s, time) : 0;
        steps = max(steps, lengths_here[s]);
    }
    for (int i = threadIdx.x; i < SENTENCES * hidden; i += blockDim.x) {
        bool real = i < sentences * hidden;
        i64 state = (i64(direction) * batch + first) * hidden + i;
        h[i] = real ? h0[state] : 0.0f;
        c[i] = real ? c0[state] : 0.0f;
    }
    __syncthreads();
    for (int step = 0; step < steps; ++step) {
        for (int k = threadIdx.x; k < wide; k += blockDim.x) {
            float sum[SENTENCES] = {};
            for (int j = 0; j < hidden; ++j) {
                float weight = w[i64(j) * wide + k];
#pragma unroll
                for (int s = 0; s < SENTENCES; ++s) sum[s] = fmaf(weight, h[s * hidden + j], sum[s]);
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
            h[i] = y[((i64(first + s) * time + t) * directions + direction) * hidden + j] = gate[3 * hidden] * tanhf(cell);
        }
        __syncthreads();
    }
    for (int i = threadIdx.x; i < sentences * hidden; i += blockDim.x) {
        int s = i / hidden, j = i % hidden;
        i64 state = (i64(direction) * batch + first) * hidden + i;
        h_n[state] = h[i];
        c_n[state] = c[i];
        for (int t = lengths_here[s]; t < time; ++t)
            y[((i64(first + s) * time + t) * directions + direction) * hidden + j] = 0.0f;
    }
}

// Writes the gates' gradients over the gates (0 in the padding), and dh0 and dc0. w_hh [directions, 4H, H] as it is.
KERNEL lstm_backward(const i64 *lengths, const float *w_hh, const float *c0, float *gates, const float *cells,
                     const float *dy, const float *dh_n, const float *dc_n, float *dh0, float *dc0, int batch, int time,
                     int hidden, int directions, int keep) {
    DYN_SHARED(float, room);
    float *dh = room, *dc = dh + SENTENCES * hidden, *da = dc + SENTENCES * hidden, *parts = da + SENTENCES * 4 * hidden;
    float *kept = parts + SENTENCES * 4 * hidden;
    int first = blockIdx.x * SENTENCES, direction = blockIdx.y, wide = 4 * hidden;
    int sentences = min(SENTENCES, batch - first);
    w_hh += i64(direction) * wide * hidden;
    if (keep)
        for (int i = threadIdx.x; i < wide * hidden; i += blockDim.x) kept[i] = w_hh[i];
    const float *w = keep ? kept : w_hh;
    int lengths_here[SENTENCES], steps = 0;
#pragma unroll
    for (int s = 0; s < SENTENCES; ++s) {
        lengths_here[s] = s < sentences ? length_of(lengths, first + s, time) : 0;
        steps = max(steps, lengths_here[s]);
    }
    for (int i = threadIdx.x; i < SENTENCES * hidden; i += blockDim.x) {
        bool real = i < sentences * hidden;
        i64 state = (i64(direction) * batch + first) * hidden + i;
        dh[i] = real ? dh_n[state] : 0.0f;
        dc[i] = real ? dc_n[state] : 0.0f;
    }
    for (int i = threadIdx.x; i < SENTENCES * wide; i += blockDim.x) da[i] = 0.0f;
    for (int s = 0; s < sentences; ++s)
        for (int i = lengths_here[s] * wide + threadIdx.x; i < time * wide; i += blockDim.x)
            gates[(i64(direction) * batch + first + s) * time * wide + i] = 0.0f;
    __syncthreads();
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
            float *to = da + s * wide + j;
            to[0] = gate[0] = d * g * in * (1.0f - in);
            to[hidden] = gate[hidden] = d * c_before * forget * (1.0f - forget);
            to[2 * hidden] = gate[2 * hidden] = d * in * (1.0f - g * g);
            to[3 * hidden] = gate[3 * hidden] = above * tanh_c * out * (1.0f - out);
            dc[i] = d * forget;
        }
        __syncthreads();
        // dh = da W_hh: a thread adds up one of the four blocks of gates for a unit, for four sentences.
        for (int q = threadIdx.x; q < wide; q += blockDim.x) {
            int block = q / hidden, j = q % hidden;
            float sum[SENTENCES] = {};
            for (int k = block * hidden; k < (block + 1) * hidden; ++k) {
                float weight = w[i64(k) * hidden + j];
#pragma unroll
                for (int s = 0; s < SENTENCES; ++s) sum[s] = fmaf(weight, da[s * wide + k], sum[s]);
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

// The state before each token of a direction, [B, T, H], 0 in the padding: what the gates' gradients meet in that of W_hh.
KERNEL lstm_states_before(const i64 *lengths, const float *h0, const float *y, float *before, int direction, int batch,
                          int time, int hidden, int directions) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= batch * time * hidden) return;
    int j = i % hidden, t = i / hidden % time, b = i / hidden / time, length = length_of(lengths, b, time);
    int earlier = direction == 0 ? t - 1 : t + 1;
    bool starts = direction == 0 ? t == 0 : t == length - 1;
    before[i] = t >= length ? 0.0f
                : starts    ? h0[(i64(direction) * batch + b) * hidden + j]
                            : y[((i64(b) * time + earlier) * directions + direction) * hidden + j];
}
