// See fibers.h. Blocks run one after the other; within a block one thread runs until it waits, then the next that can.
//
// A fiber is a stack and the point where it stopped. emulator_switch saves six registers and the stack pointer of one fiber
// and loads those of another: that is all of a context switch. `ready` queues the fibers that can run.
//
// A barrier (__syncthreads): the fiber marks itself in_barrier and gives up the processor. Once every thread of the block
// that has not returned is in the barrier, open_barrier makes all of them ready.
//
// A shuffle (__shfl_sync and all else that the lanes of a warp exchange) is a Meeting of the lanes of its mask:
//
//     lane 0:  own value -> slots[which][0], waits
//     lane 1:  own value -> slots[which][1], waits
//       …
//     lane 31: own value -> slots[which][31]; it is the last, so all are made ready
//     each:    reads the slot of the lane that it asked for
//
// There are two sets of slots, used in turn, because a fast lane may reach the next shuffle and write its value before a slow
// lane has read the last one. Two are enough: no lane starts a third shuffle before every lane has come to the second, and a lane that has
// come to the second has read the first.
//
// Lanes at different lines, a lane outside its own mask, a mask with lanes that have returned, and waits that never end are
// errors with file, line and thread. On a GPU they are undefined.
//
// A sanitizer must not instrument this file, which exchanges the stack that the sanitizer tracks. Instead each switch is
// reported to it.
#include "fibers.h"
#include "watchers.h"
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <sys/mman.h>
#include <vector>

// Saves the registers that the calling convention preserves, and the stack pointer in *save; continues where `to` was saved.
extern "C" void emulator_switch(void **save, void *to);
#if !defined(__x86_64__)
#error "the emulator changes stacks in x86-64 assembly; another processor wants its own emulator_switch"
#endif
asm(R"(
.text
.globl emulator_switch
.hidden emulator_switch
.type emulator_switch,@function
emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulator_switch,.-emulator_switch
)");

namespace emulator {
namespace {

// --- Threads, warps, blocks.

#ifdef EMULATOR_TSAN
constexpr size_t STACK = 32 * 1024;
#else
constexpr size_t STACK = 128 * 1024;
#endif
constexpr size_t PAGE = 4096;
constexpr unsigned LANES = 32;
constexpr unsigned THREADS = 1024;
constexpr size_t STATIC_LIMIT = 48 * 1024;

enum class State : unsigned char { ready, in_barrier, in_warp, done };

struct Fiber {
    Ids ids;
    unsigned index = 0;  // within the block
    State state = State::done;
    void *stack_end = nullptr;
    char *stack = nullptr;
    const char *waits_in = "", *file = "";  // where it waits, for a message
    int line = 0;
    void *asan_stack = nullptr;
    void *tsan_fiber = nullptr;
};

// A meeting of the lanes of one mask. There are two sets of slots and syncs, used in turn (see the head of this file).
struct Meeting {
    unsigned mask = 0, arrived = 0, met = 0, missing = 0;
    uint64_t count = 0;
    const char *file = nullptr;
    int line = 0;
    char sync[2];
    alignas(16) unsigned char slots[2][LANES][SLOT];
};

struct Warp {
    std::vector<std::unique_ptr<Meeting>> meetings;
    unsigned alive = 0, all = 0;
};

struct Block {
    std::vector<Warp> warps;
    unsigned alive = 0, waiting = 0;
    uint64_t barriers = 0;
    bool votes = false, vote = false;  // what is gathered, and the last result
    const char *file = nullptr;
    int line = 0;
    char sync[2];
    std::map<const void *, void *> shared;
    void *dynamic = nullptr;
    size_t bytes_shared = 0;
};

std::vector<Fiber> fibers;
Block *block;
Kernel *kernel;
void **arguments;
Fiber *running;
void *host_stack_end;
char started, finished;
bool failed;
std::string error;
std::mutex one_grid;

// --- The order of the threads that are ready: EMULATOR_SCHEDULE is forward, reverse or random:SEED.

enum class Schedule { forward, reverse, random } schedule;
uint64_t random_state;
constexpr unsigned PREEMPTED_PERCENT = 20;

uint64_t random_number() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

void read_schedule() {
    const char *name = getenv("EMULATOR_SCHEDULE");
    std::string given = name ? name : "forward";
    schedule = given == "reverse" ? Schedule::reverse : given.rfind("random", 0) == 0 ? Schedule::random : Schedule::forward;
    size_t colon = given.find(':');
    uint64_t seed = colon == std::string::npos ? 0 : strtoull(given.c_str() + colon + 1, nullptr, 10);
    random_state = 0x9E3779B97F4A7C15ull * (seed + 1);
}

// A ring, so that nothing is allocated inside a thread.
unsigned ready[2 * THREADS], first_ready = 0, end_ready = 0;
unsigned &ready_at(unsigned i) { return ready[i % (2 * THREADS)]; }

void make_ready(Fiber &fiber) {
    fiber.state = State::ready;
    ready_at(end_ready++) = unsigned(&fiber - fibers.data());
}

Fiber &take_ready() {
    if (schedule == Schedule::forward) return fibers[ready_at(first_ready++)];
    unsigned i = schedule == Schedule::reverse ? end_ready - 1
                                               : first_ready + unsigned(random_number() % (end_ready - first_ready));
    unsigned fiber = ready_at(i);
    ready_at(i) = ready_at(--end_ready);
    return fibers[fiber];
}

// --- Changing from one thread to another.

#ifdef EMULATOR_ASAN
const void *host_stack;
size_t host_stack_size;
#endif
#ifdef EMULATOR_TSAN
void *host_tsan_fiber;
#endif

void resumed() {
#ifdef EMULATOR_ASAN
    __sanitizer_finish_switch_fiber(running->asan_stack, nullptr, nullptr);
#endif
}

void to_host([[maybe_unused]] bool for_ever) {
#ifdef EMULATOR_ASAN
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &running->asan_stack, host_stack, host_stack_size);
#endif
#ifdef EMULATOR_TSAN
    __tsan_switch_to_fiber(host_tsan_fiber, 1);
#endif
    emulator_switch(&running->stack_end, host_stack_end);
}

// Runs the next thread that is ready; the host if none is.
void give_up([[maybe_unused]] bool for_ever) {
    if (failed || first_ready == end_ready) {
        to_host(for_ever);
        return resumed();
    }
    Fiber &from = *running, &to = take_ready();
    if (&to == &from) return;
    running = &to;
    current = &to.ids;
#ifdef EMULATOR_ASAN
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &from.asan_stack, to.stack, STACK);
#endif
#ifdef EMULATOR_TSAN
    __tsan_switch_to_fiber(to.tsan_fiber, 1);
#endif
    emulator_switch(&from.stack_end, to.stack_end);
    resumed();
}

// --- Waiting for each other.

// Opens the barrier once every thread of the block that has not returned waits in it.
void open_barrier() {
    if (!block->alive || block->waiting < block->alive) return;
    block->waiting = 0;
    block->barriers++;
    block->file = nullptr;
    block->vote = block->votes;
    block->votes = false;
    for (Fiber &fiber : fibers)
        if (fiber.state == State::in_barrier) make_ready(fiber);
}

// Ends a meeting once every lane of its mask that has not returned has come.
void end_meeting(unsigned warp_index, Meeting &meeting) {
    Warp &warp = block->warps[warp_index];
    if (!meeting.arrived || meeting.arrived != (meeting.mask & warp.alive)) return;
    meeting.missing = meeting.mask & warp.all & ~meeting.arrived;
    meeting.met = meeting.arrived;
    meeting.arrived = 0;
    meeting.count++;
    meeting.file = nullptr;
    for (unsigned lane = 0; lane < LANES; ++lane) {
        unsigned index = warp_index * LANES + lane;
        if (meeting.met >> lane & 1 && fibers[index].state == State::in_warp) make_ready(fibers[index]);
    }
}

Meeting &meeting_of(Warp &warp, unsigned mask) {
    for (auto &meeting : warp.meetings)
        if (meeting->mask == mask) return *meeting;
    Unseen unseen;
    warp.meetings.push_back(std::make_unique<Meeting>());
    warp.meetings.back()->mask = mask;
    return *warp.meetings.back();
}

void wait(State state, const char *what, const char *file, int line) {
    running->state = state;
    running->waits_in = what;
    running->file = file;
    running->line = line;
}

// Meets the other lanes of a mask; returns the meeting and which set of its slots holds their values. `orders`: the others
// may read what a lane wrote before the meeting. __syncwarp guarantees that, a shuffle does not.
Meeting &meet(unsigned mask, const void *own, unsigned bytes, const char *what, const char *file, int line, bool orders,
              unsigned *which) {
    unsigned lane = running->index % LANES, warp_index = running->index / LANES;
    if (!(mask >> lane & 1)) fail(file, line, "%s: the calling lane %u is not in its mask %08x", what, lane, mask);
    Meeting &meeting = meeting_of(block->warps[warp_index], mask);
    if (meeting.file && (meeting.line != line || meeting.file != file))
        fail(file, line, "%s: other lanes of the warp wait at %s:%d", what, meeting.file, meeting.line);
    meeting.file = file;
    meeting.line = line;
    *which = unsigned(meeting.count & 1);
    if (bytes) copy(meeting.slots[*which][lane], own, bytes);
    if (orders) release(&meeting.sync[*which]);
    meeting.arrived |= 1u << lane;
    wait(State::in_warp, what, file, line);
    end_meeting(warp_index, meeting);
    give_up(false);
    if (meeting.missing)
        fail(file, line, "%s: its mask %08x names lanes that have left the kernel (%08x)", what, mask, meeting.missing);
    if (orders) acquire(&meeting.sync[*which]);
    return meeting;
}

// Where every thread starts.
void thread() {
    resumed();
    acquire(&started);
    kernel->call(kernel->function, arguments);
    Fiber &fiber = *running;
    fiber.state = State::done;
    release(&finished);
    unsigned warp_index = fiber.index / LANES;
    Warp &warp = block->warps[warp_index];
    block->alive--;
    warp.alive &= ~(1u << fiber.index % LANES);
    open_barrier();
    for (auto &meeting : warp.meetings) end_meeting(warp_index, *meeting);
    give_up(true);
    abort();
}

// --- Setting a block up.

void make_fibers(unsigned count) {
    size_t have = fibers.size();
    if (have < count) fibers.resize(count);
#ifndef EMULATOR_TSAN
    // Below each stack is a page without access rights, so that an overflow is a fault.
    for (; have < count; ++have) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        void *map = mmap(nullptr, PAGE + STACK, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (map == MAP_FAILED || mprotect(map, PAGE, PROT_NONE)) abort();
        fibers[have].stack = static_cast<char *>(map) + PAGE;
    }
#endif
}

void begin(Fiber &fiber, unsigned index, const Ids &ids) {
    fiber.ids = ids;
    fiber.index = index;
    fiber.asan_stack = nullptr;
    // The address that emulator_switch returns to, above the six registers that it pops. A function is entered with the
    // stack pointer eight bytes below a multiple of sixteen.
    void **top = reinterpret_cast<void **>(fiber.stack + STACK);
    *--top = nullptr;
    *--top = nullptr;
    *--top = nullptr;
    *--top = reinterpret_cast<void *>(&thread);
    for (int i = 0; i < 6; ++i) *--top = nullptr;
    fiber.stack_end = top;
#ifdef EMULATOR_ASAN
    __asan_unpoison_memory_region(fiber.stack, STACK);
#endif
    make_ready(fiber);
}

void start_threads() {
    running = &take_ready();
    current = &running->ids;
#ifdef EMULATOR_ASAN
    void *host_asan_stack, *stack;
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &stack, &host_stack_size);
    pthread_attr_destroy(&attributes);
    host_stack = stack;
    __sanitizer_start_switch_fiber(&host_asan_stack, running->stack, STACK);
#endif
#ifdef EMULATOR_TSAN
    __tsan_switch_to_fiber(running->tsan_fiber, 1);
#endif
    emulator_switch(&host_stack_end, running->stack_end);
#ifdef EMULATOR_ASAN
    __sanitizer_finish_switch_fiber(host_asan_stack, nullptr, nullptr);
#endif
}

void tell_of_deadlock(unsigned index, unsigned count) {
    unsigned told = 0;
    for (unsigned i = 0; i < count; ++i) {
        const Fiber &fiber = fibers[i];
        if (fiber.state != State::done && told++ < 3)
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
    // Exactly as large as requested, so that the sanitizer sees accesses past the end.
    if (posix_memalign(&one.dynamic, 128, dynamic_bytes ? dynamic_bytes : 1)) abort();
    fill_with_nan(one.dynamic, dynamic_bytes);
    first_ready = end_ready = 0;
#ifdef EMULATOR_TSAN
    // Each block gets fresh stacks: the sanitizer would report a re-used one as a race.
    auto *stacks = static_cast<char *>(malloc(count * STACK));
    // Creating a sanitizer's fiber takes 0.6 ms, so four sets are used in turn (two for large blocks). Neighbouring blocks use
    // different ones, so races between them are seen; races between a block and the fourth after it are not.
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
    if (!failed && one.alive) tell_of_deadlock(index, count);
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

// --- For kernels.

Ids *current;

void barrier(const char *file, int line) { barrier_or(false, file, line); }

bool barrier_or(bool p, const char *file, int line) {
    if (block->file && (block->file != file || block->line != line))
        fail(file, line, "__syncthreads: other threads of the block wait at %s:%d", block->file, block->line);
    block->file = file;
    block->line = line;
    block->votes |= p;
    char *sync = &block->sync[block->barriers & 1];
    release(sync);
    wait(State::in_barrier, "__syncthreads", file, line);
    block->waiting++;
    open_barrier();
    give_up(false);
    acquire(sync);
    return block->vote;
}

void warp_barrier(unsigned mask, const char *file, int line) {
    unsigned which;
    meet(mask, nullptr, 0, "__syncwarp", file, line, true, &which);
}

const unsigned char *exchange(unsigned mask, const void *own, unsigned bytes, const char *what, const char *file,
                              int line, unsigned *live) {
    unsigned which;
    Meeting &meeting = meet(mask, own, bytes, what, file, line, false, &which);
    *live = meeting.met;
    return meeting.slots[which][0];
}

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

unsigned lane() { return running->index % LANES; }

void maybe_switch() {
    if (schedule != Schedule::random || random_number() % 100 >= PREEMPTED_PERCENT) return;
    make_ready(*running);
    give_up(false);
}

void fail(const char *file, int line, const char *format, ...) {
    char what[512], all[800];
    va_list values;
    va_start(values, format);
    vsnprintf(what, sizeof what, format, values);
    va_end(values);
    const dim3 &b = current->block, &t = current->thread;
    snprintf(all, sizeof all, "%s:%d: kernel %s, block (%u,%u,%u), thread (%u,%u,%u): %s", file, line,
             kernel->name.c_str(), b.x, b.y, b.z, t.x, t.y, t.z, what);
    error = all;
    failed = true;
    fprintf(stderr, "emulator: %s\n", all);
    to_host(true);
    abort();
}

// --- For the driver.

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
    std::vector<unsigned> order(count);
    for (unsigned i = 0; i < count; ++i) order[i] = schedule == Schedule::reverse ? count - 1 - i : i;
    if (schedule == Schedule::random)
        for (unsigned i = count; i > 1; --i) std::swap(order[i - 1], order[random_number() % i]);
#ifdef EMULATOR_TSAN
    host_tsan_fiber = __tsan_get_current_fiber();
#endif
    release(&started);
    for (unsigned i = 0; i < count && !failed; ++i) run_block(order[i], i, blocks, threads, dynamic_bytes);
    // Only the end of the grid orders its writes for the host; the blocks are not ordered among themselves.
    acquire(&finished);
    current = nullptr;
    return !failed;
}

}  // namespace emulator
