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
//   attention_forward_32, _64; attention_backward_q_..., attention_backward_kv_...
//                              the same three in tiles, for heads of up to 32 or 64 elements: 64 queries or keys stay in shared
//                              memory, two threads for each, and tiles of 64 (32 backward at 64) of the others are read one
//                              after the other. A thread keeps four rows of scores and of the output in registers, so that
//                              each value that it reads is used four or eight times. The next tile is fetched meanwhile. Rows
//                              are read and written four elements at a time; other rows are copied and padded by the launch
// Heads of more than 64 elements take a warp for each row: tiles of 128 would work, but double the time of NVRTC.
//
// FLOPs: 4 B N Tq Tk dim forward, 14 backward (5 products, two of them twice). Bytes, at best: 16 B N T dim. At T = 256 and
// dim = 32 the bound is arithmetic. In tiles about four fifths of a warp's instructions are multiply-adds. The reads from shared
// memory take as many cycles as these at dim = 32, and three quarters of them forward at 64.
//
//                          32                64
//                    forward backward  forward backward
//   registers            168      168      226      168
//   shared memory, KB   33.8     42.5     57.8     58.2
//   blocks, sm_80          3        3        2        2   of 128 threads
//   blocks, sm_90          3        3        2        3
//
// The kernels with a warp for each row take 17 KB at dim = 64, which allows nine blocks of 128 threads on sm_80 and thirteen on
// sm_90. Registers allow ten forward on both; backward nine for keys and, for queries, ten on sm_80 and five on sm_90.
//
// Source: Dao, "FlashAttention-2", 2023; the rescaled sum: Milakov, Gimelshein, 2018.
#include "prelude.cuh"

// --- A thread for each query; a warp for each row.

#define QUERIES 4  // warps of a block
#define EACH 8     // numbers of a row that a lane holds: rows of up to 256

// A [B, N, T, dim] array: elements of a row are contiguous; sentences, heads and rows have strides.
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

// What dropout makes of a number of a key: 0 where it is dropped, be it NaN.
DEVICE float kept_of(const Options &by, i64 row, int key, float x) {
    if (!by.drops) return x;
    u64 index = u64(row) * by.keys + key;
    uint4 block = philox(by.stream, index / 4);
    u32 words[4] = {block.x, block.y, block.z, block.w};
    return float(words[index % 4] >> 8) * (1.0f / 16777216.0f) < by.p ? 0.0f : x * by.kept;
}

// The larger of two; NaN wins, as in warp_max.
DEVICE float larger(float x, float y) { return y > x || y != y ? y : x; }

// dS / scale of a probability: 0 where that is 0, whatever the values there are.
DEVICE float slope(float share, float dshare, float delta) { return share == 0.0f ? 0.0f : share * (dshare - delta); }

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

KERNEL attention_forward_warp(View q, View k, View v, View o, float *lse, OPTIONS) {
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

// --- Tiles. Queries or keys go by rows, of which a block takes 32 or 64; what they meet goes by columns, a tile of 32 or 64
// after the other. A thread makes 4 × 4 or 4 × 8 scores at once, and four rows of the output. It reads shared memory four
// numbers at a time, and each number that it has read serves four multiply-adds or more.

#define SIDE 4     // rows of a thread, and columns of it that lie together
#define ACROSS 32  // columns of the eight threads that share rows: each has four of every 32
#define BAND 16    // rows of a warp

struct Four {
    float x[4];
};

DEVICE Four four(const float *p) {
    float4 x = *reinterpret_cast<const float4 *>(p);
    return Four{{x.x, x.y, x.z, x.w}};
}

DEVICE void put_four(float *p, const Four &x) {
    *reinterpret_cast<float4 *>(p) = make_float4(x.x[0], x.x[1], x.x[2], x.x[3]);
}

// A thread's place: the threads of a warp stand four down and eight across. When each reads 16 bytes, shared memory serves
// half a warp at once if neighbours in pairs, i and i + 1 or i and i + 2, want the same: here the former share columns and the
// latter rows.
struct Spot {
    int group, column;  // which four rows of the block's, and the first of four columns
    DEVICE_MEMBER Spot() {
        int lane = threadIdx.x % WARP;
        group = threadIdx.x / WARP * (BAND / SIDE) + (lane & 1) + lane / 16 * 2;
        column = lane / 2 % 8 * SIDE;
    }
};

// Over the eight threads that share rows.
DEVICE float sum_across(float x) {
#pragma unroll
    for (int lanes = 2; lanes < 16; lanes *= 2) x += __shfl_xor_sync(ALL_LANES, x, lanes);
    return x;
}

DEVICE float max_across(float x) {
#pragma unroll
    for (int lanes = 2; lanes < 16; lanes *= 2) x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, lanes));
    return x;
}

// How far column c of a thread is from its first.
DEVICE constexpr int across(int c) { return c / SIDE * ACROSS + c % SIDE; }

// The numbers of four rows of a tile in shared memory, and a gap, so that no two of eight threads which read rows four apart
// meet in a bank.
template <int DIM> DEVICE constexpr int four_rows() { return SIDE * DIM + 4; }

// Where a row of a tile begins. Row a + b begins at the sum of both places, where a is a power of two times a number and b is
// less than that power.
template <int DIM> DEVICE constexpr int place(int row) { return row / SIDE * four_rows<DIM>() + row % SIDE * DIM; }

// Those of weights, of 32 columns: eight threads write to two of these at once, and find the banks apart.
#define FOUR_WEIGHTS (SIDE * ACROSS + 16)

// The rows of one head, which begin and end at a multiple of 16 bytes: the launch sees to that.
struct Head {
    float *data;
    i64 row;
    int dim;
};

DEVICE Head head_of(const View &x, int b, int h, int dim) { return Head{row_of(x, b, h, 0), x.row, dim}; }

// Columns c .. c + 4 of a row, zeros past the last.
DEVICE Four read(const Head &x, int row, int c) {
    return c < x.dim ? four(x.data + row * x.row + c) : Four{};
}

DEVICE void write(const Head &x, int row, int c, const Four &y) {
    if (c < x.dim) put_four(x.data + row * x.row + c, y);
}

// A thread's columns of a row, multiplied; or zeros.
template <int DIM>
DEVICE void write_row(const Head &x, int row, int column, const float (&y)[DIM / 8], float factor, bool real = true) {
#pragma unroll
    for (int n = 0; n < DIM / 8; n += SIDE) {
        Four part;
#pragma unroll
        for (int e = 0; e < 4; ++e) part.x[e] = real ? y[n + e] * factor : 0.0f;
        write(x, row, column + across(n), part);
    }
}

// A thread's share of ROWS rows of a head on their way from memory to a tile.
template <int ROWS, int DIM, int THREADS> struct Load {
    static constexpr int PLACES = DIM / 4, STEP = THREADS / PLACES;
    Four x[ROWS / STEP];

    // From row `start` on; zeros from row `end` on, and past the last column.
    DEVICE_MEMBER void fetch(const Head &from, int start, int end) {
        int row = start + threadIdx.x / PLACES, c = threadIdx.x % PLACES * 4;
        const float *p = from.data + row * from.row + c;
        i64 step = from.row * STEP;
#pragma unroll
        for (int i = 0; i < ROWS / STEP; ++i, p += step)
            x[i] = row + STEP * i < end && c < from.dim ? four(p) : Four{};
    }

    DEVICE_MEMBER void lay(float *tile, float factor = 1.0f) const {
        float *p = tile + place<DIM>(threadIdx.x / PLACES) + threadIdx.x % PLACES * 4;
#pragma unroll
        for (int i = 0; i < ROWS / STEP; ++i) {
            Four y = x[i];
#pragma unroll
            for (int e = 0; e < 4; ++e) y.x[e] *= factor;
            put_four(p + place<DIM>(STEP * i), y);
        }
    }
};

// sum[r][c] += row r of `left` · row c of `right`, for the thread's rows of one tile and, as columns, of another.
template <int DIM, int COLUMNS>
DEVICE void multiply(float (&sum)[SIDE][COLUMNS], const float *left, const float *right) {
#pragma unroll(DIM > 32 ? 4 : 2)
    for (int d = 0; d < DIM; d += 4) {
        Four x[SIDE], y[SIDE];
#pragma unroll
        for (int r = 0; r < SIDE; ++r) x[r] = four(left + place<DIM>(r) + d);
#pragma unroll
        for (int n = 0; n < COLUMNS; n += SIDE) {
#pragma unroll
            for (int c = 0; c < SIDE; ++c) y[c] = four(right + place<DIM>(across(n + c)) + d);
#pragma unroll
            for (int e = 0; e < 4; ++e)
#pragma unroll
                for (int c = 0; c < SIDE; ++c)
#pragma unroll
                    for (int r = 0; r < SIDE; ++r) sum[r][n + c] = fmaf(x[r].x[e], y[c].x[e], sum[r][n + c]);
        }
    }
}

// sum[r][c] += Σ over 32 rows j of `tile` of weights[r][j] · tile[j][c], for the thread's columns.
template <int DIM> DEVICE void gather_tile(float (&sum)[SIDE][DIM / 8], const float *weights, const float *tile) {
#pragma unroll(DIM > 32 ? 2 : 4)
    for (int j = 0; j < ACROSS; j += SIDE) {
        Four w[SIDE];
#pragma unroll
        for (int r = 0; r < SIDE; ++r) w[r] = four(weights + r * ACROSS + j);
#pragma unroll
        for (int e = 0; e < SIDE; ++e)
#pragma unroll
            for (int n = 0; n < DIM / 8; n += SIDE) {
                Four y = four(tile + place<DIM>(j) + e * DIM + across(n));
#pragma unroll
                for (int r = 0; r < SIDE; ++r)
#pragma unroll
                    for (int c = 0; c < SIDE; ++c) sum[r][n + c] = fmaf(w[r].x[e], y.x[c], sum[r][n + c]);
            }
    }
}

// Columns n .. n + 4 of a thread's to shared memory, for its warp.
template <int COLUMNS> DEVICE void lay_weights(float *weights, const float (&x)[SIDE][COLUMNS], int column, int n = 0) {
    __syncwarp();
#pragma unroll
    for (int r = 0; r < SIDE; ++r)
        put_four(weights + r * ACROSS + column, Four{{x[r][n], x[r][n + 1], x[r][n + 2], x[r][n + 3]}});
    __syncwarp();
}

// Which of the four probabilities of a Philox block are kept, a bit for each.
DEVICE u32 kept_of_block(const Options &by, u64 block) {
    uint4 words = philox(by.stream, block);
    u32 word[4] = {words.x, words.y, words.z, words.w}, kept = 0;
#pragma unroll
    for (int e = 0; e < 4; ++e) kept |= u32(!(float(word[e] >> 8) * (1.0f / 16777216.0f) < by.p)) << e;
    return kept;
}

// In how many Philox blocks a row's probabilities of four keys lie, from a multiple of four on. The loops over these stand
// around those over rows: in them Philox is compiled once, and its keys are made once for all rows.
DEVICE int blocks_of_four(const Options &by) { return by.keys % 4 == 0 ? 1 : 2; }

// Which of them are kept, as far as the first of these blocks says, 0, or the second, 1.
DEVICE u32 kept_of_four(const Options &by, i64 row, int key, int block) {
    u64 index = u64(row) * by.keys + key;
    return kept_of_block(by, index / 4 + block) << 4 * block >> index % 4 & 15u;
}

// The tile of rows of this block. Under a causal mask they have unequally much to do: the first half of the blocks takes the
// longest, the longest first, the others the shortest, the shortest first, so that two that share a multiprocessor have about
// as much to do as any other two.
DEVICE int tile_of_block(bool causal, bool last_is_longest) {
    int tiles = gridDim.y, half = (tiles + 1) / 2, y = blockIdx.y;
    if (!causal) return y;
    int longer = y < half ? y : tiles - 1 - (y - half);
    return last_is_longest ? tiles - 1 - longer : longer;
}

#define LOG2_E 1.44269504f
#define LN_2 0.693147181f

// A bit for each of the thread's columns: whether that key may be attended to.
template <int COLUMNS> DEVICE u32 open_keys(const Options &by, int b, int first) {
    u32 open = 0;
    bool there[COLUMNS];
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c)
        there[c] = !by.mask || by.mask[i64(b) * by.keys + min(first + across(c), by.keys - 1)];
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c) open |= u32(there[c] && first + across(c) < by.keys) << c;
    return open;
}

// Scores of queries, by rows, and keys, by columns, that may not attend are −∞.
template <int COLUMNS>
DEVICE void close(float (&score)[SIDE][COLUMNS], const Options &by, u32 open, int query, int key) {
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c)
#pragma unroll
        for (int r = 0; r < SIDE; ++r)
            if (!(open >> c & 1) || (by.causal && key + across(c) > query + r)) score[r][c] = -INFINITY;
}

// Scores of keys, by rows, and queries, by columns, that come before them are −∞.
template <int COLUMNS> DEVICE void close_later(float (&score)[SIDE][COLUMNS], int query, int key) {
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c)
#pragma unroll
        for (int r = 0; r < SIDE; ++r)
            if (key + r > query + across(c)) score[r][c] = -INFINITY;
}

// The options with the stream that `later` leads to: a loop that asks whether there is one would be compiled twice.
DEVICE Options settled(Options by) {
    if (by.stream.later) by.stream.stream += *by.stream.later;
    by.stream.later = nullptr;
    return by;
}

// By what dropout multiplies the probabilities of rows of queries and columns of keys, bit COLUMNS · r + c where it is not 0.
template <int COLUMNS> DEVICE u32 kept_in_rows(const Options &given, i64 row, int key) {
    const Options by = settled(given);
    u32 kept = 0;
#pragma unroll 1
    for (int block = 0; block < blocks_of_four(by); ++block)
#pragma unroll 1
        for (int i = 0; i < SIDE * COLUMNS / 4; ++i)
            kept |= kept_of_four(by, row + i / (COLUMNS / 4), key + i % (COLUMNS / 4) * ACROSS, block) << 4 * i;
    return kept;
}

// The same where queries go by columns and keys by rows, bit SIDE · c + r.
template <int COLUMNS> DEVICE u32 kept_in_columns(const Options &given, i64 row, int key) {
    const Options by = settled(given);
    u32 kept = 0;
#pragma unroll 1
    for (int block = 0; block < blocks_of_four(by); ++block)
#pragma unroll 1
        for (int c = 0; c < COLUMNS; ++c) kept |= kept_of_four(by, row + across(c), key, block) << SIDE * c;
    return kept;
}

template <int DIM, int TILE, int WARPS>
DEVICE void forward(float *room, const View &q, const View &k, const View &v, const View &o, float *lse,
                    const Options &by) {
    constexpr int ROWS = BAND * WARPS, THREADS = WARP * WARPS, COLUMNS = TILE / 8;
    float *q_tile = room, *k_tile = q_tile + place<DIM>(ROWS);
    float *v_tile = k_tile + place<DIM>(TILE), *all_weights = v_tile + place<DIM>(TILE);
    const Spot at;
    int b = blockIdx.x / by.heads, h = blockIdx.x % by.heads, first = ROWS * tile_of_block(by.causal, true);
    int query = first + SIDE * at.group;
    i64 row = i64(blockIdx.x) * by.queries + query;
    const Head keys = head_of(k, b, h, by.dim), values = head_of(v, b, h, by.dim);
    const float *q_rows = q_tile + place<DIM>(SIDE * at.group);
    float *weights = all_weights + at.group * FOUR_WEIGHTS;
    // Scores are multiplied by log₂ e, for powers of two cost less.
    {
        Load<ROWS, DIM, THREADS> share;
        share.fetch(head_of(q, b, h, by.dim), first, by.queries);
        share.lay(q_tile, by.scale * LOG2_E);
    }
    // The block's last query sees the most keys.
    int most = visible(by, min(by.queries, first + ROWS) - 1);
    Load<TILE, DIM, THREADS> next;
    next.fetch(keys, 0, most);
    next.lay(k_tile);
    float largest[SIDE], sum[SIDE] = {}, out[SIDE][DIM / 8] = {};
#pragma unroll
    for (int r = 0; r < SIDE; ++r) largest[r] = -INFINITY;
    for (int start = 0; start < most; start += TILE) {
        __syncthreads();
        next.fetch(values, start, most);
        u32 open = open_keys<COLUMNS>(by, b, start + at.column);
        float score[SIDE][COLUMNS] = {};
        multiply<DIM>(score, q_rows, k_tile + place<DIM>(at.column));
        next.lay(v_tile);
        bool edge = by.causal && start + TILE - 1 > first;
        if (edge || __any_sync(ALL_LANES, open != (1u << COLUMNS) - 1)) close(score, by, open, query, start + at.column);
#pragma unroll
        for (int r = 0; r < SIDE; ++r) {
            float now = score[r][0];
#pragma unroll
            for (int c = 1; c < COLUMNS; ++c) now = fmaxf(now, score[r][c]);
            now = fmaxf(largest[r], max_across(now));
            // A row that has seen no key yet: all shares are 0.
            float base = now == -INFINITY ? 0.0f : now, old = exp2f(largest[r] - base);
            largest[r] = now;
            sum[r] *= old;
#pragma unroll
            for (int c = 0; c < COLUMNS; ++c) {
                score[r][c] = exp2f(score[r][c] - base);
                sum[r] += score[r][c];
            }
#pragma unroll
            for (int c = 0; c < DIM / 8; ++c) out[r][c] *= old;
        }
        if (by.drops) {
            u32 kept = kept_in_rows<COLUMNS>(by, row, start + at.column);
#pragma unroll
            for (int r = 0; r < SIDE; ++r)
#pragma unroll
                for (int c = 0; c < COLUMNS; ++c) score[r][c] = kept >> (COLUMNS * r + c) & 1 ? score[r][c] * by.kept : 0.0f;
        }
        __syncthreads();
        next.fetch(keys, start + TILE, most);
#pragma unroll
        for (int n = 0; n < COLUMNS; n += SIDE) {
            lay_weights(weights, score, at.column, n);
            gather_tile<DIM>(out, weights, v_tile + place<DIM>(across(n)) + at.column);
        }
        next.lay(k_tile);
    }
    const Head to = head_of(o, b, h, by.dim);
#pragma unroll
    for (int r = 0; r < SIDE; ++r) {
        float total = sum_across(sum[r]);
        if (query + r >= by.queries) continue;
        write_row<DIM>(to, query + r, at.column, out[r], 1.0f / total, total != 0.0f);
        if (at.column == 0) lse[row + r] = total == 0.0f ? -INFINITY : largest[r] * LN_2 + logf(total);
    }
}

// What is subtracted from a row's scores, in powers of two: nothing has a share where the row has none, or there is no such
// row.
DEVICE float total_of(const float *lse, i64 row, bool real) {
    float total = real ? lse[row] : -INFINITY;
    return total == -INFINITY ? INFINITY : total * LOG2_E;
}

template <int DIM, int TILE, int WARPS>
DEVICE void backward_q(float *room, const View &q, const View &k, const View &v, const View &o, const View &dout,
                       const float *lse, const View &dq, float *delta, const Options &by) {
    constexpr int ROWS = BAND * WARPS, THREADS = WARP * WARPS, COLUMNS = TILE / 8;
    float *q_tile = room, *up_tile = q_tile + place<DIM>(ROWS), *k_tile = up_tile + place<DIM>(ROWS);
    float *v_tile = k_tile + place<DIM>(TILE), *totals = v_tile + place<DIM>(TILE), *deltas = totals + ROWS;
    float *all_weights = deltas + ROWS;
    const Spot at;
    int b = blockIdx.x / by.heads, h = blockIdx.x % by.heads, first = ROWS * tile_of_block(by.causal, true);
    int query = first + SIDE * at.group;
    i64 row = i64(blockIdx.x) * by.queries + query;
    const Head keys = head_of(k, b, h, by.dim), values = head_of(v, b, h, by.dim);
    const Head of_o = head_of(o, b, h, by.dim), up = head_of(dout, b, h, by.dim);
    const float *q_rows = q_tile + place<DIM>(SIDE * at.group), *up_rows = up_tile + place<DIM>(SIDE * at.group);
    float *weights = all_weights + at.group * FOUR_WEIGHTS;
    {
        Load<ROWS, DIM, THREADS> share;
        share.fetch(head_of(q, b, h, by.dim), first, by.queries);
        share.lay(q_tile, by.scale * LOG2_E);
        share.fetch(up, first, by.queries);
        share.lay(up_tile);
    }
#pragma unroll
    for (int r = 0; r < SIDE; ++r) {
        bool real = query + r < by.queries;
        float part = 0.0f;
#pragma unroll
        for (int n = 0; n < DIM / 8; n += SIDE) {
            if (!real) continue;
            Four x = read(up, query + r, at.column + across(n)), y = read(of_o, query + r, at.column + across(n));
#pragma unroll
            for (int e = 0; e < 4; ++e) part = fmaf(x.x[e], y.x[e], part);
        }
        part = sum_across(part);
        if (at.column != 0) continue;
        totals[SIDE * at.group + r] = total_of(lse, row + r, real);
        deltas[SIDE * at.group + r] = part;
        if (real) delta[row + r] = part;
    }
    float sum[SIDE][DIM / 8] = {};
    int most = visible(by, min(by.queries, first + ROWS) - 1);
    Load<TILE, DIM, THREADS> next_k, next_v;
    next_k.fetch(keys, 0, most);
    next_v.fetch(values, 0, most);
    for (int start = 0; start < most; start += TILE) {
        next_k.lay(k_tile);
        next_v.lay(v_tile);
        __syncthreads();
        u32 open = open_keys<COLUMNS>(by, b, start + at.column);
        float share[SIDE][COLUMNS] = {}, dshare[SIDE][COLUMNS] = {};
        multiply<DIM>(share, q_rows, k_tile + place<DIM>(at.column));
        multiply<DIM>(dshare, up_rows, v_tile + place<DIM>(at.column));
        bool edge = by.causal && start + TILE - 1 > first;
        if (edge || __any_sync(ALL_LANES, open != (1u << COLUMNS) - 1)) close(share, by, open, query, start + at.column);
        if (by.drops) {
            u32 kept = kept_in_rows<COLUMNS>(by, row, start + at.column);
#pragma unroll
            for (int r = 0; r < SIDE; ++r)
#pragma unroll
                for (int c = 0; c < COLUMNS; ++c)
                    dshare[r][c] = kept >> (COLUMNS * r + c) & 1 ? dshare[r][c] * by.kept : 0.0f;
        }
        Four total = four(totals + SIDE * at.group), d = four(deltas + SIDE * at.group);
#pragma unroll
        for (int r = 0; r < SIDE; ++r)
#pragma unroll
            for (int c = 0; c < COLUMNS; ++c)
                share[r][c] = slope(exp2f(share[r][c] - total.x[r]), dshare[r][c], d.x[r]);
        next_k.fetch(keys, start + TILE, most);
        next_v.fetch(values, start + TILE, most);
#pragma unroll
        for (int n = 0; n < COLUMNS; n += SIDE) {
            lay_weights(weights, share, at.column, n);
            gather_tile<DIM>(sum, weights, k_tile + place<DIM>(across(n)) + at.column);
        }
        __syncthreads();
    }
    const Head to = head_of(dq, b, h, by.dim);
#pragma unroll
    for (int r = 0; r < SIDE; ++r)
        if (query + r < by.queries) write_row<DIM>(to, query + r, at.column, sum[r], by.scale);
}

template <int DIM, int TILE, int WARPS>
DEVICE void backward_kv(float *room, const View &q, const View &k, const View &v, const View &dout, const float *lse,
                        const float *delta, const View &dk, const View &dv, const Options &by) {
    constexpr int ROWS = BAND * WARPS, THREADS = WARP * WARPS, COLUMNS = TILE / 8;
    float *k_tile = room, *v_tile = k_tile + place<DIM>(ROWS), *q_tile = v_tile + place<DIM>(ROWS);
    float *up_tile = q_tile + place<DIM>(TILE), *totals = up_tile + place<DIM>(TILE), *deltas = totals + TILE;
    float *all_weights = deltas + TILE;
    const Spot at;
    int b = blockIdx.x / by.heads, h = blockIdx.x % by.heads, first = ROWS * tile_of_block(by.causal, false);
    int key = first + SIDE * at.group;
    i64 head_row = i64(blockIdx.x) * by.queries;
    const Head queries = head_of(q, b, h, by.dim), up = head_of(dout, b, h, by.dim);
    const float *k_rows = k_tile + place<DIM>(SIDE * at.group), *v_rows = v_tile + place<DIM>(SIDE * at.group);
    float *weights = all_weights + at.group * FOUR_WEIGHTS;
    {
        Load<ROWS, DIM, THREADS> share;
        share.fetch(head_of(k, b, h, by.dim), first, by.keys);
        share.lay(k_tile, by.scale * LOG2_E);
        share.fetch(head_of(v, b, h, by.dim), first, by.keys);
        share.lay(v_tile);
    }
    float of_k[SIDE][DIM / 8] = {}, of_v[SIDE][DIM / 8] = {};
    Load<TILE, DIM, THREADS> next_q, next_up;
    // The first query that sees a key of the block.
    int begin = by.causal ? first : 0;
    next_q.fetch(queries, begin, by.queries);
    next_up.fetch(up, begin, by.queries);
    for (int start = begin; start < by.queries; start += TILE) {
        next_q.lay(q_tile);
        next_up.lay(up_tile);
        if (threadIdx.x < TILE) {
            int i = start + threadIdx.x;
            totals[threadIdx.x] = total_of(lse, head_row + i, i < by.queries);
            deltas[threadIdx.x] = i < by.queries ? delta[head_row + i] : 0.0f;
        }
        __syncthreads();
        float share[SIDE][COLUMNS] = {}, dshare[SIDE][COLUMNS] = {};
        multiply<DIM>(share, k_rows, q_tile + place<DIM>(at.column));
        multiply<DIM>(dshare, v_rows, up_tile + place<DIM>(at.column));
        if (by.causal && start < first + ROWS - 1) close_later(share, start + at.column, key);
        u32 kept = by.drops ? kept_in_columns<COLUMNS>(by, head_row + start + at.column, key) : 0;
#pragma unroll
        for (int n = 0; n < COLUMNS; n += SIDE) {
            Four total = four(totals + at.column + across(n)), d = four(deltas + at.column + across(n));
            float weight[SIDE][SIDE];
#pragma unroll
            for (int c = 0; c < SIDE; ++c)
#pragma unroll
                for (int r = 0; r < SIDE; ++r) {
                    share[r][n + c] = exp2f(share[r][n + c] - total.x[c]);
                    weight[r][c] = share[r][n + c];
                }
            if (by.drops)
#pragma unroll
                for (int c = 0; c < SIDE; ++c)
#pragma unroll
                    for (int r = 0; r < SIDE; ++r) {
                        bool keeps = kept >> (SIDE * (n + c) + r) & 1;
                        weight[r][c] = keeps ? weight[r][c] * by.kept : 0.0f;
                        dshare[r][n + c] = keeps ? dshare[r][n + c] * by.kept : 0.0f;
                    }
            lay_weights(weights, weight, at.column);
            gather_tile<DIM>(of_v, weights, up_tile + place<DIM>(across(n)) + at.column);
#pragma unroll
            for (int c = 0; c < SIDE; ++c)
#pragma unroll
                for (int r = 0; r < SIDE; ++r) weight[r][c] = slope(share[r][n + c], dshare[r][n + c], d.x[c]);
            if (n + SIDE == COLUMNS) next_q.fetch(queries, start + TILE, by.queries);
            if (n + SIDE == COLUMNS) next_up.fetch(up, start + TILE, by.queries);
            lay_weights(weights, weight, at.column);
            gather_tile<DIM>(of_k, weights, q_tile + place<DIM>(across(n)) + at.column);
        }
        __syncthreads();
    }
    const Head to_k = head_of(dk, b, h, by.dim), to_v = head_of(dv, b, h, by.dim);
#pragma unroll
    for (int r = 0; r < SIDE; ++r) {
        if (key + r >= by.keys) continue;
        // A key that none may attend to has taken part so far.
        bool open = !by.mask || by.mask[i64(b) * by.keys + key + r];
        write_row<DIM>(to_k, key + r, at.column, of_k[r], by.scale, open);
        write_row<DIM>(to_v, key + r, at.column, of_v[r], 1.0f, open);
    }
}

#define FORWARD View q, View k, View v, View o, float *lse, OPTIONS
#define BACKWARD_Q View q, View k, View v, View o, View dout, const float *lse, View dq, float *delta, OPTIONS
#define BACKWARD_KV View q, View k, View v, View dout, const float *lse, const float *delta, View dk, View dv, OPTIONS
#define ROOM                \
    DYN_SHARED(float, room); \
    Options by = GIVEN

BOUNDED(128, 3) attention_forward_32(FORWARD);
BOUNDED(128, 2) attention_forward_64(FORWARD);
BOUNDED(128, 3) attention_backward_q_32(BACKWARD_Q);
BOUNDED(128, 3) attention_backward_q_64(BACKWARD_Q);
BOUNDED(128, 3) attention_backward_kv_32(BACKWARD_KV);
BOUNDED(128, 3) attention_backward_kv_64(BACKWARD_KV);

KERNEL attention_forward_32(FORWARD) { ROOM; forward<32, 64, 4>(room, q, k, v, o, lse, by); }
KERNEL attention_forward_64(FORWARD) { ROOM; forward<64, 64, 4>(room, q, k, v, o, lse, by); }

KERNEL attention_backward_q_32(BACKWARD_Q) { ROOM; backward_q<32, 64, 4>(room, q, k, v, o, dout, lse, dq, delta, by); }
KERNEL attention_backward_q_64(BACKWARD_Q) { ROOM; backward_q<64, 32, 4>(room, q, k, v, o, dout, lse, dq, delta, by); }

KERNEL attention_backward_kv_32(BACKWARD_KV) { ROOM; backward_kv<32, 64, 4>(room, q, k, v, dout, lse, delta, dk, dv, by); }
KERNEL attention_backward_kv_64(BACKWARD_KV) { ROOM; backward_kv<64, 32, 4>(room, q, k, v, dout, lse, delta, dk, dv, by); }
