// Kernels by name, and a grid: its blocks run one after the other, each with its own shared memory.
#include "engine.h"
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace emulator {
namespace {

constexpr size_t STATIC_LIMIT = 48 * 1024;
std::mutex one_grid;

void report_deadlock(unsigned index, unsigned count) {
    unsigned reported = 0;
    for (unsigned i = 0; i < count; ++i) {
        const Fiber &fiber = fibers[i];
        if (fiber.state != State::done && reported++ < 3)
            fprintf(stderr, "emulator: %s, block %u: thread %u waits in %s at %s:%d\n", kernel->name.c_str(), index, i,
                    fiber.waits_in, fiber.file, fiber.line);
    }
    error = kernel->name + ": " + std::to_string(block->alive) + " threads wait for ever, in barriers or warp operations that others do not reach";
    fprintf(stderr, "emulator: %s\n", error.c_str());
    failed = true;
}

void run_block(unsigned index, [[maybe_unused]] unsigned place, dim3 blocks, dim3 threads, unsigned dynamic_bytes) {
    unsigned count = threads.x * threads.y * threads.z;
    Block one;
    block = &one;
    one.alive = count;
    one.warps.resize((count + LANES - 1) / LANES);
    for (unsigned w = 0; w < one.warps.size(); ++w) {
        unsigned lanes = count - w * LANES;
        one.warps[w].all = one.warps[w].alive = lanes >= LANES ? ~0u : (1u << lanes) - 1;
    }
    // Exactly as large as requested, so that the sanitizer finds accesses past the end.
    if (posix_memalign(&one.dynamic, 128, dynamic_bytes ? dynamic_bytes : 1)) abort();
    fill_with_nan(one.dynamic, dynamic_bytes);
    forget_ready();
#ifdef EMULATOR_TSAN
    // Each block gets fresh stacks: the sanitizer would report a re-used one as a race.
    auto *stacks = static_cast<char *>(malloc(count * STACK));
    // Creating a sanitizer's fiber takes 0.6 ms, so four sets are used in turn (two for large blocks). Neighbouring blocks use
    // different sets, so races between them are found; races between a block and the fourth after it are not.
    static std::vector<void *> tsan_fibers(4 * THREADS);
    unsigned set = place % (count <= 256 ? 4 : 2);
#endif
    for (unsigned t = 0; t < count; ++t) {
#ifdef EMULATOR_TSAN
        fibers[t].stack = stacks + t * STACK;
        void *&tsan_fiber = tsan_fibers[set * THREADS + t];
        if (!tsan_fiber) tsan_fiber = __tsan_create_fiber(0);
        fibers[t].tsan_fiber = tsan_fiber;
#endif
        dim3 thread = {t % threads.x, t / threads.x % threads.y, t / (threads.x * threads.y)};
        dim3 at = {index % blocks.x, index / blocks.x % blocks.y, index / (blocks.x * blocks.y)};
        begin(fibers[t], t, {thread, at, threads, blocks});
    }
    start_threads();
    if (!failed && one.alive) report_deadlock(index, count);
#ifdef EMULATOR_TSAN
    free(stacks);
#endif
    for (auto &shared : one.shared) free(shared.second);
    free(one.dynamic);
    block = nullptr;
}

auto &registry() {
    static std::map<std::pair<std::string, int>, Kernel> kernels;
    return kernels;
}

}  // namespace

void *shared(const void *tag, size_t bytes, const char *file, int line) {
    auto known = block->shared.find(tag);
    if (known != block->shared.end()) return known->second;
    Unseen unseen;
    void *memory = nullptr;
    if (posix_memalign(&memory, 16, bytes)) abort();
    fill_with_nan(memory, bytes);
    block->shared[tag] = memory;
    block->bytes_shared += bytes;
    if (block->bytes_shared > STATIC_LIMIT)
        fail(file, line, "%zu bytes of shared memory in SHARED; beyond %zu it must be DYN_SHARED", block->bytes_shared, STATIC_LIMIT);
    return memory;
}

void *dynamic_shared() { return block->dynamic; }

Registration::Registration(const char *name, int arch, void (*call)(void *, void **), void *function,
                           const unsigned *sizes, int arguments) {
    Kernel &kernel = registry()[{name, arch}];
    kernel.name = name;
    kernel.arch = arch;
    kernel.call = call;
    kernel.function = function;
    kernel.sizes = sizes;
    kernel.arguments = arguments;
}

Kernel *find(const char *name, int arch) {
    auto found = registry().find({name, arch});
    return found == registry().end() ? nullptr : &found->second;
}

const char *last_error() { return error.c_str(); }

bool run(Kernel *which, dim3 blocks, dim3 threads, unsigned dynamic_bytes, void **values) {
    std::lock_guard<std::mutex> lock(one_grid);
    Unseen unseen;
    read_schedule();
    failed = false;
    error.clear();
    kernel = which;
    arguments = values;
    make_fibers(threads.x * threads.y * threads.z);
    for (Fiber &fiber : fibers) fiber.state = State::done;
    unsigned count = blocks.x * blocks.y * blocks.z;
    std::vector<unsigned> order = order_of_blocks(count);
    release(&started);
    for (unsigned i = 0; i < count && !failed; ++i) run_block(order[i], i, blocks, threads, dynamic_bytes);
    // Only the end of the grid orders its writes for the host; the blocks are not ordered among themselves.
    acquire(&finished);
    current = nullptr;
    return !failed;
}

}  // namespace emulator
