// The recurrent part of an LSTM over whole sequences, in one or two directions; see mod.rs for the formulas. The matmuls with the
// input do not depend on each other: they are computed first, for all steps at once (gemm.cu). The gradients of the weights are
// computed in the same way at the end.
//
// The ladder:
//   lstm_forward_plain, lstm_backward_plain  a thread for each sentence and direction: the textbook's loops
//   lstm_steps.cu                            a launch for each step, in which all multiprocessors share W_hh
//   lstm_held.cu                             a block for each sentence and direction runs all steps and holds W_hh, in f32
//                                            or rounded to bf16
//
// cuda.rs takes lstm_held.cu wherever a block can hold W_hh, which is up to these H, forward and backward:
//                    f32            bf16
//   sm_75            112, 119       128, 135
//   sm_80            138, 140       170, 176
//   sm_86, sm_89     128, 128       144, 144
//   sm_90, sm_100    156, 156       192, 192
//
// FLOPs: 8 B T H² a direction forward, as many backward (the gradients of the weights are matmuls of their own).
//
// Measured on an H100, B = 32, T = 256: a forward step takes 1.5 µs at H = 128 and 11 µs at H = 512 (bilstm_* in benches/results,
// less the matmuls with the input), twice the bounds that lstm_held.cu and lstm_steps.cu calculate.
//
// A length outside 0..=T is clamped.
#include "lstm_cell.cuh"

// gates [directions, B, T, 4H] hold W_ih x + b_ih + b_hh on entry, and afterwards the activated gates, which backward reads;
// w_hh [directions, 4H, H]; cells [directions, B, T, H]; y [B, T, directions H]; h and c [directions, B, H].

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

// Overwrites the gates with their gradients (0 in the padding), and writes dh0 and dc0, which hold dh and dc during the loop.
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

// --- Operands of the weights' gradients, beside the gates' gradients. Both are 0 in the padding, whatever is in memory there: 0
// times NaN would be NaN.

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

// The input x [B, T, D] with zeros in the padding; a block for each token.
KERNEL lstm_inputs(const i64 *lengths, const float *x, float *inputs, int time, int input) {
    bool real = int(blockIdx.x % time) < length_of(lengths, blockIdx.x / time, time);
    i64 first = i64(blockIdx.x) * input;
    for (int i = threadIdx.x; i < input; i += blockDim.x) inputs[first + i] = real ? x[first + i] : 0.0f;
}
