// Convolution over time, y [B, T', O] from x [B, T, C] and w [O, C, k]; see mod.rs.
//
// The ladder:
//   conv1d_forward_plain  a thread for each element of y: the definition
//   gemm.cu, tensor_cores.cu  an implicit matmul: the matrix of all windows is x itself with rows C apart, so that every rung of
//                         the matmul is a rung of the convolution and of its two gradients; cuda.rs has the strides
//
// FLOPs: 2 B T' O C k each. Bytes, at best: 4 (B T C + O C k + B T' O). A window's elements are read from memory once and k
// times from the caches. The plain kernel has 32 registers, so that sm_80 and sm_90 run as many threads as they can; gemm.cu and
// tensor_cores.cu state theirs.
#include "prelude.cuh"

KERNEL conv1d_forward_plain(const float *x, const float *w, const float *bias, float *y, int time, int channels,
                            int filters, int window, int padding, int windows, int results) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= results) return;
    int o = i % filters, t = i / filters % windows, b = i / filters / windows;
    float sum = 0.0f;
    for (int j = 0; j < window; ++j) {
        int at = t + j - padding;
        for (int c = 0; c < channels && at >= 0 && at < time; ++c)
            sum = fmaf(w[(i64(o) * channels + c) * window + j], x[(i64(b) * time + at) * channels + c], sum);
    }
    y[i] = sum + bias[o];
}
