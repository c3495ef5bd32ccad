// Rows and elements by index. An index outside its axis gives NaN (0 for integers) or is ignored, where the CPU panics: a
// device cannot report it.
//
// The ladder, for the sum of rows by index:
//   index_scatter_plain   a thread for each element of the table searches all indices
//   index_scatter         a block for each index: the first block of a row adds the later ones of that row in order, so that
//                         the sum is the same on every run, which atomics would not guarantee
//
// Bytes: a row in and out for each index. The search for an index reads all indices, from the second-level cache: for 16 Ki indices
// this takes 0.3 ms at 1 TB/s, little compared with the work on the rows. There is one addition for each element; the bound is
// memory. Registers are 32 or fewer, so that sm_80 and sm_90 run as many threads as they can.
#include "prelude.cuh"

// y[n, :] = table[ids[n], :], for elements of four bytes, of eight and of one.
template <class T> DEVICE void gather(const T *table, const i64 *ids, T *y, int rows, int cols, int n, T none) {
    int i = blockIdx.x;
    i64 id = ids[i];
    bool known = id >= 0 && id < rows;
    for (int c = threadIdx.x; c < cols; c += blockDim.x) y[i64(i) * cols + c] = known ? table[id * cols + c] : none;
}

KERNEL index_gather_4(const u32 *table, const i64 *ids, u32 *y, int rows, int cols, int n) {
    gather(table, ids, y, rows, cols, n, 0x7fc00000u);
}
KERNEL index_gather_8(const u64 *table, const i64 *ids, u64 *y, int rows, int cols, int n) {
    gather(table, ids, y, rows, cols, n, u64(0));
}
KERNEL index_gather_1(const u8 *table, const i64 *ids, u8 *y, int rows, int cols, int n) {
    gather(table, ids, y, rows, cols, n, u8(0));
}

KERNEL index_scatter_plain(const i64 *ids, const float *dy, float *y, int rows, int cols, int n) {
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(rows) * cols) return;
    float sum = y[i];
    for (int j = 0; j < n; ++j)
        if (ids[j] == i / cols) sum += dy[i64(j) * cols + i % cols];
    y[i] = sum;
}

KERNEL index_scatter(const i64 *ids, const float *dy, float *y, int rows, int cols, int n) {
    int first = blockIdx.x;
    i64 id = ids[first];
    bool taken = id < 0 || id >= rows;
    for (int j = threadIdx.x; j < first; j += blockDim.x) taken = taken || ids[j] == id;
    if (__syncthreads_or(taken)) return;
    for (int c = threadIdx.x; c < cols; c += blockDim.x) {
        float sum = y[id * cols + c];
        for (int j = first; j < n; ++j)
            if (ids[j] == id) sum += dy[i64(j) * cols + c];
        y[id * cols + c] = sum;
    }
}

// y[r, m] = x[r, ids[r, m]].
template <class T> DEVICE void take(const T *x, const i64 *ids, T *y, int k, int m, int n, T none) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    i64 id = ids[i];
    y[i] = id >= 0 && id < k ? x[i64(i / m) * k + id] : none;
}

KERNEL index_take_4(const u32 *x, const i64 *ids, u32 *y, int k, int m, int n) { take(x, ids, y, k, m, n, 0x7fc00000u); }
KERNEL index_take_8(const u64 *x, const i64 *ids, u64 *y, int k, int m, int n) { take(x, ids, y, k, m, n, u64(0)); }
KERNEL index_take_1(const u8 *x, const i64 *ids, u8 *y, int k, int m, int n) { take(x, ids, y, k, m, n, u8(0)); }

// x[r, ids[r, m]] += dy[r, m] in the order of m: a thread for each row, which no other thread writes.
KERNEL index_put(const float *dy, const i64 *ids, float *x, int k, int m, int rows) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    for (int j = 0; j < m; ++j) {
        i64 id = ids[i64(r) * m + j];
        if (id >= 0 && id < k) x[i64(r) * k + id] += dy[i64(r) * m + j];
    }
}
