// One step of an optimizer: parameters, gradients and state read and written in one pass, all parameters of a model that
// share their constants in one launch. Formulas and their order of operations are those of the CPU's kernels, so that
// both agree to a rounding.
//
// The ladder:
//   tensor operations    one pass over memory for each term
//   optimizer_adam_plain one pass for all terms, a thread for each element, a launch for each parameter
//   optimizer_*          one launch for a table of parameters, which is passed by value: a block finds its parameter in the table
//                        and processes 1024 of its elements, a thread four, read and written as one float4 if alignment allows
//                        it. A model has many small parameters, for which a launch costs more than the work
//
// Bytes: 28 for each element with Adam (four arrays read, three written). FLOPs: some 15. The bound is memory. Registers: 40 at
// most (34 for Adam) on every architecture, so that a multiprocessor of sm_80 and sm_90 holds six blocks, 1536 of 2048 threads,
// each with up to 64 bytes in flight. The table is in constant memory, and all threads of a block read the same entry.
#include "prelude.cuh"

// --- The rules: one step of an element p with its gradient g and its state s.

// Weight decay and the two moments, which Adam and RAdam share.
struct Moments {
    float shrink, penalty, beta1, new1, beta2, new2;
};

DEVICE void moments(const Moments &by, float &p, float g, float &m, float &v) {
    p = by.shrink * p;
    if (by.penalty != 0.0f) g += by.penalty * p;
    // The mean is interpolated from the nearer of its two operands.
    m = by.beta1 > 0.5f ? m + by.new1 * (g - m) : g - by.beta1 * (g - m);
    v = by.beta2 * v + by.new2 * g * g;
}

// s: the mean and the mean square.
struct Adam {
    enum { STATE = 2 };
    Moments by;
    float rate, correction, eps;
    DEVICE_MEMBER void step(float &p, float g, float (&s)[3]) const {
        moments(by, p, g, s[0], s[1]);
        p = p - rate * s[0] / (sqrtf(s[1]) / correction + eps);
    }
};

// s: the mean and the mean square. `adaptive` is 0 while the variance cannot be estimated.
struct Radam {
    enum { STATE = 2 };
    Moments by;
    float lr, correction1, eps, correction2, rectification;
    int adaptive;
    DEVICE_MEMBER void step(float &p, float g, float (&s)[3]) const {
        moments(by, p, g, s[0], s[1]);
        float update = s[0] / correction1 * lr;
        if (adaptive) update = update * (correction2 / (sqrtf(s[1]) + eps)) * rectification;
        p = p - update;
    }
};

// s: the mean square; the mean, where centered; the momentum's sum, where there is momentum.
struct Rmsprop {
    enum { STATE = 3 };
    float lr, alpha, fresh, eps, decay, momentum;
    int centered, moves;
    DEVICE_MEMBER void step(float &p, float g, float (&s)[3]) const {
        if (decay != 0.0f) g += decay * p;
        float variance = s[0] = alpha * s[0] + fresh * g * g;
        if (centered) {
            float m = s[1] += fresh * (g - s[1]);
            variance -= m * m;
        }
        float root = sqrtf(variance) + eps;
        if (moves) {
            s[2] = momentum * s[2] + g / root;
            p = p - lr * s[2];
        } else {
            p = p - lr * g / root;
        }
    }
};

// s: the sum of squares.
struct Adagrad {
    enum { STATE = 1 };
    float rate, decay, eps;
    DEVICE_MEMBER void step(float &p, float g, float (&s)[3]) const {
        if (decay != 0.0f) g += decay * p;
        s[0] += g * g;
        p = p - rate * g / (sqrtf(s[0]) + eps);
    }
};

// s: the momentum's sum, where there is momentum.
struct Sgd {
    enum { STATE = 1 };
    float lr, decay, momentum, fresh;
    int first, nesterov, moves;
    DEVICE_MEMBER void step(float &p, float g, float (&s)[3]) const {
        if (decay != 0.0f) g += decay * p;
        if (moves) {
            float v = s[0] = first ? g : momentum * s[0] + fresh * g;
            g = nesterov ? g + momentum * v : v;
        }
        p = p - lr * g;
    }
};

// --- Tables of parameters. cuda.rs fills them.

#define ENTRIES 64     // of a table: a kernel's arguments must stay below 4096 bytes
#define CHUNK 1024     // elements of a block that takes a step
#define SQUARES 8192   // elements of a block that adds up squares

// A parameter of n elements, its gradient and its state, null where the rule has none; its first block.
struct Entry {
    float *p;
    const float *g;
    float *state[3];
    int n, first;
};

// Entries in the order of their blocks. Unused entries are last and have no blocks.
struct Table {
    Entry entry[ENTRIES];
};

// The parameter that the block works on: the last that does not begin after it.
DEVICE const Entry &of_block(const Table &table) {
    int found = 0;
#pragma unroll
    for (int half = ENTRIES / 2; half > 0; half /= 2)
        if (table.entry[found + half].first <= int(blockIdx.x)) found += half;
    return table.entry[found];
}

DEVICE void get(float (&x)[4], const float *from, int left, bool wide) {
    if (wide) {
        float4 v = *reinterpret_cast<const float4 *>(from);
        x[0] = v.x, x[1] = v.y, x[2] = v.z, x[3] = v.w;
        return;
    }
#pragma unroll
    for (int j = 0; j < 4; ++j) x[j] = j < left ? from[j] : 0.0f;
}

DEVICE void put(const float (&x)[4], float *to, int left, bool wide) {
    if (wide) {
        *reinterpret_cast<float4 *>(to) = make_float4(x[0], x[1], x[2], x[3]);
        return;
    }
#pragma unroll
    for (int j = 0; j < 4; ++j)
        if (j < left) to[j] = x[j];
}

// A block of CHUNK / 4 threads.
template <class Rule> DEVICE void sweep(const Rule &by, const Table &table) {
    const Entry &at = of_block(table);
    int i = (int(blockIdx.x) - at.first) * CHUNK + 4 * int(threadIdx.x), left = at.n - i;
    if (left <= 0) return;
    // A gradient may be part of a longer array and begin anywhere.
    u64 places = u64(at.p) | u64(at.g);
#pragma unroll
    for (int k = 0; k < Rule::STATE; ++k) places |= u64(at.state[k]);
    bool wide = left >= 4 && places % 16 == 0;
    float p[4], g[4], s[3][4] = {};
    get(p, at.p + i, left, wide);
    get(g, at.g + i, left, wide);
#pragma unroll
    for (int k = 0; k < Rule::STATE; ++k)
        if (at.state[k]) get(s[k], at.state[k] + i, left, wide);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
        float state[3] = {s[0][j], s[1][j], s[2][j]};
        by.step(p[j], g[j], state);
        for (int k = 0; k < 3; ++k) s[k][j] = state[k];
    }
    put(p, at.p + i, left, wide);
#pragma unroll
    for (int k = 0; k < Rule::STATE; ++k)
        if (at.state[k]) put(s[k], at.state[k] + i, left, wide);
}

KERNEL optimizer_adam_plain(float shrink, float penalty, float beta1, float new1, float beta2, float new2, float rate,
                            float correction, float eps, float *p, const float *g, float *m, float *v, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = p[i], state[3] = {m[i], v[i], 0.0f};
    Adam{{shrink, penalty, beta1, new1, beta2, new2}, rate, correction, eps}.step(x, g[i], state);
    p[i] = x;
    m[i] = state[0];
    v[i] = state[1];
}

KERNEL optimizer_adam(float shrink, float penalty, float beta1, float new1, float beta2, float new2, float rate,
                      float correction, float eps, Table table) {
    sweep(Adam{{shrink, penalty, beta1, new1, beta2, new2}, rate, correction, eps}, table);
}

KERNEL optimizer_radam(float shrink, float penalty, float beta1, float new1, float beta2, float new2, float lr,
                       float correction1, float eps, float correction2, float rectification, int adaptive, Table table) {
    Moments by{shrink, penalty, beta1, new1, beta2, new2};
    sweep(Radam{by, lr, correction1, eps, correction2, rectification, adaptive}, table);
}

KERNEL optimizer_rmsprop(float lr, float alpha, float fresh, float eps, float decay, float momentum, int centered,
                         int moves, Table table) {
    sweep(Rmsprop{lr, alpha, fresh, eps, decay, momentum, centered, moves}, table);
}

KERNEL optimizer_adagrad(float rate, float decay, float eps, Table table) {
    sweep(Adagrad{rate, decay, eps}, table);
}

KERNEL optimizer_sgd(float lr, float decay, float momentum, float fresh, int first, int nesterov, int moves, Table table) {
    sweep(Sgd{lr, decay, momentum, fresh, first, nesterov, moves}, table);
}

KERNEL optimizer_scale(float *x, float factor, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] *= factor;
}

// NaN stays NaN.
KERNEL optimizer_clamp(float *x, float low, float high, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) x[i] = x[i] < low ? low : x[i] > high ? high : x[i];
}

// --- Σ x² in f64 over all gradients of a table: blocks of 256 threads each add up SQUARES elements, and one block adds the blocks'
// sums, in a fixed order.

DEVICE double block_sum_f64(double x, double *scratch) {
    scratch[threadIdx.x] = x;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (int(threadIdx.x) < half) scratch[threadIdx.x] += scratch[threadIdx.x + half];
        __syncthreads();
    }
    return scratch[0];
}

KERNEL optimizer_squares(Table table, double *sums) {
    SHARED(double, scratch, [256]);
    const Entry &at = of_block(table);
    int start = (int(blockIdx.x) - at.first) * SQUARES, left = at.n - start;
    const float *x = at.g + start;
    double sum = 0.0;
    for (int i = threadIdx.x; i < SQUARES && i < left; i += 256) sum += double(x[i]) * x[i];
    sum = block_sum_f64(sum, scratch);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

KERNEL optimizer_squares_joined(const double *sums, double *sum, int n) {
    SHARED(double, scratch, [256]);
    double all = 0.0;
    for (int i = threadIdx.x; i < n; i += 256) all += sums[i];
    all = block_sum_f64(all, scratch);
    if (threadIdx.x == 0) sum[0] = all;
}
