// Viterbi: the best path [B, T] of a linear-chain CRF, −1 in the padding, and its score [B]; see mod.rs. emissions [B, T, K],
// transitions [K, K], start and end [K], lengths [B]. Of equal paths the one with the lowest tag wins, compared from the last
// position on; if no tagging is allowed the path is all 0.
//
// The ladder:
//   crf_viterbi_plain  a thread for each sentence: the textbook's recursion
//   crf_viterbi        a block for each sentence, a thread for each tag, all steps in one launch; the backtrace is read from
//                      shared memory, some rows at a time
//
// FLOPs: 2 B T K². Bytes: 8 B T K for emissions and the tags before, and as many for the backtrace. The bound is the chain of T
// steps, each K additions and one barrier long, and in the backtrace T reads that wait for each other.
//
// Occupancy: shared memory is 4 K (K + 2) bytes, at least 8 KiB: for 50 tags sm_80 holds fourteen blocks of 64 threads and
// sm_90 twenty; registers, 32, would allow 32.
//
// A length outside 0..=T is clamped. NaN counts as larger than all numbers, so that the result is NaN if one of the scores is.
#include "prelude.cuh"

DEVICE bool beats(float x, float best) { return x > best || (x != x && best == best); }

// `alpha` [B, T, K] is scratch for the scores of the best paths.
KERNEL crf_viterbi_plain(const float *emissions, const float *transitions, const float *start, const float
                         *end, const i64 *lengths, float *alpha, i64 *path, float *score, int batch, int time,
                         int tags) {
    int b = blockIdx.x * blockDim.x + threadIdx.x;
    if (b >= batch) return;
    int length = length_of(lengths, b, time), y = 0;
    emissions += i64(b) * time * tags;
    alpha += i64(b) * time * tags;
    path += i64(b) * time;
    for (int t = 0; t < length; ++t)
        for (int j = 0; j < tags; ++j) {
            float best = t == 0 ? start[j] : -INFINITY;
            for (int i = 0; i < tags && t > 0; ++i) {
                float x = alpha[i64(t - 1) * tags + i] + transitions[i * tags + j];
                if (beats(x, best)) best = x;
            }
            alpha[i64(t) * tags + j] = best + emissions[i64(t) * tags + j];
        }
    for (int t = length; t < time; ++t) path[t] = -1;
    for (int t = length - 1; t >= 0; --t) {
        float best = -INFINITY;
        int from = 0;
        for (int i = 0; i < tags; ++i) {
            float x = alpha[i64(t) * tags + i] + (t == length - 1 ? end[i] : transitions[i * tags + y]);
            if (beats(x, best)) {
                best = x;
                from = i;
            }
        }
        if (t == length - 1) score[b] = best;
        path[t] = y = from;
    }
    if (length == 0) score[b] = 0.0f;
    for (int t = 0; t < length && score[b] == -INFINITY; ++t) path[t] = 0;
}

// `from` [B, T, K] is scratch for the tag before each. A block of whole warps, at least K threads, and `shared`
// floats of shared memory, K (K + 2) at least.
KERNEL crf_viterbi(const float *emissions, const float *transitions, const float *start, const float *end,
                   const i64 *lengths, u32 *from, i64 *path, float *score, int batch, int time, int tags, int
                   shared) {
    DYN_SHARED(float, scratch);
    SHARED(int, last, [1]);
    float *scores = scratch, *now = scores + tags * tags, *next = now + tags;
    int b = blockIdx.x, j = threadIdx.x, length = length_of(lengths, b, time);
    bool mine = j < tags;
    emissions += i64(b) * time * tags;
    from += i64(b) * time * tags;
    path += i64(b) * time;
    for (int i = j; i < tags * tags; i += blockDim.x) scores[i] = transitions[i];
    for (int t = length + j; t < time; t += blockDim.x) path[t] = -1;
    float e = 0.0f;
    if (mine && length > 0) now[j] = start[j] + emissions[j];
    if (mine && length > 1) e = emissions[tags + j];
    __syncthreads();
    for (int t = 1; t < length; ++t) {
        if (mine) {
            float best = -INFINITY;
            int winner = 0;
            for (int i = 0; i < tags; ++i) {
                float x = now[i] + scores[i * tags + j];
                if (beats(x, best)) {
                    best = x;
                    winner = i;
                }
            }
            next[j] = best + e;
            from[i64(t) * tags + j] = winner;
            if (t + 1 < length) e = emissions[i64(t + 1) * tags + j];
        }
        __syncthreads();
        float *spare = now;
        now = next;
        next = spare;
    }
    if (j == 0) {
        float best = -INFINITY;
        int y = 0;
        for (int i = 0; i < tags && length > 0; ++i)
            if (beats(now[i] + end[i], best)) {
                best = now[i] + end[i];
                y = i;
            }
        score[b] = length == 0 ? 0.0f : best;
        *last = length > 0 && best == -INFINITY ? -1 : y;
    }
    __syncthreads();
    int y = *last;
    if (y < 0 || length == 0) {
        for (int t = j; t < length; t += blockDim.x) path[t] = 0;
        return;
    }
    // The backtrace is a chain of reads. All threads fetch as many rows as fit into `scratch`, and one thread follows the path
    // through them.
    u32 *rows = reinterpret_cast<u32 *>(scratch);
    for (int end_row = length; end_row > 0;) {
        int first = max(end_row - shared / tags, 0);
        for (int i = j; i < (end_row - first) * tags; i += blockDim.x)
            rows[i] = first == 0 && i < tags ? 0 : from[i64(first) * tags + i];
        __syncthreads();
        for (int t = end_row - 1; t >= first && j == 0; --t) {
            path[t] = y;
            y = rows[(t - first) * tags + y];
        }
        end_row = first;
        __syncthreads();
    }
}
