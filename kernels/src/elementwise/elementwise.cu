// Functions of each element, of two, comparisons and choices; see mod.rs for the formulas.
//
// The ladder, for functions of one element:
//   elementwise_unary_plain   a thread for each element
//   elementwise_unary         a thread for each four, read and written as one float4 where they lie so
// Functions of two elements take a thread for each result; where both operands are contiguous they are read in order,
// so that a warp's 32 reads are one, and elsewhere each index is taken apart along the axes.
//
// Which function it is comes in a number and is the same for the whole grid, so the switch diverges nowhere; kernels
// for each would have to be compiled and found one by one.
//
// Bytes: 8 for each element of one operand, 12 of two. FLOPs: 1 to some 30. The bound is memory by far. Registers are
// few (18 to 40 on sm_80), so that a multiprocessor holds all the threads it can on sm_80 and sm_90.
#include "prelude.cuh"

// As `Unary` in map.rs, then the functions with parameters.
enum {
    NEG, ABS, SIGN, SQUARE, SQRT, RECIP, EXP, EXP_M1, LN, LN_1P, TANH, SIGMOID, RELU, GELU, ERF, SOFTPLUS,
    LOG_SIGMOID, STEP, AFFINE, POWER, CLAMP
};

DEVICE float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return x >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
}

DEVICE float softplus(float x) { return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))); }

// Phi(x), the normal distribution function.
DEVICE float normal_cdf(float x) { return 0.5f * erfcf(-x * 0.70710678f); }

// NaN stays NaN: fmaxf would take the other operand.
DEVICE float larger(float a, float b) { return a > b ? a : b >= a ? b : a + b; }
DEVICE float smaller(float a, float b) { return a < b ? a : b <= a ? b : a + b; }

DEVICE float unary(int op, float x, float p, float q) {
    switch (op) {
        case NEG: return -x;
        case ABS: return fabsf(x);
        case SIGN: return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
        case SQUARE: return x * x;
        case SQRT: return sqrtf(x);
        case RECIP: return 1.0f / x;
        case EXP: return expf(x);
        case EXP_M1: return expm1f(x);
        case LN: return logf(x);
        case LN_1P: return log1pf(x);
        case TANH: return tanhf(x);
        case SIGMOID: return x != x ? x : sigmoid(x);
        case RELU: return x < 0.0f ? 0.0f : x;
        case GELU: return x == -INFINITY ? -0.0f : x * normal_cdf(x);  // -infinity · 0 would be NaN
        case ERF: return erff(x);
        case SOFTPLUS: return x != x ? x : softplus(x);
        case LOG_SIGMOID: return x != x ? x : -softplus(-x);
        case STEP: return x > 0.0f ? 1.0f : 0.0f;
        case AFFINE: return p * x + q;
        case POWER: return powf(x, p);
        default: return x < p ? p : x > q ? q : x;  // CLAMP
    }
}

KERNEL elementwise_unary_plain(int op, float p, float q, const float *x, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = unary(op, x[i], p, q);
}

// x and y must begin at multiples of 16 bytes.
KERNEL elementwise_unary(int op, float p, float q, const float *x, float *y, int n) {
    int i = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    bool whole = i + 4 <= n;
    auto some = [&](int j) { return j < n ? x[j] : 0.0f; };
    float4 v = whole ? *reinterpret_cast<const float4 *>(x + i) : float4{some(i), some(i + 1), some(i + 2), some(i + 3)};
    // One after the other, so that all the functions are compiled once.
#pragma unroll 1
    for (int turn = 0; turn < 4; ++turn) v = float4{v.y, v.z, v.w, unary(op, v.x, p, q)};
    if (whole) {
        *reinterpret_cast<float4 *>(y + i) = v;
        return;
    }
    if (i < n) y[i] = v.x;
    if (i + 1 < n) y[i + 1] = v.y;
    if (i + 2 < n) y[i + 2] = v.z;
}

// dx = dy (Phi(x) + x phi(x)).
KERNEL elementwise_gelu_backward(const float *x, const float *dy, float *dx, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float v = x[i], density = 0.39894228f * expf(-0.5f * v * v);
    // Infinity times a density of 0 would be NaN.
    float slope = normal_cdf(v) + (density == 0.0f ? 0.0f : v * density);
    dx[i] = dy[i] * slope;
}

KERNEL elementwise_fill_1(u32 value, u8 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = u8(value);
}

KERNEL elementwise_fill_2(u32 value, u16 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = u16(value);
}

KERNEL elementwise_fill_4(u32 value, u32 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = value;
}

KERNEL elementwise_fill_8(u64 value, u64 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = value;
}

// --- Two elements, with strides; 0 where an operand is broadcast.

// As `Binary` in binary.rs.
enum { ADD, SUB, MUL, DIV, MAX, MIN, POW };

DEVICE float binary(int op, float a, float b) {
    switch (op) {
        case ADD: return a + b;
        case SUB: return a - b;
        case MUL: return a * b;
        case DIV: return a / b;
        case MAX: return larger(a, b);
        case MIN: return smaller(a, b);
        default: return powf(a, b);
    }
}

KERNEL elementwise_binary_contiguous(int op, const float *a, const float *b, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = binary(op, a[i], b[i]);
}

KERNEL elementwise_binary(int op, Dims shape, Dims a_strides, Dims b_strides, const float *a, const float *b,
                          float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = binary(op, a[place(i, shape, a_strides)], b[place(i, shape, b_strides)]);
}

KERNEL elementwise_add_assign(float *y, const float *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += x[i];
}

// As `Compare` in compare.rs; with NaN only NE holds.
enum { EQ, NE, LT, LE, GT, GE };

template <class T> DEVICE bool holds(int op, T a, T b) {
    switch (op) {
        case EQ: return a == b;
        case NE: return a != b;
        case LT: return a < b;
        case LE: return a <= b;
        case GT: return a > b;
        default: return a >= b;
    }
}

template <class T>
DEVICE void compare(int op, const Dims &shape, const Dims &a_strides, const Dims &b_strides, const T *a, const T *b,
                    u8 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = holds(op, a[place(i, shape, a_strides)], b[place(i, shape, b_strides)]);
}

KERNEL elementwise_compare_f32(int op, Dims shape, Dims a_strides, Dims b_strides, const float *a, const float *b,
                               u8 *y, int n) {
    compare(op, shape, a_strides, b_strides, a, b, y, n);
}

KERNEL elementwise_compare_i64(int op, Dims shape, Dims a_strides, Dims b_strides, const i64 *a, const i64 *b, u8 *y,
                               int n) {
    compare(op, shape, a_strides, b_strides, a, b, y, n);
}

KERNEL elementwise_compare_bool(int op, Dims shape, Dims a_strides, Dims b_strides, const u8 *a, const u8 *b, u8 *y,
                                int n) {
    compare(op, shape, a_strides, b_strides, a, b, y, n);
}

// y = a where the condition holds, else b; elements are moved and not looked at, so their size is all that counts.
template <class T>
DEVICE void choose(const Dims &shape, const Dims &c_strides, const Dims &a_strides, const Dims &b_strides, const u8 *c,
                   const T *a, const T *b, T *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    y[i] = c[place(i, shape, c_strides)] ? a[place(i, shape, a_strides)] : b[place(i, shape, b_strides)];
}

KERNEL elementwise_select_1(Dims shape, Dims c_strides, Dims a_strides, Dims b_strides, const u8 *c, const u8 *a,
                            const u8 *b, u8 *y, int n) {
    choose(shape, c_strides, a_strides, b_strides, c, a, b, y, n);
}

KERNEL elementwise_select_2(Dims shape, Dims c_strides, Dims a_strides, Dims b_strides, const u8 *c, const u16 *a,
                            const u16 *b, u16 *y, int n) {
    choose(shape, c_strides, a_strides, b_strides, c, a, b, y, n);
}

KERNEL elementwise_select_4(Dims shape, Dims c_strides, Dims a_strides, Dims b_strides, const u8 *c, const u32 *a,
                            const u32 *b, u32 *y, int n) {
    choose(shape, c_strides, a_strides, b_strides, c, a, b, y, n);
}

KERNEL elementwise_select_8(Dims shape, Dims c_strides, Dims a_strides, Dims b_strides, const u8 *c, const u64 *a,
                            const u64 *b, u64 *y, int n) {
    choose(shape, c_strides, a_strides, b_strides, c, a, b, y, n);
}

// Truth values: 0 is not, 1 and, 2 or.
KERNEL elementwise_logic(int op, const u8 *a, const u8 *b, u8 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    bool p = a[i] != 0, q = b[i] != 0;
    y[i] = op == 0 ? !p : op == 1 ? p && q : p || q;
}
