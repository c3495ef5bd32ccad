// The engine that runs a grid on one core: every CUDA thread is a fiber, a stack of its own that gives the processor
// up where the thread would wait for others.
#pragma once
#include <cstddef>
#include <string>

struct dim3 { unsigned x, y, z; };

namespace emulator {

// Who a thread is.
struct Ids { dim3 thread, block, threads, blocks; };
// The thread that runs now.
extern Ids *current;

// Where the lanes of a warp lay what they exchange, so many bytes apart.
constexpr unsigned SLOT = 64;

// --- For kernels, by way of host.h.

void barrier(const char *file, int line);
bool barrier_or(bool p, const char *file, int line);
void warp_barrier(unsigned mask, const char *file, int line);
// Lays down `bytes` and waits for the other lanes of the mask; their slots, and which lanes they are.
const unsigned char *exchange(unsigned mask, const void *own, unsigned bytes, const char *what, const char *file,
                              int line, unsigned *live);
void *shared(const void *tag, size_t bytes, const char *file, int line);
void *dynamic_shared();
unsigned lane();
// Under a random schedule, perhaps another thread's turn.
void maybe_switch();
[[noreturn]] void fail(const char *file, int line, const char *format, ...);

// --- For the driver.

// A compiled kernel: how it is called with pointers to its arguments, and their sizes.
struct Kernel {
    std::string name;
    int arch;
    void (*call)(void *function, void **arguments);
    void *function;
    const unsigned *sizes;
    int arguments;
    int dynamic_limit = 48 * 1024;
};
Kernel *find(const char *name, int arch);
// Runs all blocks; false where a thread failed or all wait for ever: `last_error` says what.
bool run(Kernel *kernel, dim3 blocks, dim3 threads, unsigned dynamic_bytes, void **arguments);
const char *last_error();

// --- What the generated list of kernels calls.

struct Registration {
    Registration(const char *name, int arch, void (*call)(void *, void **), void *function, const unsigned *sizes,
                 int arguments);
};

}  // namespace emulator
