// Softmax over the rows of x [rows, cols], its logarithm, and the logarithm of the sum alone; see mod.rs.
//
// The ladder:
//   softmax_*_plain  a thread for each row: three loops over it, one for the maximum, one for the sum, one to write
//   softmax_*_long   a block for each row, tile after tile: maximum and sum come from one pass, the sum being rescaled
//                    whenever the maximum grows; a second pass writes
//   softmax_*_held   a block for a row that its registers hold, 32 elements per thread: x is read once, e^x is computed once.
//                    Rows of up to 1024 elements have a warp each, and no barrier
//
// Bytes: 8 for each element forward, 12 backward; 12 and 20 for long rows. FLOPs: about 15, nearly all in the exponential.
// The bound is memory. Its latency is hidden not by many threads but by many loads in flight: each thread requests all its
// 32 elements before it waits for the first, so that the warps of a multiprocessor wait for more than 100 KiB at a time.
// Registers: 56 forward and 80 backward. A multiprocessor of sm_80 or sm_90 then runs 36 and 24 warps for rows of 1024
// elements, 30 and 20 for rows of 10000, of at most 64. Shared memory is a few words.
//
// Source of the one pass: Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018.
#include "functions.cuh"
#include "prelude.cuh"

// --- Forward.

// The maximum and the sum of e^(x − maximum), of a row or a part of it. If all elements are −∞ the sum is 0; NaN makes the sum
// NaN.
struct Total {
    float largest, sum;
    // The maximum, or 0 if that is −∞: subtracted from x before e^x is computed.
    DEVICE_MEMBER float shift() const { return largest == -INFINITY ? 0.0f : largest; }
    DEVICE_MEMBER float log() const { return sum == 0.0f ? 0.0f : logf(sum); }
    DEVICE_MEMBER float log_sum() const { return sum == 0.0f ? -INFINITY : largest + logf(sum); }
    DEVICE_MEMBER float inverse() const { return sum == 0.0f ? 0.0f : 1.0f / sum; }
};

KERNEL softmax_forward_plain(RowFunction what, const float *x, float *y, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += i64(row) * cols;
    Total total = {-INFINITY, 0.0f};
    for (int i = 0; i < cols; ++i) total.largest = fmaxf(total.largest, x[i]);
    for (int i = 0; i < cols; ++i) total.sum += expf(x[i] - total.shift());
    if (what == RowFunction::LogSumExp) {
        y[row] = total.log_sum();
        return;
    }
    y += i64(row) * cols;
    bool nothing = total.sum == 0.0f;
    for (int i = 0; i < cols; ++i) {
        float less = x[i] - total.largest;
        if (what == RowFunction::Softmax) y[i] = nothing ? 0.0f : expf(less) / total.sum;
        if (what == RowFunction::LogSoftmax) y[i] = nothing ? -INFINITY : less - logf(total.sum);
    }
}

template <bool FOURS> DEVICE void forward(RowFunction what, const float *x, float *y, int rows, int cols) {
    SHARED(float, scratch, [32]);
    HeldRow<FOURS> at(cols);
    if (at.row >= rows) return;
    float held[HELD], largest = -INFINITY, sum = 0.0f;
    at.read(x + i64(at.row) * cols, -INFINITY, held);
    at.each([&](int i) { largest = fmaxf(largest, held[i]); });
    Total total = {at.max(largest, scratch), 0.0f};
    float shift = total.shift();
    at.each([&](int i) {
        float e = expf(held[i] - shift);
        sum += e;
        if (what == RowFunction::Softmax) held[i] = e;
    });
    total.sum = at.sum(sum, scratch);
    if (what == RowFunction::LogSumExp) {
        if (at.first == 0) y[at.row] = total.log_sum();
        return;
    }
    float inverse = total.inverse(), log = total.log();
    at.each([&](int i) { held[i] = what == RowFunction::Softmax ? held[i] * inverse : held[i] - shift - log; });
    at.write(held, y + i64(at.row) * cols);
}

KERNEL softmax_forward_long(RowFunction what, const float *x, float *y, int rows, int cols) {
    SHARED(float, scratch, [32]);
    x += i64(blockIdx.x) * cols;
    Total own = {-INFINITY, 0.0f};
    // The step is unsigned: with a signed one the compiler keeps a variable for each column and uses twice the registers.
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        float held[HELD], before = own.largest;
        at.read(x, -INFINITY, held);
        at.each([&](int i) { own.largest = fmaxf(own.largest, held[i]); });
        float shift = own.shift();
        own.sum *= expf(before - shift);
        at.each([&](int i) { own.sum += expf(held[i] - shift); });
    }
    Total total = {block_max(own.largest, scratch), 0.0f};
    total.sum = block_sum(own.sum * expf(own.largest - total.shift()), scratch);
    if (what == RowFunction::LogSumExp) {
        if (threadIdx.x == 0) y[blockIdx.x] = total.log_sum();
        return;
    }
    y += i64(blockIdx.x) * cols;
    float shift = total.shift(), inverse = total.inverse(), log = total.log();
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        float held[HELD];
        at.read(x, -INFINITY, held);
        at.each([&](int i) {
            held[i] = what == RowFunction::Softmax ? expf(held[i] - shift) * inverse : held[i] - shift - log;
        });
        at.write(held, y);
    }
}

KERNEL softmax_forward_held(RowFunction what, const float *x, float *y, int rows, int cols) {
    if (by_fours(cols, x, y)) return forward<true>(what, x, y, rows, cols);
    forward<false>(what, x, y, rows, cols);
}

// --- Backward. dx = y (dy − ⟨y, dy⟩), and for the logarithm dy − e^y Σ dy, or 0 where all of y is −∞.

KERNEL softmax_backward_plain(RowFunction what, const float *y, const float *dy, float *dx, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    i64 start = i64(row) * cols;
    float sum = 0.0f, most = -INFINITY;
    for (i64 i = start; i < start + cols; ++i) {
        sum += what == RowFunction::Softmax ? y[i] * dy[i] : dy[i];
        most = fmaxf(most, y[i]);
    }
    for (i64 i = start; i < start + cols; ++i)
        dx[i] = what == RowFunction::Softmax ? y[i] * (dy[i] - sum) : most == -INFINITY ? 0.0f : dy[i] - expf(y[i]) * sum;
}

// Some columns of y and dy, and their contribution to the row's sums: Σ y dy or Σ dy, and the number of elements of y above −∞.
template <bool FOURS> struct Slope {
    float y[HELD], dy[HELD];
    DEVICE_MEMBER void read(RowFunction what, const HeldRow<FOURS> &at, const float *from_y, const float *from_dy, float &sum,
                            float &some) {
        at.read(from_y, what == RowFunction::Softmax ? 0.0f : -INFINITY, y);
        at.read(from_dy, 0.0f, dy);
        at.each([&](int i) {
            sum += what == RowFunction::Softmax ? y[i] * dy[i] : dy[i];
            some += y[i] == -INFINITY ? 0.0f : 1.0f;
        });
    }
    DEVICE_MEMBER void write(RowFunction what, const HeldRow<FOURS> &at, float sum, float some, float *dx) {
        if (what != RowFunction::Softmax && some == 0.0f)
            at.each([&](int i) { dy[i] = 0.0f; });
        else
            at.each([&](int i) { dy[i] = what == RowFunction::Softmax ? y[i] * (dy[i] - sum) : dy[i] - expf(y[i]) * sum; });
        at.write(dy, dx);
    }
};

template <bool FOURS> DEVICE void backward(RowFunction what, const float *y, const float *dy, float *dx, int rows, int cols) {
    SHARED(float, scratch, [32]);
    HeldRow<FOURS> at(cols);
    if (at.row >= rows) return;
    i64 start = i64(at.row) * cols;
    Slope<FOURS> slope;
    float sum = 0.0f, some = 0.0f;
    slope.read(what, at, y + start, dy + start, sum, some);
    sum = at.sum(sum, scratch);
    if (what != RowFunction::Softmax) some = at.sum(some, scratch);
    slope.write(what, at, sum, some, dx + start);
}

KERNEL softmax_backward_long(RowFunction what, const float *y, const float *dy, float *dx, int rows, int cols) {
    SHARED(float, scratch, [32]);
    i64 start = i64(blockIdx.x) * cols;
    float sum = 0.0f, some = 0.0f;
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        Slope<false> slope;
        slope.read(what, HeldRow<false>(cols, from), y + start, dy + start, sum, some);
    }
    sum = block_sum(sum, scratch);
    some = block_sum(some, scratch);
    float unused = 0.0f;
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        Slope<false> slope;
        slope.read(what, at, y + start, dy + start, unused, unused);
        slope.write(what, at, sum, some, dx + start);
    }
}

KERNEL softmax_backward_held(RowFunction what, const float *y, const float *dy, float *dx, int rows, int cols) {
    if (by_fours(cols, y, dy, dx)) return backward<true>(what, y, dy, dx, rows, cols);
    backward<false>(what, y, dy, dx, rows, cols);
}
