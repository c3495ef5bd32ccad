// `main layout` compares the emulated instructions with NVIDIA's documentation; `main BUG` runs one of
// planted_bugs.cu and exits with 0 if nothing was noticed, 2 if the engine reported an error, 3 if a value is wrong.
#include "../fibers.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using emulator::find;
using emulator::run;

static bool fails(bool condition, const char *what) {
    if (condition) printf("layout: %s\n", what);
    return condition;
}

// The layouts as CUTLASS writes them: (lane, index in its fragment) to the column-major offset in A [16, K] and in Bᵀ [8, K], by
// the strides of lane mod 4 and lane / 4, then of each bit of the index. C is ((4,8),(2,2)):((32,1),(16,8)) for all instructions.
struct Layout {
    int lane[2], bits[3], numbers;
    int at(int t, int v) const {
        return lane[0] * (t % 4) + lane[1] * (t / 4) + bits[0] * (v & 1) + bits[1] * (v >> 1 & 1) + bits[2] * (v >> 2);
    }
};

struct Instruction {
    const char *kernel;
    int depth, bytes;  // K, and bytes of an element in a register
    Layout a, b;
    uint32_t (*encode)(float);
};

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

// The bits of an integer below 256 in magnitude, which all these types represent exactly.
static uint32_t to_bf16(float x) { return bits_of(x) >> 16; }
static uint32_t to_f16(float x) {
    uint32_t bits = bits_of(x);
    return x == 0 ? 0 : (bits >> 16 & 0x8000) | ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 1023);
}

static const Instruction INSTRUCTIONS[] = {
    {"one_mma_bf16", 16, 2, {{32, 1}, {16, 8, 128}, 8}, {{16, 1}, {8, 64, 0}, 4}, to_bf16},
    {"one_mma_f16", 16, 2, {{32, 1}, {16, 8, 128}, 8}, {{16, 1}, {8, 64, 0}, 4}, to_f16},
    {"one_mma_f16_half", 8, 2, {{32, 1}, {16, 8, 0}, 4}, {{16, 1}, {8, 0, 0}, 2}, to_f16},
    {"one_mma_tf32", 8, 4, {{16, 1}, {8, 64, 0}, 4}, {{8, 1}, {32, 0, 0}, 2}, bits_of},
};

// The elements are small integers, so that sums are exact.
static bool mma_is_wrong(const Instruction &is) {
    static float a[16][16], b[16][8], d[32][4];
    static unsigned char of_a[32 * 16], of_b[32 * 8];
    for (auto &row : a) for (float &x : row) x = float(rand() % 17 - 8);
    for (auto &row : b) for (float &x : row) x = float(rand() % 17 - 8);
    for (int lane = 0; lane < 32; ++lane) {
        for (int v = 0; v < is.a.numbers; ++v) {
            int at = is.a.at(lane, v);
            uint32_t x = is.encode(a[at % 16][at / 16]);
            memcpy(of_a + (is.a.numbers * lane + v) * is.bytes, &x, is.bytes);
        }
        for (int v = 0; v < is.b.numbers; ++v) {
            int at = is.b.at(lane, v);
            uint32_t x = is.encode(b[at / 8][at % 8]);
            memcpy(of_b + (is.b.numbers * lane + v) * is.bytes, &x, is.bytes);
        }
    }
    const void *left = of_a, *right = of_b;
    void *to = d, *arguments[] = {&left, &right, &to};
    if (!run(find(is.kernel, 800), {1, 1, 1}, {32, 1, 1}, 0, arguments)) return true;
    const Layout c = {{32, 1}, {16, 8, 0}, 4};
    for (int lane = 0; lane < 32; ++lane)
        for (int v = 0; v < 4; ++v) {
            int row = c.at(lane, v) % 16, column = c.at(lane, v) / 16;
            float expected = 0;
            for (int k = 0; k < is.depth; ++k) expected += a[row][k] * b[k][column];
            if (fails(d[lane][v] != expected, is.kernel)) return true;
        }
    return false;
}

static bool mma_is_wrong() {
    for (const Instruction &is : INSTRUCTIONS)
        if (mma_is_wrong(is)) return true;
    return false;
}

// Of two nearest values cvt.rn.f16.f32 takes the even one, and cvt.rna.tf32.f32 the one away from 0.
static bool roundings_are_wrong() {
    struct Row {
        float x, f16, tf32;
    };
    const float least = 0x1p-24f, infinity = 1.0f / 0.0f;
    static const Row rows[] = {
        {1.0f + 0x1p-11f, 1.0f, 1.0f + 0x1p-10f},
        {1.0f + 3 * 0x1p-11f, 1.0f + 0x1p-9f, 1.0f + 0x1p-9f},
        {-1.0f - 0x1p-11f, -1.0f, -1.0f - 0x1p-10f},
        {1.0f + 0.9f * 0x1p-11f, 1.0f, 1.0f},
        {65519.0f, 65504.0f, 65504.0f},
        {65520.0f, infinity, 65536.0f},
        {1e30f, infinity, 0x1.94p99f},
        {least, least, least},
        {0.5f * least, 0.0f, 0.5f * least},
        {-1.5f * least, -2.0f * least, -1.5f * least},
        {0x1p-14f * (1.0f - 0x1p-12f), 0x1p-14f, 0x1p-14f},
        {0.0f, 0.0f, 0.0f},
        {-infinity, -infinity, -infinity},
    };
    static float x[32], y[32][2];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) x[i] = rows[i].x;
    const void *from = x;
    void *to = y, *arguments[] = {&from, &to};
    if (!run(find("roundings", 800), {1, 1, 1}, {32, 1, 1}, 0, arguments)) return true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        if (fails(y[i][0] != rows[i].f16, "cvt.rn.f16.f32") || fails(y[i][1] != rows[i].tf32, "cvt.rna.tf32.f32")) {
            printf("%a: %a, %a\n", rows[i].x, y[i][0], y[i][1]);
            return true;
        }
    return false;
}

// ldmatrix gives a lane the words of its blocks that mma.sync needs: row lane / 4, word lane mod 4.
static bool blocks_are_wrong() {
    alignas(16) static uint32_t rows[32][4], y[32][4];
    for (uint32_t i = 0; i < 128; ++i) rows[i / 4][i % 4] = i;
    const void *from = rows;
    void *to = y, *arguments[] = {&from, &to};
    if (!run(find("blocks", 800), {1, 1, 1}, {32, 1, 1}, 0, arguments)) return true;
    for (uint32_t lane = 0; lane < 32; ++lane)
        for (uint32_t i = 0; i < 4; ++i)
            if (fails(y[lane][i] != 4 * (8 * i + lane / 4) + lane % 4, "ldmatrix.x4")) return true;
    return false;
}

static bool lanes_are_wrong() {
    static int y[32][8], counter;
    void *to = y, *sum = &counter, *arguments[] = {&to, &sum};
    if (!run(find("lanes", 800), {1, 1, 1}, {32, 1, 1}, 0, arguments)) return true;
    uint32_t thirds = 0;
    for (int lane = 0; lane < 32; lane += 3) thirds |= 1u << lane;
    for (int lane = 0; lane < 32; ++lane) {
        const int *own = y[lane];
        bool wrong = fails(own[0] != 7, "__shfl_sync") || fails(own[1] != (lane ^ 5), "__shfl_xor_sync") ||
                     fails(own[2] != (lane < 3 ? lane : lane - 3), "__shfl_up_sync") ||
                     fails(own[3] != (lane > 28 ? lane : lane + 3), "__shfl_down_sync") ||
                     fails(uint32_t(own[4]) != thirds, "__ballot_sync") || fails(own[5] != 1, "__any_sync") ||
                     fails(own[6] != 1 || own[7] != 0, "__syncthreads_or");
        if (wrong) return true;
    }
    return fails(counter != 31 * 32 / 2, "atomicAdd");
}

static int bug(const std::string &name) {
    emulator::Kernel *kernel = find(name.c_str(), 800);
    if (!kernel) return 4;
    auto *y = static_cast<float *>(calloc(32, 4));
    void *arguments[] = {&y};
    if (!run(kernel, {name == "between_blocks" ? 4u : 1u, 1, 1}, {32, 1, 1}, 0, arguments)) return 2;
    bool turned = name == "missing_syncwarp" || name == "shuffle_is_no_fence" || name == "good";
    bool all = name == "uninitialised_shared" || name == "past_shared";
    for (int i = 0; i < 32; ++i) {
        float expected = turned ? 31 - i : name == "buffer_reused" ? 2 : 1;
        if ((turned || all || name == "buffer_reused") && !(name == "past_shared" && i == 0) && !(y[i] == expected)) return 3;
    }
    free(y);
    return 0;
}

int main(int, char **arguments) {
    std::string name = arguments[1];
    if (name != "layout") return bug(name);
    if (mma_is_wrong() || roundings_are_wrong() || blocks_are_wrong() || lanes_are_wrong()) return 1;
    puts("the emulated instructions do what NVIDIA documents");
}
