// Elements of one dtype converted to another, and copies between layouts.
//
// The ladder, for copies:
//   convert_copy_N        a thread for each element of N bytes, whose index is divided along the axes
//   convert_transpose_N   a matrix is transposed through tiles in shared memory, so that both reads and writes are contiguous
//
// Bytes: input and output, 8 for each f32. No FLOPs. The bound is memory. The tile has one unused column, so that a warp's 32 reads
// of a column use 32 banks. Registers are 32 or fewer, and the tile takes 4 KiB for a block of 256 threads, so that sm_80 and sm_90
// run as many threads as they can.
#include "prelude.cuh"

// --- From one dtype to another: to integers values are truncated and saturated; a bool is 1 where the value is not 0.

DEVICE double wide(float x) { return x; }
DEVICE double wide(double x) { return x; }
DEVICE double wide(bf16 x) { return widen(x); }
DEVICE double wide(f16 x) { return widen(x); }
DEVICE double wide(i64 x) { return double(x); }
DEVICE double wide(u32 x) { return x; }
DEVICE double wide(u8 x) { return x; }

DEVICE void narrow(double x, float &y) { y = float(x); }
DEVICE void narrow(double x, double &y) { y = x; }
DEVICE void narrow(double x, bf16 &y) { y = to_bf16(float(x)); }
DEVICE void narrow(double x, f16 &y) { y = to_f16(float(x)); }
DEVICE void narrow(double x, i64 &y) {
    y = x != x ? 0 : x >= 9223372036854775807.0 ? 9223372036854775807LL : x <= -9223372036854775808.0 ? -9223372036854775807LL - 1 : i64(x);
}
DEVICE void narrow(double x, u32 &y) { y = !(x > 0.0) ? 0u : x >= 4294967295.0 ? 4294967295u : u32(x); }
DEVICE void narrow(double x, u8 &y) { y = x != 0.0; }

template <class A, class B> DEVICE void cast(const A *x, B *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) narrow(wide(x[i]), y[i]);
}

KERNEL convert_f32_f64(const float *x, double *y, int n) { cast(x, y, n); }
KERNEL convert_f32_bf16(const float *x, bf16 *y, int n) { cast(x, y, n); }
KERNEL convert_f32_f16(const float *x, f16 *y, int n) { cast(x, y, n); }
KERNEL convert_f32_i64(const float *x, i64 *y, int n) { cast(x, y, n); }
KERNEL convert_f32_u32(const float *x, u32 *y, int n) { cast(x, y, n); }
KERNEL convert_f32_bool(const float *x, u8 *y, int n) { cast(x, y, n); }
KERNEL convert_f64_f32(const double *x, float *y, int n) { cast(x, y, n); }
KERNEL convert_bf16_f32(const bf16 *x, float *y, int n) { cast(x, y, n); }
KERNEL convert_f16_f32(const f16 *x, float *y, int n) { cast(x, y, n); }
KERNEL convert_i64_f32(const i64 *x, float *y, int n) { cast(x, y, n); }
KERNEL convert_u32_f32(const u32 *x, float *y, int n) { cast(x, y, n); }
KERNEL convert_bool_f32(const u8 *x, float *y, int n) { cast(x, y, n); }
KERNEL convert_bool_i64(const u8 *x, i64 *y, int n) { cast(x, y, n); }
KERNEL convert_i64_bool(const i64 *x, u8 *y, int n) { cast(x, y, n); }

// --- Between layouts. x is read and y is written at strides over one shape; a contiguous operand has the strides of the shape.

template <class T>
DEVICE void copy(const Dims &shape, const Dims &x_strides, const Dims &y_strides, const T *x, T *y, i64 offset, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[offset + place(i, shape, y_strides)] = x[place(i, shape, x_strides)];
}

KERNEL convert_copy_1(Dims shape, Dims x_strides, Dims y_strides, const u8 *x, u8 *y, i64 offset, int n) {
    copy(shape, x_strides, y_strides, x, y, offset, n);
}
KERNEL convert_copy_2(Dims shape, Dims x_strides, Dims y_strides, const u16 *x, u16 *y, i64 offset, int n) {
    copy(shape, x_strides, y_strides, x, y, offset, n);
}
KERNEL convert_copy_4(Dims shape, Dims x_strides, Dims y_strides, const u32 *x, u32 *y, i64 offset, int n) {
    copy(shape, x_strides, y_strides, x, y, offset, n);
}
KERNEL convert_copy_8(Dims shape, Dims x_strides, Dims y_strides, const u64 *x, u64 *y, i64 offset, int n) {
    copy(shape, x_strides, y_strides, x, y, offset, n);
}

// y [count, rows, cols] = x [count, cols, rows] transposed, of four bytes an element; matrices of x are `step` apart. A block of
// 32 × 8 threads transposes a tile of 32 × 32.
KERNEL convert_transpose_4(const u32 *x, u32 *y, int rows, int cols, i64 step) {
    SHARED(u32, tile, [32][33]);
    int across = threadIdx.x % 32, down = threadIdx.x / 32;
    x += blockIdx.z * step;
    y += i64(blockIdx.z) * rows * cols;
    // x has a row for each column of y.
    for (int i = down; i < 32; i += 8) {
        int row = blockIdx.y * 32 + across, col = blockIdx.x * 32 + i;
        if (row < rows && col < cols) tile[i][across] = x[i64(col) * rows + row];
    }
    __syncthreads();
    for (int i = down; i < 32; i += 8) {
        int row = blockIdx.y * 32 + i, col = blockIdx.x * 32 + across;
        if (row < rows && col < cols) y[i64(row) * cols + col] = tile[across][i];
    }
}
