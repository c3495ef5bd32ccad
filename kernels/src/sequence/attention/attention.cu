// Scaled dot-product attention of queries [B, N, Tq, dim] to keys and values [B, N, Tk, dim], and its gradient; see mod.rs.
//
// The ladder:
//   attention_forward_plain    a thread for each query: scores of all keys twice, once for their sum, once for the values
//   attention_forward_warp     a warp for each query, four in a block; 32 keys and values at a time are in shared memory, and
//                              each lane scores one key; the sum of exponentials and the output are rescaled when the largest
//                              score grows, so that scores are never written. Each value that is read is used once
//   attention_backward_q_warp  the same loop over keys for dq, with the probabilities recomputed from q, k and lse
//   attention_backward_kv_warp a warp for each key loops over queries for dk and dv: no two warps write the same element, so
//                              that no atomics are needed and results are the same on each run
//   attention_tiles.cu         the same three in tiles, for heads of up to 64 elements
//
// FLOPs: 4 B N Tq Tk dim forward, 14 backward (5 matmuls, two of them computed twice). Bytes, at best: 16 B N T dim.
//
// The kernels with a warp for each row take 17 KB of shared memory at dim = 64, which allows nine blocks of 128 threads on sm_80
// and thirteen on sm_90. Registers allow ten forward on both; backward nine for keys and, for queries, ten on sm_80 and five on
// sm_90.
//
// Source of the rescaled sum: Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018.
#include "attention.cuh"

#define QUERIES 4  // warps of a block
#define EACH 8     // elements of a row that a lane holds: rows of up to 256

// A value of a key after dropout: 0 where it is dropped, even if it is NaN.
DEVICE float kept_of(const Options &by, i64 row, int key, float x) {
    if (!by.drops) return x;
    u64 index = u64(row) * by.keys + key;
    uint4 block = philox(by.stream, index / 4);
    u32 words[4] = {block.x, block.y, block.z, block.w};
    return float(words[index % 4] >> 8) * (1.0f / 16777216.0f) < by.p ? 0.0f : x * by.kept;
}

// The larger of two; NaN wins, as in warp_max.
DEVICE float larger(float x, float y) { return y > x || y != y ? y : x; }

DEVICE float dot(const float *a, const float *b, int n) {
    float sum = 0.0f;
    for (int i = 0; i < n; ++i) sum = fmaf(a[i], b[i], sum);
    return sum;
}

KERNEL attention_forward_plain(View q, View k, View v, View o, float *lse, OPTIONS) {
    Options by = GIVEN;
    int i = blockIdx.x * blockDim.x + threadIdx.x, h = blockIdx.y, b = blockIdx.z;
    if (i >= queries) return;
    i64 row = (i64(b) * heads + h) * queries + i;
    const float *query = row_of(q, b, h, i);
    float *out = row_of(o, b, h, i), largest = -INFINITY, sum = 0.0f;
    for (int c = 0; c < dim; ++c) out[c] = 0.0f;
    for (int j = 0; j < keys; ++j)
        if (seen(by, b, i, j)) largest = larger(largest, scale * dot(query, row_of(k, b, h, j), dim));
    for (int j = 0; j < keys; ++j)
        if (seen(by, b, i, j)) sum += expf(scale * dot(query, row_of(k, b, h, j), dim) - largest);
    lse[row] = largest == -INFINITY ? largest : largest + logf(sum);
    for (int j = 0; j < keys; ++j) {
        if (!seen(by, b, i, j)) continue;
        float share = kept_of(by, row, j, expf(scale * dot(query, row_of(k, b, h, j), dim) - lse[row]));
        for (int c = 0; c < dim; ++c) out[c] = fmaf(share, row_of(v, b, h, j)[c], out[c]);
    }
}

// Copies rows start..start + 32 of x to shared memory, with zeros past the last. One unused column spreads the 32 rows over the
// banks.
DEVICE void load(const View &x, float *tile, int b, int h, int start, int rows, int dim) {
    for (int i = threadIdx.x; i < WARP * dim; i += blockDim.x) {
        int j = i / dim, c = i % dim;
        tile[j * (dim + 1) + c] = start + j < rows ? row_of(x, b, h, start + j)[c] : 0.0f;
    }
}

// sum[r] += Σ over lanes of weight · tile[lane][32 r + this lane].
DEVICE void gather(float (&sum)[EACH], float weight, const float *tile, int dim) {
    int lane = threadIdx.x % WARP;
    for (int j = 0; j < WARP; ++j) {
        float w = __shfl_sync(ALL_LANES, weight, j);
#pragma unroll
        for (int r = 0; r < EACH; ++r)
            if (r * WARP + lane < dim) sum[r] = fmaf(w, tile[j * (dim + 1) + r * WARP + lane], sum[r]);
    }
}

KERNEL attention_forward_warp(View q, View k, View v, View o, float *lse, OPTIONS) {
    DYN_SHARED(float, scratch);
    Options by = GIVEN;
    float *k_tile = scratch, *v_tile = k_tile + WARP * (dim + 1), *own = v_tile + WARP * (dim + 1);
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, h = blockIdx.y, b = blockIdx.z;
    int first = blockIdx.x * QUERIES, i = first + warp;
    i64 row = (i64(b) * heads + h) * queries + i;
    float *query = own + warp * dim;
    for (int c = lane; c < dim; c += WARP) query[c] = i < queries ? row_of(q, b, h, i)[c] : 0.0f;
    float largest = -INFINITY, sum = 0.0f, out[EACH] = {};
    // The block's last query sees the most keys.
    int most = visible(by, min(queries, first + QUERIES) - 1);
    for (int start = 0; start < most; start += WARP) {
        __syncthreads();
        load(k, k_tile, b, h, start, keys, dim);
        load(v, v_tile, b, h, start, keys, dim);
        __syncthreads();
        int j = start + lane;
        float score = seen(by, b, i, j) ? scale * dot(query, k_tile + lane * (dim + 1), dim) : -INFINITY;
        float now = larger(largest, warp_max(score));
        if (now == -INFINITY) continue;
        float old = expf(largest - now), share = expf(score - now);
        sum = sum * old + warp_sum(share);
        largest = now;
#pragma unroll
        for (int r = 0; r < EACH; ++r) out[r] *= old;
        gather(out, share == 0.0f ? 0.0f : kept_of(by, row, j, share), v_tile, dim);
    }
    if (i >= queries) return;
#pragma unroll
    for (int r = 0; r < EACH; ++r)
        if (r * WARP + lane < dim) row_of(o, b, h, i)[r * WARP + lane] = sum == 0.0f ? 0.0f : out[r] / sum;
    if (lane == 0) lse[row] = sum == 0.0f ? -INFINITY : largest + logf(sum);
}

// dq, and delta [B, N, Tq] = dout · o for the other kernel.
KERNEL attention_backward_q_warp(View q, View k, View v, View o, View dout, const float *lse, View dq, float *delta, OPTIONS) {
    DYN_SHARED(float, scratch);
    Options by = GIVEN;
    float *k_tile = scratch, *v_tile = k_tile + WARP * (dim + 1), *own = v_tile + WARP * (dim + 1);
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, h = blockIdx.y, b = blockIdx.z;
    int first = blockIdx.x * QUERIES, i = first + warp;
    bool real = i < queries;
    i64 row = (i64(b) * heads + h) * queries + i;
    float *query = own + warp * 2 * dim, *up = query + dim, d = 0.0f;
    for (int c = lane; c < dim; c += WARP) {
        query[c] = real ? row_of(q, b, h, i)[c] : 0.0f;
        up[c] = real ? row_of(dout, b, h, i)[c] : 0.0f;
        d += real ? up[c] * row_of(o, b, h, i)[c] : 0.0f;
    }
    d = warp_sum(d);
    if (real && lane == 0) delta[row] = d;
    float total = real ? lse[row] : -INFINITY, sum[EACH] = {};
    int most = visible(by, min(queries, first + QUERIES) - 1);
    for (int start = 0; start < most; start += WARP) {
        __syncthreads();
        load(k, k_tile, b, h, start, keys, dim);
        load(v, v_tile, b, h, start, keys, dim);
        __syncthreads();
        int j = start + lane;
        float ds = 0.0f;
        if (seen(by, b, i, j) && total != -INFINITY) {
            float share = expf(scale * dot(query, k_tile + lane * (dim + 1), dim) - total);
            ds = scale * slope(share, kept_of(by, row, j, dot(up, v_tile + lane * (dim + 1), dim)), d);
        }
        gather(sum, ds, k_tile, dim);
    }
    if (!real) return;
#pragma unroll
    for (int r = 0; r < EACH; ++r)
        if (r * WARP + lane < dim) row_of(dq, b, h, i)[r * WARP + lane] = sum[r];
}

KERNEL attention_backward_kv_warp(View q, View k, View v, View dout, const float *lse, const float *delta, View dk, View dv,
                             OPTIONS) {
    DYN_SHARED(float, scratch);
    Options by = GIVEN;
    float *q_tile = scratch, *up_tile = q_tile + WARP * (dim + 1), *own = up_tile + WARP * (dim + 1);
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, h = blockIdx.y, b = blockIdx.z;
    int j = blockIdx.x * QUERIES + warp;
    bool real = j < keys;
    float *key = own + warp * 2 * dim, *value = key + dim;
    for (int c = lane; c < dim; c += WARP) {
        key[c] = real ? row_of(k, b, h, j)[c] : 0.0f;
        value[c] = real ? row_of(v, b, h, j)[c] : 0.0f;
    }
    float of_k[EACH] = {}, of_v[EACH] = {};
    for (int start = 0; start < queries; start += WARP) {
        __syncthreads();
        load(q, q_tile, b, h, start, queries, dim);
        load(dout, up_tile, b, h, start, queries, dim);
        __syncthreads();
        int i = start + lane;
        i64 row = (i64(b) * heads + h) * queries + i;
        float ds = 0.0f, kept_share = 0.0f;
        if (real && seen(by, b, i, j) && lse[row] != -INFINITY) {
            float share = expf(scale * dot(q_tile + lane * (dim + 1), key, dim) - lse[row]);
            kept_share = kept_of(by, row, j, share);
            ds = scale * slope(share, kept_of(by, row, j, dot(up_tile + lane * (dim + 1), value, dim)), delta[row]);
        }
        gather(of_k, ds, q_tile, dim);
        gather(of_v, kept_share, up_tile, dim);
    }
    if (!real) return;
#pragma unroll
    for (int r = 0; r < EACH; ++r)
        if (r * WARP + lane < dim) {
            row_of(dk, b, h, j)[r * WARP + lane] = of_k[r];
            row_of(dv, b, h, j)[r * WARP + lane] = of_v[r];
        }
}
