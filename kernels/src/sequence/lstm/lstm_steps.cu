// The LSTM by a launch for each step, in which all multiprocessors share W_hh; see lstm.cu.
//
//   lstm_forward_step, lstm_backward_step    a block computes 8 units of 32 sentences, or dh of 16 units of 16; a warp 16 × 16
//                                            sums over a slice of the products, a lane 8 × 8. Operands are loaded from
//                                            memory to registers, four elements at once, while the previous ones are
//                                            multiplied. The thread that has the gates computes the cell
//
// The bound, by calculation. A multiprocessor reads 32 values per cycle from shared memory or the first-level cache, also
// if threads read the same value; it does 128 multiply-adds per cycle on sm_90, 64 on sm_80. At H = 512, B = 32, a step of two
// directions has 128 blocks. Each does 524288 multiply-adds, 4096 cycles on sm_90, and reads as many values 32 at a time; forward
// 128 KiB, backward 256 KiB, which is 16 and 32 MiB from the second-level cache, 3 and 6 µs at 5.5 TB/s. With about 2 µs for the
// launch, the first loads and the sums, a step is 5 µs forward, 8 backward.
//
// Occupancy: registers, 230 to 255 per thread, limit a multiprocessor of sm_80 or sm_90 to one block of 256 threads; latency is
// hidden by loading ahead. Shared memory is 10 KiB.
//
// A warp multiplies 16 rows of W_hh by 16 rows of states or of gradients, over its slice of their length: eight lanes lie along
// the rows, so that 128 bytes of a row are read at once, and four share the sums.
#include "lstm_cell.cuh"

#define SIDE 16       // rows and columns of a warp's square of sums
#define EDGE 8        // rows and columns of a lane's
#define STEP_WARPS 8  // warps of a block
#define PADDED 20     // elements from a row of a warp's sums to the next in shared memory

// Four elements of each of a lane's rows.
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

// Adds the products of the first four of each STEP of the rows' `left` elements. The next four are fetched meanwhile: __syncwarp
// keeps the compiler from moving that read down to its use. All lanes must reach every __syncwarp, so each of them loops as long
// as the first lane, which has the most elements left.
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

// The same for rows that are not whole float4s.
template <int STEP>
DEVICE void add_ones(float (&sum)[EDGE][EDGE], const float *const (&w)[EDGE], const float *const (&x)[EDGE], int left) {
#pragma unroll 1
    for (int k = 0; k < left; k += k % 4 == 3 ? STEP - 3 : 1) {
        float column[EDGE];
#pragma unroll
        for (int j = 0; j < EDGE; ++j) column[j] = x[j][k];
#pragma unroll
        for (int i = 0; i < EDGE; ++i) {
            float weight = w[i][k];
#pragma unroll
            for (int j = 0; j < EDGE; ++j) sum[i][j] = fmaf(weight, column[j], sum[i][j]);
        }
    }
}

// A warp's products of rows of n elements, over one of SLICES slices. w_row and x_row return the address of a row; a lane has
// every second row of each.
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

// A lane keeps one of each two neighbouring sums, and adds to it that of the lane that keeps the other.
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

// Adds the sums of the eight lanes along the rows, and writes a warp's sums to shared memory: [row of x, row of W_hh].
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

// Step `step` of every sentence that is long enough: a block of 256 threads for 8 units, 32 sentences and a direction. The
// products of the units' 32 rows of W_hh and the sentences' states are four squares of sums, over two slices each.
KERNEL lstm_forward_step(FORWARD_STEP) {
    SHARED(float4, parts, [STEP_WARPS][SIDE][PADDED / 4]);
    int direction = blockIdx.z, first_unit = blockIdx.x * 8, first = blockIdx.y * 2 * SIDE;
    // The warp's square of sums.
    int warp = threadIdx.x / WARP, units = first_unit + warp % 2 * 4, sentences = first + warp / 2 % 2 * SIDE;
    auto length = [&](int b) { return b < batch ? length_of(lengths, b, time) : 0; };
    // The unit and sentence whose cell the thread computes.
    int u = threadIdx.x % 8, s = threadIdx.x / 8, j = first_unit + u, b = first + s, own_length = length(b);
    if (!__syncthreads_or(step < own_length)) return;
    w_hh += i64(direction) * 4 * hidden * hidden;
    auto w_row = [&](int row) {
        return w_hh + i64(row % 4 * hidden + min(units + row / 4, hidden - 1)) * hidden;
    };
    // If there is no such step any row will do: its sums are not used.
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
    // Read now, so that they have arrived when the lanes are joined.
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

// After the last step: the final states, and 0 in the padding of y. A thread for each element of h_n.
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

// Steps T − 1 to −1, one per launch: a block of 256 threads for 16 units, 16 sentences and a direction. Its eight warps compute
// the same sums, each over its slice. Step s computes dh from the gates' gradients of step s + 1, and overwrites the gates of s
// with their gradients (0 if token s is padding); step −1 writes dh0. dc is kept in dc0. w_hh [directions, H, 4H] is transposed.
KERNEL lstm_backward_step(BACKWARD_STEP) {
    SHARED(float, parts, [STEP_WARPS][SIDE][PADDED]);
    int direction = blockIdx.z, first_unit = blockIdx.x * SIDE, first = blockIdx.y * SIDE, wide = 4 * hidden;
    int warp = threadIdx.x / WARP;
    auto length = [&](int b) { return b < batch ? length_of(lengths, b, time) : 0; };
    // The unit and sentence whose gates' gradients the thread computes.
    int u = threadIdx.x % SIDE, s = threadIdx.x / SIDE, j = first_unit + u, b = first + s, own_length = length(b);
    w_hh += i64(direction) * wide * hidden;
    auto w_row = [&](int row) { return w_hh + i64(min(first_unit + row, hidden - 1)) * wide; };
    // The gates' gradients of the step after; if there is none any row will do.
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
