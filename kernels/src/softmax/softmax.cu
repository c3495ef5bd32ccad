// Softmax over the rows of x [rows, cols], its logarithm, and the logarithm of the sum alone; see mod.rs.
//
// The ladder:
//   softmax_*_plain  a thread for each row: three loops over it, one for the maximum, one for the sum, one to write
//   softmax_*_long   a block for each row, tile after tile: maximum and sum come from one pass, the sum being rescaled
//                    whenever the maximum grows; a second pass writes
//   softmax_*_block  a block for a row that its registers hold, 32 numbers a thread: x is read once, e^x is found once
//   softmax_*_warp   the same by a warp: rows of up to 1024 numbers, without a barrier
//
// Bytes: 8 for each number forward, 12 backward; 12 and 20 where a row is long. FLOPs: some 15, nearly all in the
// exponential. The bound is memory. What hides its latency is not the count of threads but what each has asked for: all
// 32 numbers before it waits for the first, so that the warps of a multiprocessor wait for more than 100 KiB at a time.
// Registers: 56 forward and 80 backward. A multiprocessor of sm_80 or sm_90 then holds 36 and 24 warps by rows of 1024
// numbers, 30 and 20 by rows of 10000, of the 64 that it could; shared memory is a few words.
//
// Source of the one pass: Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018.
#include "prelude.cuh"

// --- A row in the registers of its threads. cross_entropy.cu and layer_norm.cu hold theirs in the same way.

#define NUMBERS 32  // that a thread holds of a row

// Whether rows can be read and written by 16 bytes: all of them begin and end at a multiple of that.
template <class... T> DEVICE bool by_fours(int cols, const T *...arrays) {
    return (u64(cols) * 4 | (u64(arrays) | ...)) % 16 == 0;
}

// The columns of a row from `from` on, up to NUMBERS for each thread. FOURS: they are read by four at a time, else one by
// one, which neighbours read together.
template <bool BLOCK, bool FOURS> struct Held : Rows<BLOCK> {
    using Rows<BLOCK>::first;
    using Rows<BLOCK>::step;
    int cols, from;
    DEVICE_MEMBER Held(int cols, int from = 0) : cols(cols), from(from) {}

    // The column of the thread's number i, and whether the row has it.
    DEVICE_MEMBER int column(int i) const {
        return from + (FOURS ? 4 * first + i / 4 * 4 * step + i % 4 : first + i * step);
    }
    DEVICE_MEMBER bool has(int i) const { return column(FOURS ? i / 4 * 4 : i) < cols; }

    // Calls f with every fourth i, until no thread of the row has more. That keeps short rows short, and the compiler from
    // computing all the addresses before it reads.
    template <class F> DEVICE_MEMBER void fours(F f) const {
#pragma unroll
        for (int i = 0; i < NUMBERS; i += 4) {
            if (from + i * step >= cols) return;
            f(i);
        }
    }
    template <class F> DEVICE_MEMBER void each(F f) const {
        fours([&](int i) {
            f(i), f(i + 1), f(i + 2), f(i + 3);
        });
    }

    // The numbers of columns that the row does not have are `none`.
    DEVICE_MEMBER float4 four(const float *x, int i, float none) const {
        if (FOURS) return has(i) ? *reinterpret_cast<const float4 *>(x + column(i)) : float4{none, none, none, none};
        return float4{has(i) ? x[column(i)] : none, has(i + 1) ? x[column(i + 1)] : none,
                      has(i + 2) ? x[column(i + 2)] : none, has(i + 3) ? x[column(i + 3)] : none};
    }
    DEVICE_MEMBER void read(const float *x, float none, float (&held)[NUMBERS]) const {
        fours([&](int i) {
            float4 next = four(x, i, none);
            held[i] = next.x, held[i + 1] = next.y, held[i + 2] = next.z, held[i + 3] = next.w;
        });
    }
    DEVICE_MEMBER void put(float4 four, int i, float *y) const {
        if (FOURS) {
            if (has(i)) *reinterpret_cast<float4 *>(y + column(i)) = four;
            return;
        }
        if (has(i)) y[column(i)] = four.x;
        if (has(i + 1)) y[column(i + 1)] = four.y;
        if (has(i + 2)) y[column(i + 2)] = four.z;
        if (has(i + 3)) y[column(i + 3)] = four.w;
    }
    DEVICE_MEMBER void write(const float (&held)[NUMBERS], float *y) const {
        fours([&](int i) { put(float4{held[i], held[i + 1], held[i + 2], held[i + 3]}, i, y); });
    }
};

// --- Forward.

// What is to be written of a row.
enum { SOFTMAX, LOG_SOFTMAX, LOG_SUM_EXP };

// The maximum and the sum of e^(x − maximum), of a part of a row or of all. Where there is nothing but −∞ the sum is 0; NaN
// makes the sum NaN.
struct Total {
    float largest, sum;
    // What e^x is taken to be a multiple of.
    DEVICE_MEMBER float shift() const { return largest == -INFINITY ? 0.0f : largest; }
    DEVICE_MEMBER float log() const { return sum == 0.0f ? 0.0f : logf(sum); }
    DEVICE_MEMBER float log_sum() const { return sum == 0.0f ? -INFINITY : largest + logf(sum); }
    DEVICE_MEMBER float inverse() const { return sum == 0.0f ? 0.0f : 1.0f / sum; }
};

KERNEL softmax_forward_plain(int what, const float *x, float *y, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += i64(row) * cols;
    Total total = {-INFINITY, 0.0f};
    for (int i = 0; i < cols; ++i) total.largest = fmaxf(total.largest, x[i]);
    for (int i = 0; i < cols; ++i) total.sum += expf(x[i] - total.shift());
    if (what == LOG_SUM_EXP) {
        y[row] = total.log_sum();
        return;
    }
    y += i64(row) * cols;
    bool nothing = total.sum == 0.0f;
    for (int i = 0; i < cols; ++i) {
        float less = x[i] - total.largest;
        y[i] = what == SOFTMAX ? (nothing ? 0.0f : expf(less) / total.sum) : nothing ? -INFINITY : less - logf(total.sum);
    }
}

template <bool BLOCK, bool FOURS> DEVICE void forward(int what, const float *x, float *y, int rows, int cols) {
    SHARED(float, room, [32]);
    Held<BLOCK, FOURS> at(cols);
    if (at.row >= rows) return;
    float held[NUMBERS], largest = -INFINITY, sum = 0.0f;
    at.read(x + i64(at.row) * cols, -INFINITY, held);
    at.each([&](int i) { largest = fmaxf(largest, held[i]); });
    Total total = {at.max(largest, room), 0.0f};
    float shift = total.shift();
    at.each([&](int i) {
        float e = expf(held[i] - shift);
        sum += e;
        if (what == SOFTMAX) held[i] = e;
    });
    total.sum = at.sum(sum, room);
    if (what == LOG_SUM_EXP) {
        if (at.first == 0) y[at.row] = total.log_sum();
        return;
    }
    float inverse = total.inverse(), log = total.log();
    at.each([&](int i) { held[i] = what == SOFTMAX ? held[i] * inverse : held[i] - shift - log; });
    at.write(held, y + i64(at.row) * cols);
}

template <bool FOURS> DEVICE void forward_long(int what, const float *x, float *y, int cols) {
    SHARED(float, room, [32]);
    x += i64(blockIdx.x) * cols;
    Total own = {-INFINITY, 0.0f};
    // The step is unsigned: of a signed one the compiler makes a variable for each column, and has twice the registers.
    for (int from = 0; from < cols; from += NUMBERS * blockDim.x) {
        Held<true, FOURS> at(cols, from);
        float held[NUMBERS], before = own.largest;
        at.read(x, -INFINITY, held);
        at.each([&](int i) { own.largest = fmaxf(own.largest, held[i]); });
        float shift = own.shift();
        own.sum *= expf(before - shift);
        at.each([&](int i) { own.sum += expf(held[i] - shift); });
    }
    Total total = {block_max(own.largest, room), 0.0f};
    total.sum = block_sum(own.sum * expf(own.largest - total.shift()), room);
    if (what == LOG_SUM_EXP) {
        if (threadIdx.x == 0) y[blockIdx.x] = total.log_sum();
        return;
    }
    y += i64(blockIdx.x) * cols;
    float shift = total.shift(), inverse = total.inverse(), log = total.log();
    for (int from = 0; from < cols; from += NUMBERS * blockDim.x) {
        Held<true, FOURS> at(cols, from);
        float held[NUMBERS];
        at.read(x, -INFINITY, held);
        at.each([&](int i) {
            held[i] = what == SOFTMAX ? expf(held[i] - shift) * inverse : held[i] - shift - log;
        });
        at.write(held, y);
    }
}

KERNEL softmax_forward_warp(int what, const float *x, float *y, int rows, int cols) {
    if (by_fours(cols, x, y)) return forward<false, true>(what, x, y, rows, cols);
    forward<false, false>(what, x, y, rows, cols);
}
KERNEL softmax_forward_block(int what, const float *x, float *y, int rows, int cols) {
    if (by_fours(cols, x, y)) return forward<true, true>(what, x, y, rows, cols);
    forward<true, false>(what, x, y, rows, cols);
}
KERNEL softmax_forward_long(int what, const float *x, float *y, int rows, int cols) {
    if (by_fours(cols, x, y)) return forward_long<true>(what, x, y, cols);
    forward_long<false>(what, x, y, cols);
}

// --- Backward. dx = y (dy − ⟨y, dy⟩), and for the logarithm dy − e^y Σ dy, or 0 where all of y is −∞.

KERNEL softmax_backward_plain(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    i64 start = i64(row) * cols;
    float sum = 0.0f, most = -INFINITY;
    for (i64 i = start; i < start + cols; ++i) {
        sum += what == SOFTMAX ? y[i] * dy[i] : dy[i];
        most = fmaxf(most, y[i]);
    }
    for (i64 i = start; i < start + cols; ++i)
        dx[i] = what == SOFTMAX ? y[i] * (dy[i] - sum) : most == -INFINITY ? 0.0f : dy[i] - expf(y[i]) * sum;
}

// Some columns of y and dy, and what they add to the row's sums: Σ y dy or Σ dy, and how many of y are more than −∞.
template <bool BLOCK, bool FOURS> struct Slope {
    float y[NUMBERS], dy[NUMBERS];
    DEVICE_MEMBER void read(int what, const Held<BLOCK, FOURS> &at, const float *from_y, const float *from_dy, float &sum,
                            float &some) {
        at.read(from_y, what == SOFTMAX ? 0.0f : -INFINITY, y);
        at.read(from_dy, 0.0f, dy);
        at.each([&](int i) {
            sum += what == SOFTMAX ? y[i] * dy[i] : dy[i];
            some += y[i] == -INFINITY ? 0.0f : 1.0f;
        });
    }
    DEVICE_MEMBER void write(int what, const Held<BLOCK, FOURS> &at, float sum, float some, float *dx) {
        if (what != SOFTMAX && some == 0.0f)
            at.each([&](int i) { dy[i] = 0.0f; });
        else
            at.each([&](int i) { dy[i] = what == SOFTMAX ? y[i] * (dy[i] - sum) : dy[i] - expf(y[i]) * sum; });
        at.write(dy, dx);
    }
};

template <bool BLOCK, bool FOURS>
DEVICE void backward(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    SHARED(float, room, [32]);
    Held<BLOCK, FOURS> at(cols);
    if (at.row >= rows) return;
    i64 start = i64(at.row) * cols;
    Slope<BLOCK, FOURS> slope;
    float sum = 0.0f, some = 0.0f;
    slope.read(what, at, y + start, dy + start, sum, some);
    sum = at.sum(sum, room);
    if (what != SOFTMAX) some = at.sum(some, room);
    slope.write(what, at, sum, some, dx + start);
}

template <bool FOURS> DEVICE void backward_long(int what, const float *y, const float *dy, float *dx, int cols) {
    SHARED(float, room, [32]);
    i64 start = i64(blockIdx.x) * cols;
    float sum = 0.0f, some = 0.0f;
    for (int from = 0; from < cols; from += NUMBERS * blockDim.x) {
        Slope<true, FOURS> slope;
        slope.read(what, Held<true, FOURS>(cols, from), y + start, dy + start, sum, some);
    }
    sum = block_sum(sum, room);
    some = block_sum(some, room);
    float unused = 0.0f;
    for (int from = 0; from < cols; from += NUMBERS * blockDim.x) {
        Held<true, FOURS> at(cols, from);
        Slope<true, FOURS> slope;
        slope.read(what, at, y + start, dy + start, unused, unused);
        slope.write(what, at, sum, some, dx + start);
    }
}

KERNEL softmax_backward_warp(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    if (by_fours(cols, y, dy, dx)) return backward<false, true>(what, y, dy, dx, rows, cols);
    backward<false, false>(what, y, dy, dx, rows, cols);
}
KERNEL softmax_backward_block(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    if (by_fours(cols, y, dy, dx)) return backward<true, true>(what, y, dy, dx, rows, cols);
    backward<true, false>(what, y, dy, dx, rows, cols);
}
KERNEL softmax_backward_long(int what, const float *y, const float *dy, float *dx, int rows, int cols) {
    if (by_fours(cols, y, dy, dx)) return backward_long<true>(what, y, dy, dx, cols);
    backward_long<false>(what, y, dy, dx, cols);
}
