// Scaled dot-product attention of queries [B, N, Tq, dim] to keys and values [B, N, Tk, dim], and its gradient; see mod.rs.
//
// The ladder:
//   attention_forward_plain  a thread for each query: scores of all keys twice, once for their sum, once for the values
//   attention_forward        a warp for each query, four in a block; 32 keys and values at a time lie in shared memory, a lane
//                            scores one of them; the sum of exponentials and the output are rescaled when the largest score
//                            grows, so that scores are never written
//   attention_backward_q     the same way through the keys for dq, with the scores computed anew from lse
//   attention_backward_kv    a warp for each key through the queries for dk and dv: no two warps write one number, so that no
//                            atomics are needed and results are the same on each run
//
// FLOPs: 4 B N Tq Tk dim forward, 14 backward (5 products, the scores twice). Bytes, at best: 16 B N T dim. At T = 256 and
// dim = 32 the bound is arithmetic; these kernels feed it from shared memory at one number a fused multiply-add, which is
// a quarter of the peak at most. Shared memory: 8 · 33 (dim + 1) bytes, 17 KB at dim = 64, which lets sm_80 hold nine
// blocks of 128 threads and sm_90 thirteen; registers let both hold ten forward, and backward nine for keys and, for
// queries, ten on sm_80 and five on sm_90.
//
// Source: Dao, "FlashAttention-2", 2023; the rescaled sum: Milakov, Gimelshein, 2018.
#include "prelude.cuh"

#define QUERIES 4  // warps of a block
#define EACH 8     // numbers of a row that a lane holds: rows of up to 256

// A [B, N, T, dim] array: rows lie without gaps, sentences, heads and rows at strides.
struct View {
    float *data;
    i64 batch, head, row;
};

DEVICE float *row_of(const View &x, int b, int h, int t) { return x.data + b * x.batch + h * x.head + t * x.row; }

struct Options {
    float scale;
    int causal;
    const u8 *mask;  // [B, Tk], 1 where a key may be attended to; null is all
    int drops;
    float p, kept;  // probabilities are dropped with p, the others multiplied by `kept`
    Stream stream;
    int heads, queries, keys, dim;
};

// How many keys a query may attend to, were it not for the mask.
DEVICE int visible(const Options &by, int query) { return by.causal ? min(by.keys, query + 1) : by.keys; }

DEVICE bool seen(const Options &by, int b, int query, int key) {
    return query < by.queries && key < visible(by, query) && (!by.mask || by.mask[i64(b) * by.keys + key]);
}

// What dropout multiplies a probability by.
DEVICE float factor(const Options &by, i64 row, int key) {
    if (!by.drops) return 1.0f;
    u64 index = u64(row) * by.keys + key;
    uint4 block = philox(by.stream, index / 4);
    u32 words[4] = {block.x, block.y, block.z, block.w};
    return float(words[index % 4] >> 8) * (1.0f / 16777216.0f) < by.p ? 0.0f : by.kept;
}

DEVICE float dot(const float *a, const float *b, int n) {
    float sum = 0.0f;
    for (int i = 0; i < n; ++i) sum = fmaf(a[i], b[i], sum);
    return sum;
}

#define OPTIONS                                                                                              \
    float scale, int causal, const u8 *mask, int drops, float p, float kept, Stream stream, int heads, \
        int queries, int keys, int dim
#define GIVEN \
    Options { scale, causal, mask, drops, p, kept, stream, heads, queries, keys, dim }

KERNEL attention_forward_plain(View q, View k, View v, View o, float *lse, OPTIONS) {
    Options by = GIVEN;
    int i = blockIdx.x * blockDim.x + threadIdx.x, h = blockIdx.y, b = blockIdx.z;
    if (i >= queries) return;
    i64 row = (i64(b) * heads + h) * queries + i;
    const float *query = row_of(q, b, h, i);
    float *out = row_of(o, b, h, i), largest = -INFINITY, sum = 0.0f;
    for (int c = 0; c < dim; ++c) out[c] = 0.0f;
    for (int j = 0; j < keys; ++j)
        if (seen(by, b, i, j)) largest = fmaxf(largest, scale * dot(query, row_of(k, b, h, j), dim));
    for (int j = 0; j < keys; ++j)
        if (seen(by, b, i, j)) sum += expf(scale * dot(query, row_of(k, b, h, j), dim) - largest);
    lse[row] = largest == -INFINITY ? largest : largest + logf(sum);
    for (int j = 0; j < keys; ++j) {
        if (!seen(by, b, i, j)) continue;
        float share = expf(scale * dot(query, row_of(k, b, h, j), dim) - lse[row]) * factor(by, row, j);
        for (int c = 0; c < dim; ++c) out[c] = fmaf(share, row_of(v, b, h, j)[c], out[c]);
    }
}

// Rows start..start + 32 of x to shared memory, zeros past the last. A column more than they use spreads the 32 rows over
// the banks.
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

KERNEL attention_forward(View q, View k, View v, View o, float *lse, OPTIONS) {
    DYN_SHARED(float, room);
    Options by = GIVEN;
    float *k_tile = room, *v_tile = k_tile + WARP * (dim + 1), *own = v_tile + WARP * (dim + 1);
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
        float now = fmaxf(largest, warp_max(score));
        if (now == -INFINITY) continue;
        float old = expf(largest - now), share = expf(score - now);
        sum = sum * old + warp_sum(share);
        largest = now;
#pragma unroll
        for (int r = 0; r < EACH; ++r) out[r] *= old;
        gather(out, share == 0.0f ? 0.0f : share * factor(by, row, j), v_tile, dim);
    }
    if (i >= queries) return;
#pragma unroll
    for (int r = 0; r < EACH; ++r)
        if (r * WARP + lane < dim) row_of(o, b, h, i)[r * WARP + lane] = sum == 0.0f ? 0.0f : out[r] / sum;
    if (lane == 0) lse[row] = sum == 0.0f ? -INFINITY : largest + logf(sum);
}

// dq, and delta [B, N, Tq] = dout · o for the other kernel.
KERNEL attention_backward_q(View q, View k, View v, View o, View dout, const float *lse, View dq, float *delta, OPTIONS) {
    DYN_SHARED(float, room);
    Options by = GIVEN;
    float *k_tile = room, *v_tile = k_tile + WARP * (dim + 1), *own = v_tile + WARP * (dim + 1);
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
        if (seen(by, b, i, j) && total > -INFINITY) {
            float share = expf(scale * dot(query, k_tile + lane * (dim + 1), dim) - total);
            ds = scale * share * (factor(by, row, j) * dot(up, v_tile + lane * (dim + 1), dim) - d);
        }
        gather(sum, ds, k_tile, dim);
    }
    if (!real) return;
#pragma unroll
    for (int r = 0; r < EACH; ++r)
        if (r * WARP + lane < dim) row_of(dq, b, h, i)[r * WARP + lane] = sum[r];
}

KERNEL attention_backward_kv(View q, View k, View v, View dout, const float *lse, const float *delta, View dk, View dv,
                             OPTIONS) {
    DYN_SHARED(float, room);
    Options by = GIVEN;
    float *q_tile = room, *up_tile = q_tile + WARP * (dim + 1), *own = up_tile + WARP * (dim + 1);
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
        if (real && seen(by, b, i, j) && lse[row] > -INFINITY) {
            float share = expf(scale * dot(q_tile + lane * (dim + 1), key, dim) - lse[row]), keep = factor(by, row, j);
            kept_share = share * keep;
            ds = scale * share * (keep * dot(up_tile + lane * (dim + 1), value, dim) - delta[row]);
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
