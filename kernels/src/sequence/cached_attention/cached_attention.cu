// Attention of one query for each sequence to rows of a table; see mod.rs. A place outside the table counts as none, where the CPU
// panics: a device cannot report it.
//
// The ladder:
//   cached_attention_plain          a thread for each element of y: it computes the scores of its head twice, once for the maximum and
//                                   once for the sum
//   cached_attention_64, 256, 1024  a block for each query and head, whose four warps share the places: the lanes of a warp hold the
//                                   query and the sum, up to that many elements, and each row of the table is read once; a running
//                                   softmax, whose four parts are joined in order at the end
//
// Bytes: 8 d for each place of each query and head. FLOPs: 4 d. The bound is memory, or the second-level cache for rows that hypotheses
// share.
#include "prelude.cuh"

DEVICE bool has(i64 place, int rows) { return place >= 0 && place < rows; }

KERNEL cached_attention_plain(const float *q, const float *kv, const i64 *places, float *y, int queries, int heads, int dim, int t,
                              int rows, float scale) {
    i64 i = i64(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i >= i64(queries) * heads * dim) return;
    i64 head = i / dim, width = i64(heads) * dim, first = head % heads * dim;
    const i64 *own = places + head / heads * t;
    float largest = -INFINITY, sum = 0.0f, y_sum = 0.0f;
    for (int turn = 0; turn < 2; ++turn)
        for (int j = 0; j < t; ++j) {
            if (!has(own[j], rows)) continue;
            const float *k = kv + own[j] * 2 * width + first, *v = k + width;
            float score = 0.0f;
            for (int c = 0; c < dim; ++c) score += q[head * dim + c] * k[c];
            score *= scale;
            if (turn == 0) {
                // NaN stays.
                largest = score > largest || score != score ? score : largest;
                continue;
            }
            float e = expf(score - (largest == -INFINITY ? 0.0f : largest));
            sum += e;
            y_sum += e * v[i % dim];
        }
    y[i] = sum == 0.0f ? y_sum : y_sum / sum;
}

#define WARPS 4

// A softmax over some places so far: the largest score, Σ e^(score − largest), and in the lanes of a warp Σ e^(score − largest) v.
template <int EACH> struct Running {
    float largest, sum, y[EACH];
    // What is subtracted from a score: any number but −∞ where there is none above it.
    DEVICE_MEMBER static float shift(float largest) { return largest == -INFINITY ? 0.0f : largest; }
    // With a larger maximum, all terms shrink by one factor.
    DEVICE_MEMBER void raise(float next) {
        float factor = expf(largest - shift(next));
        sum *= factor;
#pragma unroll
        for (int i = 0; i < EACH; ++i) y[i] *= factor;
        largest = next;
    }
};

template <int EACH>
DEVICE void attend(const float *q, const float *kv, const i64 *places, float *y, int heads, int dim, int t, int rows, float scale) {
    SHARED(float, totals, [WARPS][2]);
    SHARED(float, sums, [WARPS][EACH * WARP]);
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
    i64 head = blockIdx.x, width = i64(heads) * dim;
    places += head / heads * t;
    kv += head % heads * dim;
    float own[EACH];
    Running<EACH> all = {-INFINITY, 0.0f, {}};
#pragma unroll
    for (int i = 0; i < EACH; ++i) {
        int c = lane + i * WARP;
        own[i] = c < dim ? q[head * dim + c] : 0.0f;
        all.y[i] = 0.0f;
    }
    for (int j = warp; j < t; j += WARPS) {
        i64 place = places[j];
        if (!has(place, rows)) continue;
        const float *k = kv + place * 2 * width, *v = k + width;
        float score = 0.0f;
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            int c = lane + i * WARP;
            if (c < dim) score += own[i] * k[c];
        }
        score = warp_sum(score) * scale;
        if (score > all.largest || score != score) all.raise(score);
        float e = expf(score - Running<EACH>::shift(all.largest));
        all.sum += e;
#pragma unroll
        for (int i = 0; i < EACH; ++i) {
            int c = lane + i * WARP;
            if (c < dim) all.y[i] += e * v[c];
        }
    }
    if (lane == 0) totals[warp][0] = all.largest, totals[warp][1] = all.sum;
#pragma unroll
    for (int i = 0; i < EACH; ++i) sums[warp][lane + i * WARP] = all.y[i];
    __syncthreads();
    float largest = totals[0][0];
    for (int w = 1; w < WARPS; ++w) largest = totals[w][0] > largest || totals[w][0] != totals[w][0] ? totals[w][0] : largest;
    float factors[WARPS], sum = 0.0f;
#pragma unroll
    for (int w = 0; w < WARPS; ++w) {
        factors[w] = expf(totals[w][0] - Running<EACH>::shift(largest));
        sum += totals[w][1] * factors[w];
    }
    for (int c = threadIdx.x; c < dim; c += WARPS * WARP) {
        float y_sum = 0.0f;
#pragma unroll
        for (int w = 0; w < WARPS; ++w) y_sum += sums[w][c] * factors[w];
        y[head * dim + c] = sum == 0.0f ? y_sum : y_sum / sum;
    }
}

KERNEL cached_attention_64(const float *q, const float *kv, const i64 *places, float *y, int queries, int heads, int dim, int t,
                           int rows, float scale) {
    attend<2>(q, kv, places, y, heads, dim, t, rows, scale);
}
KERNEL cached_attention_256(const float *q, const float *kv, const i64 *places, float *y, int queries, int heads, int dim, int t,
                            int rows, float scale) {
    attend<8>(q, kv, places, y, heads, dim, t, rows, scale);
}
KERNEL cached_attention_1024(const float *q, const float *kv, const i64 *places, float *y, int queries, int heads, int dim, int t,
                             int rows, float scale) {
    attend<32>(q, kv, places, y, heads, dim, t, rows, scale);
}
