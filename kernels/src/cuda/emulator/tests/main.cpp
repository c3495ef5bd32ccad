// `main layout` holds the emulated instructions against what NVIDIA publishes of them; `main BUG` runs one of
// planted_bugs.cu and exits with 0 where nothing was noticed, 2 where the engine told of it, 3 where a number is wrong.
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

// Of m16n8k16 the CUTLASS layouts (column-major coordinates): A (T32,V8) -> (M16,K16) is
// ((4,8),(2,2,2)):((32,1),(16,8,128)), B (T32,V4) -> (N8,K16) is ((4,8),(2,2)):((16,1),(8,64)), and C (T32,V4) ->
// (M16,N8) is ((4,8),(2,2)):((32,1),(16,8)). The numbers are small integers, so that sums are exact.
static bool mma_is_wrong() {
    static float a[16][16], b[16][8], d[32][4];
    static uint16_t of_a[32][8], of_b[32][4];
    for (auto &row : a) for (float &x : row) x = float(rand() % 17 - 8);
    for (auto &row : b) for (float &x : row) x = float(rand() % 17 - 8);
    auto half = [](float x) {
        uint32_t bits;
        memcpy(&bits, &x, 4);
        return uint16_t(bits >> 16);
    };
    for (int lane = 0; lane < 32; ++lane) {
        for (int v = 0; v < 8; ++v) {
            int at = 32 * (lane % 4) + lane / 4 + 16 * (v & 1) + 8 * (v >> 1 & 1) + 128 * (v >> 2);
            of_a[lane][v] = half(a[at % 16][at / 16]);
        }
        for (int v = 0; v < 4; ++v) {
            int at = 16 * (lane % 4) + lane / 4 + 8 * (v & 1) + 64 * (v >> 1);
            of_b[lane][v] = half(b[at / 8][at % 8]);
        }
    }
    const void *left = of_a, *right = of_b;
    void *to = d, *arguments[] = {&left, &right, &to};
    if (!run(find("one_mma", 800), {1, 1, 1}, {32, 1, 1}, 0, arguments)) return true;
    for (int lane = 0; lane < 32; ++lane)
        for (int v = 0; v < 4; ++v) {
            int at = 32 * (lane % 4) + lane / 4 + 16 * (v & 1) + 8 * (v >> 1), row = at % 16, column = at / 16;
            float expected = 0;
            for (int k = 0; k < 16; ++k) expected += a[row][k] * b[k][column];
            if (fails(d[lane][v] != expected, "mma.sync m16n8k16 in bf16")) return true;
        }
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
    if (mma_is_wrong() || lanes_are_wrong()) return 1;
    puts("the emulated instructions do what is published of them");
}
