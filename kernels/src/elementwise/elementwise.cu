// Functions of each element, of two, comparisons and choices; see mod.rs for the formulas.
//
// The ladder, for functions of one element:
//   elementwise_unary_plain   a thread for each element
//   elementwise_unary         a thread for each four, read and written as one float4 if alignment allows it
// and the same two for functions with parameters, elementwise_parametric.
// Functions of two elements have a thread for each result. If both operands are contiguous, a warp's 32 reads are one; otherwise
// each index is divided along the axes.
//
// The function is an argument and is the same for the whole grid, so that the switch never diverges; a kernel for each function
// would have to be compiled and looked up by name.
//
// Bytes: 8 for each element of one operand, 12 of two. FLOPs: 1 to some 30. The bound is memory by far. Registers are few (18 to
// 40 on sm_80), so that sm_80 and sm_90 run as many threads as they can.
#include "functions.cuh"
#include "prelude.cuh"

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

DEVICE float unary(Unary op, float x) {
    switch (op) {
        case Unary::Neg: return -x;
        case Unary::Abs: return fabsf(x);
        case Unary::Sign: return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
        case Unary::Square: return x * x;
        case Unary::Sqrt: return sqrtf(x);
        case Unary::Recip: return 1.0f / x;
        case Unary::Exp: return expf(x);
        case Unary::ExpM1: return expm1f(x);
        case Unary::Ln: return logf(x);
        case Unary::Ln1p: return log1pf(x);
        case Unary::Tanh: return tanhf(x);
        case Unary::Sigmoid: return x != x ? x : sigmoid(x);
        case Unary::Relu: return x < 0.0f ? 0.0f : x;
        case Unary::Gelu: return x == -INFINITY ? -0.0f : x * normal_cdf(x);  // −∞ · 0 would be NaN
        case Unary::Erf: return erff(x);
        case Unary::Softplus: return x != x ? x : softplus(x);
        case Unary::LogSigmoid: return x != x ? x : -softplus(-x);
        case Unary::Step: return x > 0.0f ? 1.0f : 0.0f;
    }
    return NAN;
}

DEVICE float parametric(Parametric op, float p, float q, float x) {
    switch (op) {
        case Parametric::Affine: return p * x + q;
        case Parametric::Power: return powf(x, p);
        case Parametric::Clamp: return (x < p ? p : x) > q ? q : (x < p ? p : x);
    }
    return NAN;
}

// y = f(x), four elements at a time; x and y must begin at multiples of 16 bytes.
template <class F> DEVICE void by_fours(const float *x, float *y, int n, F f) {
    int i = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    bool whole = n - i >= 4;
    auto some = [&](int j) { return j < n ? x[j] : 0.0f; };
    float4 v = whole ? *reinterpret_cast<const float4 *>(x + i) : float4{some(i), some(i + 1), some(i + 2), some(i + 3)};
    // In a loop that is not unrolled, so that all the functions are compiled once.
#pragma unroll 1
    for (int turn = 0; turn < 4; ++turn) v = float4{v.y, v.z, v.w, f(v.x)};
    if (whole) {
        *reinterpret_cast<float4 *>(y + i) = v;
        return;
    }
    if (i < n) y[i] = v.x;
    if (i + 1 < n) y[i + 1] = v.y;
    if (i + 2 < n) y[i + 2] = v.z;
}

KERNEL elementwise_unary_plain(Unary op, const float *x, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = unary(op, x[i]);
}

KERNEL elementwise_unary(Unary op, const float *x, float *y, int n) {
    by_fours(x, y, n, [&](float v) { return unary(op, v); });
}

KERNEL elementwise_parametric_plain(Parametric op, float p, float q, const float *x, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = parametric(op, p, q, x[i]);
}

KERNEL elementwise_parametric(Parametric op, float p, float q, const float *x, float *y, int n) {
    by_fours(x, y, n, [&](float v) { return parametric(op, p, q, v); });
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

// --- Functions of two elements, with strides; a stride is 0 where an operand is broadcast.

DEVICE float binary(Binary op, float a, float b) {
    switch (op) {
        case Binary::Add: return a + b;
        case Binary::Sub: return a - b;
        case Binary::Mul: return a * b;
        case Binary::Div: return a / b;
        case Binary::Max: return larger(a, b);
        case Binary::Min: return smaller(a, b);
        case Binary::Pow: return powf(a, b);
    }
    return NAN;
}

KERNEL elementwise_binary_contiguous(Binary op, const float *a, const float *b, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = binary(op, a[i], b[i]);
}

KERNEL elementwise_binary(Binary op, Dims shape, Dims a_strides, Dims b_strides, const float *a, const float *b,
                          float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = binary(op, a[place(i, shape, a_strides)], b[place(i, shape, b_strides)]);
}

KERNEL elementwise_add_assign(float *y, const float *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += x[i];
}

// If an operand is NaN only Ne holds.
template <class T> DEVICE bool holds(Compare op, T a, T b) {
    switch (op) {
        case Compare::Eq: return a == b;
        case Compare::Ne: return a != b;
        case Compare::Lt: return a < b;
        case Compare::Le: return a <= b;
        case Compare::Gt: return a > b;
        case Compare::Ge: return a >= b;
    }
    return false;
}

template <class T>
DEVICE void compare(Compare op, const Dims &shape, const Dims &a_strides, const Dims &b_strides, const T *a, const T *b,
                    u8 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = holds(op, a[place(i, shape, a_strides)], b[place(i, shape, b_strides)]);
}

KERNEL elementwise_compare_f32(Compare op, Dims shape, Dims a_strides, Dims b_strides, const float *a, const float *b,
                               u8 *y, int n) {
    compare(op, shape, a_strides, b_strides, a, b, y, n);
}

KERNEL elementwise_compare_i64(Compare op, Dims shape, Dims a_strides, Dims b_strides, const i64 *a, const i64 *b, u8 *y,
                               int n) {
    compare(op, shape, a_strides, b_strides, a, b, y, n);
}

KERNEL elementwise_compare_bool(Compare op, Dims shape, Dims a_strides, Dims b_strides, const u8 *a, const u8 *b, u8 *y,
                                int n) {
    compare(op, shape, a_strides, b_strides, a, b, y, n);
}

// y = a where the condition holds, else b; elements are only moved, so that one kernel serves all dtypes of one size.
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

DEVICE bool logic(Logic op, bool a, bool b) {
    switch (op) {
        case Logic::Not: return !a;
        case Logic::And: return a && b;
        case Logic::Or: return a || b;
    }
    return false;
}

KERNEL elementwise_logic(Logic op, const u8 *a, const u8 *b, u8 *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = logic(op, a[i] != 0, b[i] != 0);
}
