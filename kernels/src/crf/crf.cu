// The linear-chain CRF: log Z with its gradient, the likelihood of taggings, and Viterbi; see mod.rs for the formulas.
//
// The ladder:
//   crf_log_z_plain    a thread for each sentence: the textbook's recursion over tags, K² exponentials a step
//   crf_log_z          a block for each sentence, its threads over the tags: αₜ stays in shared memory over all steps, one launch
//                      for the batch. Scores are logarithms; the largest is taken out before exponentials are summed
//   crf_gradient       the same backwards: βₜ in shared memory, and the marginals on the way; each sentence adds up its own
//                      transitions, and a sum over sentences (reduce.cu) follows, so that results are the same on each run
//   crf_viterbi        the maximum in the sum's place, and the best tagging read backwards by one thread
//
// FLOPs: about 4 B T K² forward and 8 B T K² backward, nearly all exponentials. Bytes: 4 B T K each way. The bound is
// the chain of T steps, each K exponentials long with two barriers: the sentences of a batch run beside each other.
// Shared memory holds the transitions, 4 K² bytes (10 KB for 50 tags), so that sm_80 has room for as many blocks as it can
// start.
//
// alpha [B, T, K] is saved as logarithms, with scale [B, T] = 0, the mark of such.
#include "prelude.cuh"

// A length outside 0..=T is the nearest inside; a tag outside 0..K makes its sentence's score NaN.
DEVICE int length_of(const i64 *lengths, int b, int time) {
    i64 length = lengths[b];
    return length < 0 ? 0 : length > time ? time : int(length);
}

// log Σ eˣ so far, as the largest and the sum of e^(x − largest).
struct LogSum {
    float largest, sum;
};

DEVICE void add(LogSum &total, float x) {
    if (x == -INFINITY) return;
    if (x > total.largest) {
        total.sum = total.sum * expf(total.largest - x) + 1.0f;
        total.largest = x;
    } else {
        total.sum += expf(x - total.largest);
    }
}

DEVICE float value(LogSum total) { return total.sum == 0.0f ? -INFINITY : total.largest + logf(total.sum); }

KERNEL crf_log_z_plain(const float *emissions, const float *transitions, const float *start, const float *end,
                       const i64 *lengths, float *alpha, float *scale, float *log_z, int batch, int time, int tags) {
    int b = blockIdx.x * blockDim.x + threadIdx.x;
    if (b >= batch) return;
    int length = length_of(lengths, b, time);
    for (int t = 0; t < time; ++t) scale[i64(b) * time + t] = 0.0f;
    for (int t = 0; t < length; ++t) {
        const float *e = emissions + (i64(b) * time + t) * tags;
        float *a = alpha + (i64(b) * time + t) * tags;
        for (int j = 0; j < tags; ++j) {
            LogSum reached = {-INFINITY, 0.0f};
            for (int i = 0; i < tags && t > 0; ++i) add(reached, (a - tags)[i] + transitions[i * tags + j]);
            a[j] = e[j] + (t == 0 ? start[j] : value(reached));
        }
    }
    LogSum total = {-INFINITY, 0.0f};
    for (int j = 0; j < tags && length > 0; ++j) add(total, alpha[(i64(b) * time + length - 1) * tags + j] + end[j]);
    log_z[b] = length == 0 ? 0.0f : value(total);
}

// The room of a block: transitions [K, K], then two rows of K.
struct Room {
    float *transitions, *now, *next;
};

DEVICE Room room_of(float *shared, const float *transitions, int tags) {
    for (int i = threadIdx.x; i < tags * tags; i += blockDim.x) shared[i] = transitions[i];
    return Room{shared, shared + tags * tags, shared + tags * tags + tags};
}

KERNEL crf_log_z(const float *emissions, const float *transitions, const float *start, const float *end,
                 const i64 *lengths, float *alpha, float *scale, float *log_z, int batch, int time, int tags) {
    DYN_SHARED(float, shared);
    Room room = room_of(shared, transitions, tags);
    int b = blockIdx.x, length = length_of(lengths, b, time);
    emissions += i64(b) * time * tags;
    alpha += i64(b) * time * tags;
    for (int t = threadIdx.x; t < time; t += blockDim.x) scale[i64(b) * time + t] = 0.0f;
    for (int j = threadIdx.x; j < tags && length > 0; j += blockDim.x)
        room.now[j] = alpha[j] = start[j] + emissions[j];
    __syncthreads();
    for (int t = 1; t < length; ++t) {
        for (int j = threadIdx.x; j < tags; j += blockDim.x) {
            LogSum reached = {-INFINITY, 0.0f};
            for (int i = 0; i < tags; ++i) add(reached, room.now[i] + room.transitions[i * tags + j]);
            room.next[j] = alpha[i64(t) * tags + j] = value(reached) + emissions[i64(t) * tags + j];
        }
        __syncthreads();
        float *now = room.now;
        room.now = room.next;
        room.next = now;
    }
    if (threadIdx.x > 0) return;
    LogSum total = {-INFINITY, 0.0f};
    for (int j = 0; j < tags && length > 0; ++j) add(total, room.now[j] + end[j]);
    log_z[b] = length == 0 ? 0.0f : value(total);
}

// The gradients of slope · log Z, less those of slope · score(y) where a tagging is given; without log_z, of
// slope · score(y) alone. demissions go to their place, the others [B, ...] are to be added up.
KERNEL crf_gradient(const float *emissions, const float *transitions, const float *start, const float *end,
                    const i64 *lengths, const i64 *labels, const float *alpha, const float *log_z, const float *slopes,
                    float *demissions, float *dtransitions, float *dstart, float *dend, int batch, int time,
                    int tags) {
    DYN_SHARED(float, shared);
    Room room = room_of(shared, transitions, tags);
    int b = blockIdx.x, length = length_of(lengths, b, time);
    emissions += i64(b) * time * tags;
    demissions += i64(b) * time * tags;
    dtransitions += i64(b) * tags * tags;
    dstart += i64(b) * tags;
    dend += i64(b) * tags;
    // Where no tagging is allowed there is nothing to be had from log Z.
    float z = log_z ? log_z[b] : -INFINITY, up = slopes[b], slope = z == -INFINITY ? 0.0f : up;
    if (alpha) alpha += i64(b) * time * tags;
    for (int i = length * tags + threadIdx.x; i < time * tags; i += blockDim.x) demissions[i] = 0.0f;
    for (int i = threadIdx.x; i < tags * tags; i += blockDim.x) dtransitions[i] = 0.0f;
    for (int j = threadIdx.x; j < tags; j += blockDim.x) {
        room.now[j] = end[j];
        dstart[j] = dend[j] = 0.0f;
    }
    __syncthreads();
    for (int t = length - 1; t >= 0 && slope != 0.0f; --t) {
        for (int j = threadIdx.x; j < tags; j += blockDim.x) {
            float p = slope * expf(alpha[i64(t) * tags + j] + room.now[j] - z);
            demissions[i64(t) * tags + j] = p;
            if (t == 0) dstart[j] = p;
            if (t == length - 1) dend[j] = p;
        }
        if (t == 0) break;
        for (int i = threadIdx.x; i < tags; i += blockDim.x) {
            LogSum rest = {-INFINITY, 0.0f};
            for (int j = 0; j < tags; ++j) {
                float onward = room.transitions[i * tags + j] + emissions[i64(t) * tags + j] + room.now[j];
                add(rest, onward);
                dtransitions[i * tags + j] += slope * expf(alpha[i64(t - 1) * tags + i] + onward - z);
            }
            room.next[i] = value(rest);
        }
        __syncthreads();
        float *now = room.now;
        room.now = room.next;
        room.next = now;
    }
    if (slope == 0.0f)
        for (int i = threadIdx.x; i < length * tags; i += blockDim.x) demissions[i] = 0.0f;
    __syncthreads();
    if (!labels || threadIdx.x > 0) return;
    // What the given tagging uses, each once; a forbidden score that it uses has no gradient.
    float once = !log_z ? up : z == -INFINITY ? 0.0f : -up;
    labels += i64(b) * time;
    for (int t = 0; t < length; ++t) {
        i64 y = labels[t], before = t > 0 ? labels[t - 1] : 0;
        if (y < 0 || y >= tags || before < 0 || before >= tags) continue;
        if (emissions[i64(t) * tags + y] > -INFINITY) demissions[i64(t) * tags + y] += once;
        if (t == 0 && start[y] > -INFINITY) dstart[y] += once;
        if (t > 0 && transitions[before * tags + y] > -INFINITY) dtransitions[before * tags + y] += once;
        if (t == length - 1 && end[y] > -INFINITY) dend[y] += once;
    }
}

// The score of a tagging of each sentence, [B], and with log_z the negative log-likelihood.
KERNEL crf_score(const float *emissions, const float *transitions, const float *start, const float *end,
                 const i64 *lengths, const i64 *labels, const float *log_z, float *result, int batch, int time, int tags) {
    int b = blockIdx.x * blockDim.x + threadIdx.x;
    if (b >= batch) return;
    int length = length_of(lengths, b, time);
    labels += i64(b) * time;
    float score = 0.0f;
    for (int t = 0; t < length; ++t) {
        i64 y = labels[t], before = t > 0 ? labels[t - 1] : 0;
        if (y < 0 || y >= tags || before < 0 || before >= tags) {
            score = NAN;
            break;
        }
        score += (t == 0 ? start[y] : transitions[before * tags + y]) + emissions[(i64(b) * time + t) * tags + y];
        if (t == length - 1) score += end[y];
    }
    result[b] = !log_z ? score : score == -INFINITY ? INFINITY : log_z[b] - score;
}

// alpha [B, T, K] is room for the scores of the best ways. Among equals the lowest tag wins, at the last position first.
KERNEL crf_viterbi(const float *emissions, const float *transitions, const float *start, const float *end,
                   const i64 *lengths, float *alpha, i64 *path, float *score, int batch, int time, int tags) {
    DYN_SHARED(float, shared);
    Room room = room_of(shared, transitions, tags);
    int b = blockIdx.x, length = length_of(lengths, b, time);
    emissions += i64(b) * time * tags;
    alpha += i64(b) * time * tags;
    path += i64(b) * time;
    for (int t = length + threadIdx.x; t < time; t += blockDim.x) path[t] = -1;
    for (int j = threadIdx.x; j < tags && length > 0; j += blockDim.x)
        room.now[j] = alpha[j] = start[j] + emissions[j];
    __syncthreads();
    for (int t = 1; t < length; ++t) {
        for (int j = threadIdx.x; j < tags; j += blockDim.x) {
            float best = -INFINITY;
            for (int i = 0; i < tags; ++i) best = fmaxf(best, room.now[i] + room.transitions[i * tags + j]);
            room.next[j] = alpha[i64(t) * tags + j] = best + emissions[i64(t) * tags + j];
        }
        __syncthreads();
        float *now = room.now;
        room.now = room.next;
        room.next = now;
    }
    if (threadIdx.x > 0) return;
    int best = 0;
    for (int j = 1; j < tags && length > 0; ++j)
        if (room.now[j] + end[j] > room.now[best] + end[best]) best = j;
    float total = length > 0 ? room.now[best] + end[best] : 0.0f;
    score[b] = total;
    for (int t = length - 1; t >= 0; --t) {
        path[t] = total == -INFINITY ? 0 : best;
        if (t == 0) break;
        const float *a = alpha + i64(t - 1) * tags;
        int from = 0;
        for (int i = 1; i < tags; ++i)
            if (a[i] + transitions[i * tags + best] > a[from] + transitions[from * tags + best]) from = i;
        best = from;
    }
}
