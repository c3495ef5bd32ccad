// Stacks, and changing from one thread to another. Blocks run one after the other; within a block one thread runs until it
// waits, then the next that is ready.
//
// A fiber is a stack and the point where it stopped. emulator_switch saves six registers and the stack pointer of one fiber
// and loads those of another: that is all of a context switch. order.cpp queues the fibers that are ready; meetings.cpp has
// what they wait for.
//
// A sanitizer must not instrument the engine's files, which exchange the stack that the sanitizer tracks. Instead each switch
// is reported to it.
#include "engine.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>

// Saves the registers that the calling convention preserves, and the stack pointer in *save; continues where `to` was saved.
extern "C" void emulator_switch(void **save, void *to);
#if !defined(__x86_64__)
#error "the emulator changes stacks in x86-64 assembly; another processor needs its own emulator_switch"
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

Ids *current;
std::vector<Fiber> fibers;
Block *block;
Kernel *kernel;
void **arguments;
Fiber *running;
char started, finished;
bool failed;
std::string error;

namespace {

constexpr size_t PAGE = 4096;

void *host_stack_end;
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

}  // namespace

void give_up([[maybe_unused]] bool for_ever) {
    if (failed || none_ready()) {
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
#ifdef EMULATOR_TSAN
    host_tsan_fiber = __tsan_get_current_fiber();
#endif
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

unsigned lane() { return running->index % LANES; }

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

}  // namespace emulator
