// Attention in tiles, forward and backward; see attention.cu for the ladder, attention_tiles.cuh for how a tile is divided.
//
//   attention_forward_32, _64; attention_backward_q_..., attention_backward_kv_...
//       for heads of up to 32 or 64 elements: 64 queries or keys stay in shared memory, two threads for each, and tiles of 64 (32
//       backward at 64) of the others are read one after the other. A thread keeps four rows of scores and of the output in
//       registers, so that each value that it reads is used four or eight times. The next tile is fetched meanwhile. Rows are
//       read and written four elements at a time; other rows are copied and padded by the launch
//
// Heads of more than 64 elements take a warp for each row: tiles of 128 would work, but double the time of NVRTC.
//
// The bound at T = 256 and dim = 32 is arithmetic. About four fifths of a warp's instructions are multiply-adds. The reads from
// shared memory take as many cycles as these at dim = 32, and three quarters of them forward at 64.
//
//                          32                64
//                    forward backward  forward backward
//   registers            168      168      226      168
//   shared memory, KB   33.8     42.5     57.8     58.2
//   blocks, sm_80          3        3        2        2   of 128 threads
//   blocks, sm_90          3        3        2        3
//
// Source: Dao, "FlashAttention-2", 2023.
#include "attention_masks.cuh"

#define LOG2_E 1.44269504f
#define LN_2 0.693147181f

template <int DIM, int TILE, int WARPS>
DEVICE void forward(float *scratch, const View &q, const View &k, const View &v, const View &o, float *lse,
                    const Options &by) {
    constexpr int ROWS = BAND * WARPS, THREADS = WARP * WARPS, COLUMNS = TILE / 8;
    float *q_tile = scratch, *k_tile = q_tile + place<DIM>(ROWS);
    float *v_tile = k_tile + place<DIM>(TILE), *all_weights = v_tile + place<DIM>(TILE);
    const Spot at;
    int b = blockIdx.x / by.heads, h = blockIdx.x % by.heads, first = ROWS * tile_of_block(by.causal, true);
    int query = first + SIDE * at.group;
    i64 row = i64(blockIdx.x) * by.queries + query;
    const Head keys = head_of(k, b, h, by.dim), values = head_of(v, b, h, by.dim);
    const float *q_rows = q_tile + place<DIM>(SIDE * at.group);
    float *weights = all_weights + at.group * FOUR_WEIGHTS;
    // Scores are multiplied by log₂ e, because powers of two cost less.
    {
        Load<ROWS, DIM, THREADS> share;
        share.fetch(head_of(q, b, h, by.dim), first, by.queries);
        share.store(q_tile, by.scale * LOG2_E);
    }
    // The block's last query sees the most keys.
    int most = visible(by, min(by.queries, first + ROWS) - 1);
    Load<TILE, DIM, THREADS> next;
    next.fetch(keys, 0, most);
    next.store(k_tile);
    float largest[SIDE], sum[SIDE] = {}, out[SIDE][DIM / 8] = {};
#pragma unroll
    for (int r = 0; r < SIDE; ++r) largest[r] = -INFINITY;
    for (int start = 0; start < most; start += TILE) {
        __syncthreads();
        next.fetch(values, start, most);
        u32 open = open_keys<COLUMNS>(by, b, start + at.column);
        float score[SIDE][COLUMNS] = {};
        multiply<DIM>(score, q_rows, k_tile + place<DIM>(at.column));
        next.store(v_tile);
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
            store_weights(weights, score, at.column, n);
            gather_tile<DIM>(out, weights, v_tile + place<DIM>(across(n)) + at.column);
        }
        next.store(k_tile);
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

// The logarithm to base 2 that is subtracted from a row's scores: ∞, so that all probabilities are 0, if the row attends to no key
// or does not exist.
DEVICE float total_of(const float *lse, i64 row, bool real) {
    float total = real ? lse[row] : -INFINITY;
    return total == -INFINITY ? INFINITY : total * LOG2_E;
}

template <int DIM, int TILE, int WARPS>
DEVICE void backward_q(float *scratch, const View &q, const View &k, const View &v, const View &o, const View &dout,
                       const float *lse, const View &dq, float *delta, const Options &by) {
    constexpr int ROWS = BAND * WARPS, THREADS = WARP * WARPS, COLUMNS = TILE / 8;
    float *q_tile = scratch, *up_tile = q_tile + place<DIM>(ROWS), *k_tile = up_tile + place<DIM>(ROWS);
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
        share.store(q_tile, by.scale * LOG2_E);
        share.fetch(up, first, by.queries);
        share.store(up_tile);
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
        next_k.store(k_tile);
        next_v.store(v_tile);
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
            store_weights(weights, share, at.column, n);
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
DEVICE void backward_kv(float *scratch, const View &q, const View &k, const View &v, const View &dout, const float *lse,
                        const float *delta, const View &dk, const View &dv, const Options &by) {
    constexpr int ROWS = BAND * WARPS, THREADS = WARP * WARPS, COLUMNS = TILE / 8;
    float *k_tile = scratch, *v_tile = k_tile + place<DIM>(ROWS), *q_tile = v_tile + place<DIM>(ROWS);
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
        share.store(k_tile, by.scale * LOG2_E);
        share.fetch(head_of(v, b, h, by.dim), first, by.keys);
        share.store(v_tile);
    }
    float of_k[SIDE][DIM / 8] = {}, of_v[SIDE][DIM / 8] = {};
    Load<TILE, DIM, THREADS> next_q, next_up;
    // The first query that sees a key of the block.
    int begin = by.causal ? first : 0;
    next_q.fetch(queries, begin, by.queries);
    next_up.fetch(up, begin, by.queries);
    for (int start = begin; start < by.queries; start += TILE) {
        next_q.store(q_tile);
        next_up.store(up_tile);
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
            store_weights(weights, weight, at.column);
            gather_tile<DIM>(of_v, weights, up_tile + place<DIM>(across(n)) + at.column);
#pragma unroll
            for (int c = 0; c < SIDE; ++c)
#pragma unroll
                for (int r = 0; r < SIDE; ++r) weight[r][c] = slope(share[r][n + c], dshare[r][n + c], d.x[c]);
            if (n + SIDE == COLUMNS) next_q.fetch(queries, start + TILE, by.queries);
            if (n + SIDE == COLUMNS) next_up.fetch(up, start + TILE, by.queries);
            store_weights(weights, weight, at.column);
            gather_tile<DIM>(of_k, weights, q_tile + place<DIM>(across(n)) + at.column);
        }
        __syncthreads();
    }
    const Head to_k = head_of(dk, b, h, by.dim), to_v = head_of(dv, b, h, by.dim);
#pragma unroll
    for (int r = 0; r < SIDE; ++r) {
        if (key + r >= by.keys) continue;
        // The mask of keys was not applied before.
        bool open = !by.mask || by.mask[i64(b) * by.keys + key + r];
        write_row<DIM>(to_k, key + r, at.column, of_k[r], by.scale, open);
        write_row<DIM>(to_v, key + r, at.column, of_v[r], 1.0f, open);
    }
}

#define FORWARD View q, View k, View v, View o, float *lse, OPTIONS
#define BACKWARD_Q View q, View k, View v, View o, View dout, const float *lse, View dq, float *delta, OPTIONS
#define BACKWARD_KV View q, View k, View v, View dout, const float *lse, const float *delta, View dk, View dv, OPTIONS
#define SCRATCH                 \
    DYN_SHARED(float, scratch); \
    Options by = GIVEN

BOUNDED(128, 3) attention_forward_32(FORWARD);
BOUNDED(128, 2) attention_forward_64(FORWARD);
BOUNDED(128, 3) attention_backward_q_32(BACKWARD_Q);
BOUNDED(128, 3) attention_backward_q_64(BACKWARD_Q);
BOUNDED(128, 3) attention_backward_kv_32(BACKWARD_KV);
BOUNDED(128, 3) attention_backward_kv_64(BACKWARD_KV);

KERNEL attention_forward_32(FORWARD) { SCRATCH; forward<32, 64, 4>(scratch, q, k, v, o, lse, by); }
KERNEL attention_forward_64(FORWARD) { SCRATCH; forward<64, 64, 4>(scratch, q, k, v, o, lse, by); }

KERNEL attention_backward_q_32(BACKWARD_Q) { SCRATCH; backward_q<32, 64, 4>(scratch, q, k, v, o, dout, lse, dq, delta, by); }
KERNEL attention_backward_q_64(BACKWARD_Q) { SCRATCH; backward_q<64, 32, 4>(scratch, q, k, v, o, dout, lse, dq, delta, by); }

KERNEL attention_backward_kv_32(BACKWARD_KV) { SCRATCH; backward_kv<32, 64, 4>(scratch, q, k, v, dout, lse, delta, dk, dv, by); }
KERNEL attention_backward_kv_64(BACKWARD_KV) { SCRATCH; backward_kv<64, 32, 4>(scratch, q, k, v, dout, lse, delta, dk, dv, by); }
