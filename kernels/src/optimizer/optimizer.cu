// One step of an optimizer: parameters, gradient and state read and written in one pass. Formulas and their order of
// operations are those of the CPU's kernels, so that both agree to a rounding.
//
// The ladder: tensor operations, one pass over memory for each term; these kernels, one pass for all, a thread for each
// parameter. Bytes: 28 for each parameter of Adam (four arrays read, three written). FLOPs: some 15. The bound is memory.
#include "prelude.cuh"

// How weight decay and the two moments enter, which Adam and RAdam share.
struct Moments {
    float shrink, penalty, beta1, new1, beta2, new2;
};

DEVICE void moments(const Moments &by, float &p, float g, float &m, float &v) {
    p = by.shrink * p;
    if (by.penalty != 0.0f) g += by.penalty * p;
    // The mean is interpolated from the nearer end.
    m = by.beta1 > 0.5f ? m + by.new1 * (g - m) : g - by.beta1 * (g - m);
    v = by.beta2 * v + by.new2 * g * g;
}

KERNEL optimizer_adam(float shrink, float penalty, float beta1, float new1, float beta2, float new2, float rate,
                      float correction, float eps, float *p, const float *g, float *m, float *v, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = p[i], mean = m[i], square = v[i];
    moments(Moments{shrink, penalty, beta1, new1, beta2, new2}, x, g[i], mean, square);
    p[i] = x - rate * mean / (sqrtf(square) / correction + eps);
    m[i] = mean;
    v[i] = square;
}

// `rectification` is 0 while the variance cannot be estimated.
KERNEL optimizer_radam(float shrink, float penalty, float beta1, float new1, float beta2, float new2, float lr,
                       float correction1, float eps, float correction2, float rectification, int adaptive, float *p,
                       const float *g, float *m, float *v, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = p[i], mean = m[i], square = v[i];
    moments(Moments{shrink, penalty, beta1, new1, beta2, new2}, x, g[i], mean, square);
    float update = mean / correction1 * lr;
    if (adaptive) update = update * (correction2 / (sqrtf(square) + eps)) * rectification;
    p[i] = x - update;
    m[i] = mean;
    v[i] = square;
}

// `mean` is null unless centered, `u` where there is no momentum.
KERNEL optimizer_rmsprop(float lr, float alpha, float fresh, float eps, float decay, float momentum, float *p,
                         const float *g, float *square, float *mean, float *u, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = p[i], d = g[i];
    if (decay != 0.0f) d += decay * x;
    float variance = square[i] = alpha * square[i] + fresh * d * d;
    if (mean) {
        float m = mean[i] += fresh * (d - mean[i]);
        variance -= m * m;
    }
    float root = sqrtf(variance) + eps;
    if (u) {
        u[i] = momentum * u[i] + d / root;
        p[i] = x - lr * u[i];
    } else {
        p[i] = x - lr * d / root;
    }
}

KERNEL optimizer_adagrad(float rate, float decay, float eps, float *p, const float *g, float *sum, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = p[i], d = g[i];
    if (decay != 0.0f) d += decay * x;
    float s = sum[i] += d * d;
    p[i] = x - rate * d / (sqrtf(s) + eps);
}

// `u` is null where there is no momentum.
KERNEL optimizer_sgd(float lr, float decay, float momentum, float fresh, int first, int nesterov, float *p,
                     const float *g, float *u, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float x = p[i], d = g[i];
    if (decay != 0.0f) d += decay * x;
    if (u) {
        float v = u[i] = first ? d : momentum * u[i] + fresh * d;
        d = nesterov ? d + momentum * v : v;
    }
    p[i] = x - lr * d;
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

// --- Σ x² in f64: 256 blocks of 256 threads each add up their share, and one block joins them, in a fixed order.

DEVICE double block_sum_f64(double x, double *room) {
    room[threadIdx.x] = x;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (int(threadIdx.x) < half) room[threadIdx.x] += room[threadIdx.x + half];
        __syncthreads();
    }
    return room[0];
}

KERNEL optimizer_squares(const float *x, double *sums, int n) {
    SHARED(double, room, [256]);
    double sum = 0.0;
    for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) sum += double(x[i]) * x[i];
    sum = block_sum_f64(sum, room);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

KERNEL optimizer_squares_joined(const double *sums, double *sum, int n) {
    SHARED(double, room, [256]);
    double all = block_sum_f64(int(threadIdx.x) < n ? sums[threadIdx.x] : 0.0, room);
    if (threadIdx.x == 0) sum[0] = all;
}
