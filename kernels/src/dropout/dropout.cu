// Dropout and other uses of random numbers that are addressed by their index: the same bits as on the CPU.
//
// The ladder:
//   dropout_forward_plain   a thread for each element draws a block of four words and uses one
//   dropout_forward         a thread for each block of four words uses all of them
//
// Bytes: 8 for each element. Operations: some 50 on integers for each block of four words. The bound is memory once a block
// serves four elements. Registers are 32 or fewer, so that sm_80 and sm_90 run as many threads as they can.
#include "prelude.cuh"

// The top 24 bits of a word as a number in [0, 1), exact in f32.
DEVICE float unit(u32 word) { return float(word >> 8) * (1.0f / 16777216.0f); }

KERNEL dropout_forward_plain(const float *x, float p, float scale, Stream stream, float *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    uint4 block = philox(stream, i / 4);
    u32 words[4] = {block.x, block.y, block.z, block.w};
    y[i] = unit(words[i % 4]) >= p ? x[i] * scale : 0.0f;
}

KERNEL dropout_forward(const float *x, float p, float scale, Stream stream, float *y, int n) {
    int block = blockIdx.x * blockDim.x + threadIdx.x;
    if (4 * block >= n) return;
    uint4 drawn = philox(stream, block);
    u32 words[4] = {drawn.x, drawn.y, drawn.z, drawn.w};
    for (int i = 0; i < 4 && 4 * block + i < n; ++i)
        y[4 * block + i] = unit(words[i]) >= p ? x[4 * block + i] * scale : 0.0f;
}

KERNEL dropout_mask(float p, float scale, Stream stream, float *y, int n) {
    int block = blockIdx.x * blockDim.x + threadIdx.x;
    if (4 * block >= n) return;
    uint4 drawn = philox(stream, block);
    u32 words[4] = {drawn.x, drawn.y, drawn.z, drawn.w};
    for (int i = 0; i < 4 && 4 * block + i < n; ++i) y[4 * block + i] = unit(words[i]) >= p ? scale : 0.0f;
}

// low + range u.
KERNEL dropout_uniform(float low, float range, Stream stream, float *y, int n) {
    int block = blockIdx.x * blockDim.x + threadIdx.x;
    if (4 * block >= n) return;
    uint4 drawn = philox(stream, block);
    u32 words[4] = {drawn.x, drawn.y, drawn.z, drawn.w};
    for (int i = 0; i < 4 && 4 * block + i < n; ++i) y[4 * block + i] = low + range * unit(words[i]);
}

// mean + deviation z, by the Box–Muller method: a block of words gives two elements.
KERNEL dropout_normal(float mean, float deviation, Stream stream, float *y, int n) {
    int pair = blockIdx.x * blockDim.x + threadIdx.x;
    if (2 * pair >= n) return;
    uint4 drawn = philox(stream, pair);
    // In f64 as on the CPU: it runs once, when a model is initialised.
    double radius = sqrt(-2.0 * log(1.0 - double(unit(drawn.x)))), angle = 6.283185307179586 * double(unit(drawn.y));
    y[2 * pair] = mean + deviation * float(radius * cos(angle));
    if (2 * pair + 1 < n) y[2 * pair + 1] = mean + deviation * float(radius * sin(angle));
}
