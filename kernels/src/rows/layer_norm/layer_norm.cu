// Layer norm over the rows of x [rows, cols]; see mod.rs for the formulas.
//
// The ladder:
//   layer_norm_*_plain         a thread for each row
//   layer_norm_*_long          a block for each row, tile after tile
//   layer_norm_columns         the gradients of gamma and beta, which are sums over rows, 64 rows at a time; used after *_long
//   layer_norm_*_held          a block for a row that its registers hold, 32 elements per thread: x and dy are read once. Rows
//                              of up to 1024 elements have a warp each. A block of the gradient processes several rows and
//                              adds up their part of gamma's and beta's gradients in shared memory: one row of sums for each
//                              warp or block that processes a row, one thread for each element. Rows must begin and end at
//                              multiples of 16 bytes; all others are processed in tiles, however short
// Finally the parts of gamma's and beta's gradients are added in order (reduce.cu), so that the sum is the same on every run,
// which atomics would not guarantee.
//
// Bytes: forward 8 for each element and backward 12; 16 and 28 for long rows, partly from the second-level cache. FLOPs:
// about 10. The bound is memory, as in softmax.cu.
// Registers: 56 forward and at most 96 backward; shared memory backward: 32 bytes for each column by warps, 8 by blocks. A
// multiprocessor of sm_90 then runs 36 and 20 warps for rows of 1024 elements, 30 and 20 for rows of 10000, of at most 64;
// one of sm_80 has shared memory for 16 of the 20 warps for rows of 1024.
#include "prelude.cuh"

// The first element of a row, x0. Everything is computed with differences from it, and `mean` is the mean of the differences: see
// mod.rs.
DEVICE float first(const float *row, int cols) { return cols > 0 ? row[0] : 0.0f; }

// --- Forward.

KERNEL layer_norm_forward_plain(const float *x, const float *gamma, const float *beta, float eps, float *y, float *mean,
                                float *rstd, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    x += i64(row) * cols;
    y += i64(row) * cols;
    float sum = 0.0f, squares = 0.0f;
    float x0 = first(x, cols);
    for (int i = 0; i < cols; ++i) sum += x[i] - x0;
    float m = sum / cols;
    for (int i = 0; i < cols; ++i) squares += (x[i] - x0 - m) * (x[i] - x0 - m);
    float r = 1.0f / sqrtf(squares / cols + eps);
    mean[row] = m;
    rstd[row] = r;
    for (int i = 0; i < cols; ++i) y[i] = (x[i] - x0 - m) * r * gamma[i] + beta[i];
}

// y = held · r · γ + β, in place; the mean was subtracted from the held elements before.
template <bool FOURS>
DEVICE void scale(const HeldRow<FOURS> &at, const float *gamma, const float *beta, float r, float (&held)[HELD]) {
    at.fours([&](int i) {
        float4 by = at.four(gamma, i, 0.0f), plus = at.four(beta, i, 0.0f);
        held[i] = held[i] * r * by.x + plus.x;
        held[i + 1] = held[i + 1] * r * by.y + plus.y;
        held[i + 2] = held[i + 2] * r * by.z + plus.z;
        held[i + 3] = held[i + 3] * r * by.w + plus.w;
    });
}

#define FORWARD const float *x, const float *gamma, const float *beta, float eps, float *y, float *mean, float *rstd, int rows, \
                int cols

KERNEL layer_norm_forward_held(FORWARD) {
    SHARED(float, scratch, [32]);
    HeldRow<true> at(cols);
    if (at.row >= rows) return;
    float held[HELD], sum = 0.0f, squares = 0.0f;
    x += i64(at.row) * cols;
    float x0 = first(x, cols);
    at.read(x, x0, held);
    at.each([&](int i) {
        held[i] -= x0;
        sum += held[i];
    });
    float m = at.sum(sum, scratch) / cols;
    // The mean is subtracted first: E[x²] − E[x]² would be a difference of two large sums and lose its digits.
    at.each([&](int i) {
        held[i] = at.has(i) ? held[i] - m : 0.0f;
        squares += held[i] * held[i];
    });
    float r = 1.0f / sqrtf(at.sum(squares, scratch) / cols + eps);
    if (at.first == 0) {
        mean[at.row] = m;
        rstd[at.row] = r;
    }
    scale(at, gamma, beta, r, held);
    at.write(held, y + i64(at.row) * cols);
}

KERNEL layer_norm_forward_long(FORWARD) {
    SHARED(float, scratch, [32]);
    i64 start = i64(blockIdx.x) * cols;
    x += start;
    float x0 = first(x, cols), sum = 0.0f, squares = 0.0f;
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        float held[HELD];
        at.read(x, x0, held);
        at.each([&](int i) { sum += held[i] - x0; });
    }
    float m = block_sum(sum, scratch) / cols;
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        float held[HELD];
        at.read(x, x0, held);
        at.each([&](int i) {
            float d = at.has(i) ? held[i] - x0 - m : 0.0f;
            squares += d * d;
        });
    }
    float r = 1.0f / sqrtf(block_sum(squares, scratch) / cols + eps);
    if (threadIdx.x == 0) {
        mean[blockIdx.x] = m;
        rstd[blockIdx.x] = r;
    }
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        float held[HELD];
        at.read(x, x0, held);
        at.each([&](int i) { held[i] = held[i] - x0 - m; });
        scale(at, gamma, beta, r, held);
        at.write(held, y + start);
    }
}


// --- Backward. With x̂ = (x − x0 − mean) r and g = dy γ, dx = r (g − mean of g − x̂ · mean of g x̂), dγ = Σ dy x̂ and dβ = Σ dy.

#define BACKWARD const float *x, const float *gamma, const float *mean, const float *rstd, const float *dy, float *dx

KERNEL layer_norm_backward_plain(BACKWARD, int rows, int cols) {
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= rows) return;
    i64 start = i64(row) * cols;
    float x0 = first(x + start, cols), m = mean[row], r = rstd[row], sum = 0.0f, dot = 0.0f;
    for (int i = 0; i < cols; ++i) {
        float g = dy[start + i] * gamma[i];
        sum += g;
        dot += g * (x[start + i] - x0 - m) * r;
    }
    for (int i = 0; i < cols; ++i)
        dx[start + i] = r * (dy[start + i] * gamma[i] - sum / cols - (x[start + i] - x0 - m) * r * (dot / cols));
}

// Adds f(i) to the sum of its column. Each column has one thread.
template <bool FOURS, class F> DEVICE void add_to(const HeldRow<FOURS> &at, float *sums, F f) {
    at.fours([&](int i) {
        float4 sum = at.four(sums, i, 0.0f);
        at.put(float4{sum.x + f(i), sum.y + f(i + 1), sum.z + f(i + 2), sum.w + f(i + 3)}, i, sums);
    });
}

// Some columns of a row: x and dy, then x̂ and g.
template <bool FOURS> struct Slope {
    float hat[HELD], g[HELD];

    // Past the end of the row dy is 0 and adds nothing to any sum. x is read as its differences from x0.
    DEVICE_MEMBER void read(const HeldRow<FOURS> &at, const float *x, float x0, const float *dy) {
        at.read(x, x0, hat);
        at.read(dy, 0.0f, g);
        at.each([&](int i) { hat[i] -= x0; });
    }
    DEVICE_MEMBER void add_to_columns(const HeldRow<FOURS> &at, float m, float r, float *dgamma, float *dbeta) const {
        add_to(at, dgamma, [&](int i) { return g[i] * (hat[i] - m) * r; });
        add_to(at, dbeta, [&](int i) { return g[i]; });
    }
    // Adds to Σ g and Σ g x̂.
    DEVICE_MEMBER void add_to_row(const HeldRow<FOURS> &at, const float *gamma, float m, float r, float &sum, float &dot) {
        auto one = [&](int i, float gamma) {
            hat[i] = (hat[i] - m) * r;
            g[i] *= gamma;
            sum += g[i];
            dot += g[i] * hat[i];
        };
        at.fours([&](int i) {
            float4 by = at.four(gamma, i, 0.0f);
            one(i, by.x), one(i + 1, by.y), one(i + 2, by.z), one(i + 3, by.w);
        });
    }
    // dx, from the means of g and of g x̂.
    DEVICE_MEMBER void write(const HeldRow<FOURS> &at, float r, float sum, float dot, float *dx) {
        at.each([&](int i) { g[i] = r * (g[i] - sum - hat[i] * dot); });
        at.write(g, dx);
    }
};

#define PART 64  // rows that are added up at a time

// dgamma and dbeta of PART rows each, [parts, cols]. Neighbouring threads read neighbouring columns.
KERNEL layer_norm_columns(const float *x, const float *mean, const float *rstd, const float *dy, float *dgamma,
                          float *dbeta, int rows, int cols) {
    int col = blockIdx.x * blockDim.x + threadIdx.x, part = blockIdx.y;
    if (col >= cols) return;
    float of_gamma = 0.0f, of_beta = 0.0f;
    for (int row = part * PART; row < min(rows, (part + 1) * PART); ++row) {
        i64 i = i64(row) * cols + col;
        of_gamma += dy[i] * (x[i] - x[i64(row) * cols] - mean[row]) * rstd[row];
        of_beta += dy[i];
    }
    dgamma[i64(part) * cols + col] = of_gamma;
    dbeta[i64(part) * cols + col] = of_beta;
}

KERNEL layer_norm_backward_long(BACKWARD, int rows, int cols) {
    SHARED(float, scratch, [32]);
    i64 start = i64(blockIdx.x) * cols;
    float x0 = first(x + start, cols), m = mean[blockIdx.x], r = rstd[blockIdx.x];
    float sum = 0.0f, dot = 0.0f, unused = 0.0f;
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        Slope<false> slope;
        slope.read(at, x + start, x0, dy + start);
        slope.add_to_row(at, gamma, m, r, sum, dot);
    }
    sum = block_sum(sum, scratch) / cols;
    dot = block_sum(dot, scratch) / cols;
    for (int from = 0; from < cols; from += HELD * blockDim.x) {
        HeldRow<false> at(cols, from);
        Slope<false> slope;
        slope.read(at, x + start, x0, dy + start);
        slope.add_to_row(at, gamma, m, r, unused, unused);
        slope.write(at, r, sum, dot, dx + start);
    }
}

// The gradient of `part` rows, and their part of dgamma and dbeta, [parts, cols].
KERNEL layer_norm_backward_held(BACKWARD, float *dgamma, float *dbeta, int rows, int cols, int part) {
    SHARED(float, scratch, [32]);
    DYN_SHARED(float, sums);  // dγ and dβ of the block, or of each of its warps
    int own = threadIdx.y, all = blockDim.y, begin = blockIdx.x * part;
    float *of_gamma = sums + 2 * own * cols, *of_beta = of_gamma + cols;
    HeldRow<true> columns(cols);
    columns.fours([&](int i) {
        columns.put(float4{}, i, of_gamma);
        columns.put(float4{}, i, of_beta);
    });
    for (int row = begin + own; row < min(rows, begin + part); row += all) {
        i64 start = i64(row) * cols;
        float m = mean[row], r = rstd[row], sum = 0.0f, dot = 0.0f;
        // From column 0 on. The compiler must not see that it is 0: it would compute all columns before the loop, and keep them.
        HeldRow<true> at(cols, min(row, 0));
        Slope<true> slope;
        slope.read(at, x + start, first(x + start, cols), dy + start);
        slope.add_to_columns(at, m, r, of_gamma, of_beta);
        slope.add_to_row(at, gamma, m, r, sum, dot);
        sum = at.sum(sum, scratch) / cols;
        dot = at.sum(dot, scratch) / cols;
        slope.write(at, r, sum, dot, dx + start);
    }
    __syncthreads();
    for (int col = own * blockDim.x + threadIdx.x; col < cols; col += all * blockDim.x) {
        float of_gamma = 0.0f, of_beta = 0.0f;
        for (int other = 0; other < all; ++other) {
            of_gamma += sums[2 * other * cols + col];
            of_beta += sums[(2 * other + 1) * cols + col];
        }
        dgamma[i64(blockIdx.x) * cols + col] = of_gamma;
        dbeta[i64(blockIdx.x) * cols + col] = of_beta;
    }
}
