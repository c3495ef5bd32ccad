// The linear-chain CRF: log Z, the likelihood of taggings and the log-marginals, each with its gradient; see mod.rs for the
// formulas, viterbi.cu for the best tagging. emissions [B, T, K], transitions [K, K], start and end [K], lengths [B].
//
// The ladder:
//   crf_log_z_plain, crf_gradient_plain
//                  a thread for each sentence: the textbook's recursions over tags, K² exponentials a step
//   crf_log_z      a block for each sentence, a thread for each tag, all steps in one launch: αₜ and exp(transition), which is
//                  computed once, are in shared memory; a step is then K multiply-adds, an exponential and a logarithm for
//                  each tag
//   crf_gradient   the same backwards: βₜ in the same way, and from the same products the expected counts of transitions
//   crf_score      a warp for each sentence, its lanes over positions
//   crf_marginals  βₜ as in crf_gradient, and the marginals in the same loop
//   crf_marginals_gradient
//                  the tangent pass, forward and then back, in logarithms: 3 K² exponentials a step
//
// The gradients of transitions, start and end belong to the whole batch. Each sentence writes its own part, [B, ...], and a sum
// over sentences (reduce.cu) follows, so that results are the same on each run.
//
// # Precision
//
// Everything is a logarithm, so that nothing underflows. But logarithms that grow with the position, as log Z does, would lose
// digits of the probabilities: near 1000 an f32 is exact to 6e-5, and so would be each probability. Therefore the largest element
// of each αₜ is subtracted:
//   alpha(t, j) = αₜ(j) − Σ_{s≤t} scale(s), at most 0, where scale(t) is what was subtracted at t;
//   beta(t, j) = βₜ(j) − Σ_{s>t} scale(s);
// then log P(yₜ = j) = alpha(t, j) + beta(t, j) − rest, where rest = log Σⱼ exp(alpha(n−1, j) + end(j)) = log Z − Σ scale is
// recomputed from small values. On a CUDA device `State` holds alpha, scale and beta; past a sentence's length they are not
// written.
//
// A sum of products of exponentials, all at most 1, is accepted if it is at least LEAST: the terms that underflowed are at most K,
// each below 1e-37. A smaller sum, such as 0 for a forbidden tag, is recomputed in logarithms by its thread.
//
// FLOPs: 2 B T K² forward, 4 B T K² backward. Bytes: 8 B T K forward, 12 B T K backward. Both are small: the bound is the
// chain of T steps, each of K multiply-adds and three barriers, by calculation about 400 cycles for 50 tags; the sentences
// of a batch run in parallel.
//
// Occupancy: shared memory is 4 K² bytes forward and 8 K² backward. For 50 tags that allows 14 and 7 blocks of 64 threads on a
// multiprocessor of sm_80, 19 and 10 on sm_90; registers, at most 56 and 48, would allow 18 and 20. Shared memory also
// limits K: 89 tags on sm_75, 143 on sm_80, 111 on sm_86, 169 on sm_90.
//
// A length outside 0..=T is clamped. A tag outside 0..K makes its sentence's score NaN, and the
// gradient NaN at its position. NaN among the scores makes the result NaN.
#include "prelude.cuh"

#define LEAST 1e-30f
#define MOST 1e30f
#define FAR 40.0f  // e^FAR times a term that underflowed is still negligible

// x, or 0 if it is infinite or NaN: a shift that can be subtracted from logarithms.
DEVICE float finite(float x) { return fabsf(x) < INFINITY ? x : 0.0f; }

// log Σ eˣ so far, as the largest x and the sum of e^(x − largest).
struct LogSum {
    float largest, sum;
};

DEVICE void add(LogSum &total, float x) {
    if (x == -INFINITY) return;
    if (x > total.largest) {
        total.sum = total.sum * expf(total.largest - x) + 1.0f;
        total.largest = x;
    } else {
        total.sum += x == total.largest ? 1.0f : expf(x - total.largest);
    }
}

DEVICE float value(LogSum total) { return total.sum == 0.0f ? -INFINITY : total.largest + logf(total.sum); }

// log Σₖ exp(logs(k) + scores(k)), the scores `step` apart.
DEVICE float log_sum(const float *logs, const float *scores, int step, int tags) {
    LogSum total = {-INFINITY, 0.0f};
    for (int k = 0; k < tags; ++k) add(total, logs[k] + scores[i64(k) * step]);
    return value(total);
}

// A sum of many values, and the rounding error to be subtracted from the next value (Kahan).
struct Sum {
    float sum, lost;
};

DEVICE void add(Sum &total, float x) {
    float y = x - total.lost, sum = total.sum + y;
    total.lost = (sum - total.sum) - y;
    total.sum = sum;
}

// e^(path − from); 0 if the path is forbidden, even if `from` is −∞ as well.
DEVICE float ratio(float path, float from) { return path == -INFINITY ? 0.0f : expf(path - from); }

DEVICE bool is_tag(i64 y, int tags) { return y >= 0 && y < tags; }

// --- log Z.

KERNEL crf_log_z_plain(const float *emissions, const float *transitions, const float *start, const float *end,
                       const i64 *lengths, float *alpha, float *scale, float *log_z, int batch, int time, int
                       tags) {
    int b = blockIdx.x * blockDim.x + threadIdx.x;
    if (b >= batch) return;
    int length = length_of(lengths, b, time);
    emissions += i64(b) * time * tags;
    alpha += i64(b) * time * tags;
    Sum taken = {0.0f, 0.0f};
    for (int t = 0; t < length; ++t) {
        const float *e = emissions + i64(t) * tags;
        float *a = alpha + i64(t) * tags, largest = -INFINITY;
        for (int j = 0; j < tags; ++j) {
            a[j] = e[j] + (t == 0 ? start[j] : log_sum(a - tags, transitions + j, tags, tags));
            if (a[j] > largest || a[j] != a[j]) largest = a[j];
        }
        float out = finite(largest);
        for (int j = 0; j < tags; ++j) a[j] -= out;
        scale[i64(b) * time + t] = out;
        add(taken, out);
    }
    log_z[b] = length == 0 ? 0.0f : log_sum(alpha + i64(length - 1) * tags, end, 1, tags) + taken.sum;
}

// Writes exp(transition − the largest transition) to `weights`, rows `stride` apart; returns the largest. Called by all threads of
// a block.
DEVICE float exponentials(const float *transitions, float *weights, int stride, int tags, float *partial) {
    float largest = -INFINITY;
    for (int i = threadIdx.x; i < tags * tags; i += blockDim.x) largest = fmaxf(largest, transitions[i]);
    largest = finite(block_max(largest, partial));
    for (int i = threadIdx.x; i < tags * tags; i += blockDim.x)
        weights[i / tags * stride + i % tags] = expf(transitions[i] - largest);
    return largest;
}

// A block of whole warps, at least K threads; shared: 4 K (K + 2) bytes.
KERNEL crf_log_z(const float *emissions, const float *transitions, const float *start, const float *end, const
                 i64 *lengths, float *alpha, float *scale, float *log_z, int batch, int time, int tags) {
    SHARED(float, partial, [WARP]);
    DYN_SHARED(float, weights);
    float *now = weights + tags * tags, *logs = now + tags;  // e^alpha and alpha of the position before
    int b = blockIdx.x, j = threadIdx.x, length = length_of(lengths, b, time);
    bool mine = j < tags;
    emissions += i64(b) * time * tags;
    alpha += i64(b) * time * tags;
    float top = exponentials(transitions, weights, tags, tags, partial);
    Sum taken = {0.0f, 0.0f};
    // Emissions are fetched a step before they are needed, so that no thread waits for memory.
    float e = mine && length > 0 ? emissions[j] : 0.0f;
    for (int t = 0; t < length; ++t) {
        float x = -INFINITY;
        if (mine && t == 0) x = start[j] + e;
        if (mine && t > 0) {
            float sum = 0.0f;
            for (int i = 0; i < tags; ++i) sum = fmaf(now[i], weights[i * tags + j], sum);
            bool sure = sum > LEAST && sum < MOST;
            x = (sure ? top + logf(sum) : log_sum(logs, transitions + j, tags, tags)) + e;
        }
        if (mine && t + 1 < length) e = emissions[i64(t + 1) * tags + j];
        // Every thread has read `now` once the maximum is known.
        float out = finite(block_max(x, partial));
        if (mine) {
            now[j] = expf(x - out);
            logs[j] = alpha[i64(t) * tags + j] = x - out;
        }
        if (j == 0) scale[i64(b) * time + t] = out;
        add(taken, out);
        __syncthreads();
    }
    if (j == 0) log_z[b] = length == 0 ? 0.0f : log_sum(logs, end, 1, tags) + taken.sum;
}

// --- The score of a tagging of each sentence [B], and with log_z the negative log-likelihood.

// A warp for a sentence.
KERNEL crf_score(const float *emissions, const float *transitions, const float *start, const float *end, const
                 i64 *lengths, const i64 *labels, const float *log_z, float *result, int batch, int time, int
                 tags) {
    int b = (blockIdx.x * blockDim.x + threadIdx.x) / WARP, lane = threadIdx.x % WARP;
    if (b >= batch) return;
    int length = length_of(lengths, b, time);
    labels += i64(b) * time;
    float score = 0.0f;
    for (int t = lane; t < length; t += WARP) {
        i64 y = labels[t], before = t > 0 ? labels[t - 1] : 0;
        if (!is_tag(y, tags) || !is_tag(before, tags)) {
            score = NAN;
            continue;
        }
        float entry = t == 0 ? start[y] : transitions[before * tags + y];
        score += entry + emissions[(i64(b) * time + t) * tags + y];
        if (t == length - 1) score += end[y];
    }
    score = warp_sum(score);
    if (lane == 0) result[b] = !log_z ? score : score == -INFINITY ? INFINITY : log_z[b] - score;
}

// --- The gradients of slope · log Z, minus those of slope · score(y) if a tagging is given; without alpha, those of
// slope · score(y) alone. They are 0 for a sentence that allows no tagging, and for a forbidden score.

// `rows` [B, 2, K] is scratch for βₜ.
KERNEL crf_gradient_plain(const float *emissions, const float *transitions, const float *start, const float
                          *end, const i64 *lengths, const i64 *labels, const float *alpha, const float *scale,
                          const float *slopes, float *demissions, float *dtransitions, float *dstart, float
                          *dend, float *rows, int batch, int time, int tags) {
    int b = blockIdx.x * blockDim.x + threadIdx.x;
    if (b >= batch) return;
    int length = length_of(lengths, b, time);
    emissions += i64(b) * time * tags;
    demissions += i64(b) * time * tags;
    dtransitions += i64(b) * tags * tags;
    dstart += i64(b) * tags;
    dend += i64(b) * tags;
    float *beta = rows + i64(b) * 2 * tags, *next = beta + tags, slope = slopes[b];
    for (i64 i = 0; i < i64(time) * tags; ++i) demissions[i] = 0.0f;
    for (int i = 0; i < tags * tags; ++i) dtransitions[i] = 0.0f;
    for (int j = 0; j < tags; ++j) {
        dstart[j] = dend[j] = 0.0f;
        beta[j] = end[j];
    }
    if (length == 0) return;
    float rest = -INFINITY;
    if (alpha) {
        alpha += i64(b) * time * tags;
        scale += i64(b) * time;
        rest = log_sum(alpha + i64(length - 1) * tags, end, 1, tags);
    }
    bool expects = alpha && rest != -INFINITY;
    for (int t = length - 1; t >= 0 && expects; --t) {
        const float *e = emissions + i64(t) * tags, *a = alpha + i64(t) * tags;
        for (int j = 0; j < tags; ++j) {
            float p = slope * expf(a[j] + beta[j] - rest);
            demissions[i64(t) * tags + j] = p;
            if (t == 0) dstart[j] = p;
            if (t == length - 1) dend[j] = p;
        }
        for (int i = 0; i < tags && t > 0; ++i) {
            LogSum onward = {-INFINITY, 0.0f};
            for (int j = 0; j < tags; ++j) {
                float x = transitions[i * tags + j] + e[j] + beta[j];
                add(onward, x);
                dtransitions[i * tags + j] += slope * ratio((a - tags)[i] + x - scale[t], rest);
            }
            next[i] = value(onward) - scale[t];
        }
        for (int i = 0; i < tags && t > 0; ++i) beta[i] = next[i];
    }
    if (!labels) return;
    labels += i64(b) * time;
    float once = !alpha ? slope : expects ? -slope : 0.0f;
    for (int t = 0; t < length; ++t) {
        i64 y = labels[t], before = t > 0 ? labels[t - 1] : 0;
        if (!is_tag(y, tags)) {
            for (int j = 0; j < tags; ++j) demissions[i64(t) * tags + j] = NAN;
            continue;
        }
        if (emissions[i64(t) * tags + y] != -INFINITY) demissions[i64(t) * tags + y] += once;
        if (t == 0 && start[y] != -INFINITY) dstart[y] += once;
        if (t == length - 1 && end[y] != -INFINITY) dend[y] += once;
        if (t > 0 && is_tag(before, tags) && transitions[before * tags + y] != -INFINITY)
            dtransitions[before * tags + y] += once;
    }
}

// log Σ exp(alpha(n−1, j) + end(j)), from x, the term of the thread's tag. Called by all threads of a block.
DEVICE float rest_of(float x, float *partial) {
    float out = finite(block_max(x, partial));
    return out + logf(block_sum(expf(x - out), partial));
}

// The operands of a step back. In the shared memory of a block: `weights`, exp(transition − top) in rows of `stride`, an odd number,
// so that neither a row nor a column has bank conflicts; `now`, e^(eₜ + βₜ − largest) of a position, and `logs`, its logarithms.
struct Back {
    const float *transitions, *weights;
    int stride, tags;
    float top, rest;
    float *now, *logs, *partial;
};

// beta(t−1, i), from this thread's onward = eₜ(i) + beta(t, i) and the scale that forward subtracted at t; −∞ from and to a thread
// without a tag. `counts` is the thread's row of the transitions' gradient, to which slope · P(yₜ₋₁ = i, yₜ = j) is added for each
// j, or null; `before` is alpha(t−1, i). Called by all threads of a block.
DEVICE float step_back(const Back &x, float onward, float scale, float *counts, float slope, float before) {
    int i = threadIdx.x;
    bool mine = i < x.tags;
    // Every thread has read the values of the previous position once the maximum is known.
    float largest = finite(block_max(onward, x.partial));
    if (mine) {
        x.now[i] = expf(onward - largest);
        x.logs[i] = onward;
    }
    __syncthreads();
    if (!mine) return -INFINITY;
    // P(yₜ₋₁ = i, yₜ = j) is e^before · weight · now · e^far. If `far` is moderate, only negligible products underflow.
    float far = x.top + largest - scale - x.rest, factor = slope * expf(before) * expf(far), sum = 0.0f;
    const float *weights = x.weights + i * x.stride, *transitions = x.transitions + i * x.tags;
    if (counts && far < FAR) {
        for (int j = 0; j < x.tags; ++j) {
            float product = weights[j] * x.now[j];
            sum += product;
            counts[j] = fmaf(factor, product, counts[j]);
        }
    } else {
        for (int j = 0; j < x.tags; ++j) sum = fmaf(weights[j], x.now[j], sum);
        for (int j = 0; counts && j < x.tags; ++j)
            counts[j] += slope * ratio(before + transitions[j] + x.logs[j] - scale, x.rest);
    }
    bool sure = sum > LEAST && sum < MOST;
    return (sure ? x.top + largest + logf(sum) : log_sum(x.logs, transitions, 1, x.tags)) - scale;
}

// A block of whole warps, at least K threads; shared: 8 K ((K | 1) + 1) bytes.
KERNEL crf_gradient(const float *emissions, const float *transitions, const float *start, const float *end,
                    const i64 *lengths, const i64 *labels, const float *alpha, const float *scale, const float
                    *slopes, float *demissions, float *dtransitions, float *dstart, float *dend, int batch,
                    int time, int tags) {
    SHARED(float, partial, [WARP]);
    DYN_SHARED(float, scratch);
    int stride = tags | 1, b = blockIdx.x, i = threadIdx.x, length = length_of(lengths, b, time);
    float *weights = scratch, *counts = weights + tags * stride;
    float *now = counts + tags * stride, *logs = now + tags;
    bool mine = i < tags;
    emissions += i64(b) * time * tags;
    demissions += i64(b) * time * tags;
    dtransitions += i64(b) * tags * tags;
    dstart += i64(b) * tags;
    dend += i64(b) * tags;
    if (labels) labels += i64(b) * time;
    float slope = slopes[b], a = -INFINITY, top = 0.0f, rest = -INFINITY, beta = mine ? end[i] : -INFINITY;
    if (alpha && length > 0) {
        alpha += i64(b) * time * tags;
        scale += i64(b) * time;
        if (mine) a = alpha[i64(length - 1) * tags + i];
        rest = rest_of(a + beta, partial);
        top = exponentials(transitions, weights, stride, tags, partial);
    }
    bool expects = rest != -INFINITY;
    float once = !alpha ? slope : expects ? -slope : 0.0f;
    for (int k = i; k < tags * stride; k += blockDim.x) counts[k] = 0.0f;
    for (i64 k = i64(length) * tags + i; k < i64(time) * tags; k += blockDim.x) demissions[k] = 0.0f;
    if (mine && length == 0) dstart[i] = dend[i] = 0.0f;
    __syncthreads();
    Back back = {transitions, weights, stride, tags, top, rest, now, logs, partial};
    float e = mine && length > 0 ? emissions[i64(length - 1) * tags + i] : 0.0f;
    for (int t = length - 1; t >= 0; --t) {
        i64 y = labels ? labels[t] : 0, y_before = labels && t > 0 ? labels[t - 1] : -1;
        if (mine) {
            float expected = expects ? slope * expf(a + beta - rest) : 0.0f;
            float given = labels && y == i ? once : 0.0f;
            float de = expected + (e != -INFINITY ? given : 0.0f);
            demissions[i64(t) * tags + i] = is_tag(y, tags) ? de : NAN;
            if (t == 0) dstart[i] = expected + (start[i] != -INFINITY ? given : 0.0f);
            if (t == length - 1) dend[i] = expected + (end[i] != -INFINITY ? given : 0.0f);
            // No other thread accesses this row of `counts`.
            if (y_before == i && is_tag(y, tags) && transitions[i * tags + y] != -INFINITY)
                counts[i * stride + y] += once;
        }
        if (t == 0) break;
        float onward = mine ? e + beta : -INFINITY;
        if (mine) e = emissions[i64(t - 1) * tags + i];
        if (!expects) continue;
        if (mine) a = alpha[i64(t - 1) * tags + i];
        beta = step_back(back, onward, scale[t], counts + i * stride, slope, a);
    }
    __syncthreads();
    for (int k = i; k < tags * tags; k += blockDim.x) dtransitions[k] = counts[k / tags * stride + k % tags];
}

// --- The log-marginals [B, T, K]: at most 0, −∞ for impossible tags, 0 in the padding; beta [B, T, K] is for backward.

// A block of whole warps, at least K threads; shared: 4 K ((K | 1) + 2) bytes.
KERNEL crf_marginals(const float *emissions, const float *transitions, const float *end, const i64 *lengths,
                     const float *alpha, const float *scale, float *beta, float *log_p, int batch, int time,
                     int tags) {
    SHARED(float, partial, [WARP]);
    DYN_SHARED(float, scratch);
    int stride = tags | 1, b = blockIdx.x, i = threadIdx.x, length = length_of(lengths, b, time);
    float *weights = scratch, *now = weights + tags * stride, *logs = now + tags;
    bool mine = i < tags;
    emissions += i64(b) * time * tags;
    alpha += i64(b) * time * tags;
    beta += i64(b) * time * tags;
    log_p += i64(b) * time * tags;
    scale += i64(b) * time;
    for (i64 k = i64(length) * tags + i; k < i64(time) * tags; k += blockDim.x) log_p[k] = 0.0f;
    if (length == 0) return;
    float a = mine ? alpha[i64(length - 1) * tags + i] : -INFINITY, after = mine ? end[i] : -INFINITY;
    float rest = rest_of(a + after, partial);
    float top = exponentials(transitions, weights, stride, tags, partial);
    Back back = {transitions, weights, stride, tags, top, rest, now, logs, partial};
    for (int t = length - 1; t >= 0; --t) {
        float onward = -INFINITY;
        if (mine) {
            i64 cell = i64(t) * tags + i;
            // A NaN must stay: fminf would return 0.
            float p = a + after - rest;
            beta[cell] = after;
            log_p[cell] = a + after == -INFINITY ? -INFINITY : p > 0.0f ? 0.0f : p;
            onward = emissions[cell] + after;
            if (t > 0) a = alpha[cell - tags];
        }
        if (t > 0) after = step_back(back, onward, scale[t], nullptr, 0.0f, 0.0f);
    }
}

// The tangent pass of marginals.rs. A block of whole warps, at least K threads; shared: 8 K ((K | 1) + 2)
// bytes.
KERNEL crf_marginals_gradient(const float *emissions, const float *transitions, const float *end, const i64
                              *lengths, const float *alpha, const float *scale, const float *beta, const float
                              *dlog_p, float *demissions, float *dtransitions, float *dstart, float *dend, int
                              batch, int time, int tags) {
    SHARED(float, partial, [WARP]);
    DYN_SHARED(float, scratch);
    int stride = tags | 1, b = blockIdx.x, k = threadIdx.x, length = length_of(lengths, b, time);
    float *scores = scratch, *counts = scores + tags * stride;
    float *tangents = counts + tags * stride, *logs = tangents + tags;
    float *onward = logs + tags, *betas = onward + tags;
    bool mine = k < tags;
    i64 sentence = i64(b) * time * tags;
    emissions += sentence;
    alpha += sentence;
    beta += sentence;
    dlog_p += sentence;
    demissions += sentence;
    dtransitions += i64(b) * tags * tags;
    dstart += i64(b) * tags;
    dend += i64(b) * tags;
    scale += i64(b) * time;
    float rest = -INFINITY;
    if (length > 0) rest = rest_of(mine ? alpha[i64(length - 1) * tags + k] + end[k] : -INFINITY, partial);
    // If the sentence is empty or allows no tagging, all gradients are 0.
    int steps = rest == -INFINITY ? 0 : length;
    for (i64 i = i64(steps) * tags + k; i < i64(time) * tags; i += blockDim.x) demissions[i] = 0.0f;
    for (int i = k; i < tags * stride; i += blockDim.x) counts[i] = 0.0f;
    for (int i = k; i < tags * tags; i += blockDim.x) scores[i / tags * stride + i % tags] = transitions[i];
    if (mine && steps == 0) dstart[k] = dend[k] = 0.0f;
    float total = 0.0f;
    for (int t = 0; t < steps && mine; ++t) {
        i64 cell = i64(t) * tags + k;
        if (alpha[cell] + beta[cell] != -INFINITY) total += dlog_p[cell];
    }
    total = block_sum(total, partial);
    // Forward: A(t, j) = u(t, j) + Σᵢ P(yₜ = j | yₜ₋₁ = i) A(t−1, i), kept in demissions. Thread j writes column j of `counts`.
    float tangent = 0.0f;
    for (int t = 0; t < steps; ++t) {
        i64 cell = i64(t) * tags + k;
        float sum = 0.0f;
        if (mine && t > 0) {
            tangents[k] = tangent;
            betas[k] = beta[cell - tags];
        }
        __syncthreads();
        if (mine && t > 0) {
            float x = emissions[cell] + beta[cell] - scale[t];
            for (int i = 0; i < tags; ++i) {
                float term = ratio(scores[i * stride + k] + x, betas[i]) * tangents[i];
                counts[i * stride + k] += term;
                sum += term;
            }
        }
        if (mine) {
            tangent = (alpha[cell] + beta[cell] != -INFINITY ? dlog_p[cell] : 0.0f) + sum;
            demissions[cell] = tangent;
        }
        __syncthreads();
    }
    // Back: B(t−1, i) = Σⱼ P(yₜ₋₁ = i | yₜ = j) (u(t, j) + B(t, j)). Thread i writes row i of `counts`.
    float behind = 0.0f;
    for (int t = steps - 1; t >= 0; --t) {
        i64 cell = i64(t) * tags + k;
        if (mine) {
            float both = alpha[cell] + beta[cell];
            float de = demissions[cell] + behind - ratio(both, rest) * total;
            demissions[cell] = de;
            if (t == 0) dstart[k] = de;
            if (t == steps - 1) dend[k] = de;
            tangents[k] = (both != -INFINITY ? dlog_p[cell] : 0.0f) + behind;
            logs[k] = alpha[cell];
            onward[k] = emissions[cell] - (t > 0 ? scale[t] : 0.0f);
            betas[k] = beta[cell];
        }
        __syncthreads();
        if (mine && t > 0) {
            float a = alpha[cell - tags];
            behind = 0.0f;
            for (int j = 0; j < tags; ++j) {
                float path = a + scores[k * stride + j] + onward[j];
                float term = ratio(path, logs[j]) * tangents[j];
                counts[k * stride + j] += term - ratio(path + betas[j], rest) * total;
                behind += term;
            }
        }
        __syncthreads();
    }
    for (int i = k; i < tags * tags; i += blockDim.x) dtransitions[i] = counts[i / tags * stride + i % tags];
}
