// Runs a grid on one core: every CUDA thread is a fiber, with a stack of its own, that gives up the processor where the thread
// would wait for others. The files that engine.h lists explain how.
#pragma once
#include <cstddef>
#include <string>

struct dim3 { unsigned x, y, z; };

namespace emulator {

// The indices of a thread and the sizes of its grid.
struct Ids { dim3 thread, block, threads, blocks; };
// The indices of the running thread.
extern Ids *current;

// Bytes of a slot, into which a lane of a warp copies the value that it exchanges.
constexpr unsigned SLOT = 64;

// --- For kernels, through host.h.

void barrier(const char *file, int line);
bool barrier_or(bool p, const char *file, int line);
void warp_barrier(unsigned mask, const char *file, int line);
// Copies `bytes` into the lane's slot and waits for the other lanes of the mask; returns the slots, and in `live` the mask of the
// lanes that took part.
const unsigned char *exchange(unsigned mask, const void *own, unsigned bytes, const char *what, const char *file,
                              int line, unsigned *live);
void *shared(const void *tag, size_t bytes, const char *file, int line);
void *dynamic_shared();
unsigned lane();
// Under a random schedule, sometimes switches to another thread.
void maybe_switch();
[[noreturn]] void fail(const char *file, int line, const char *format, ...);

// --- For the driver.

// A compiled kernel: how to call it with pointers to its arguments, and the arguments' sizes.
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
// Runs all blocks; false if a thread failed or all threads wait for ever: `last_error` describes it.
bool run(Kernel *kernel, dim3 blocks, dim3 threads, unsigned dynamic_bytes, void **arguments);
const char *last_error();

// --- For the generated list of kernels.

struct Registration {
    Registration(const char *name, int arch, void (*call)(void *, void **), void *function, const unsigned *sizes,
                 int arguments);
};

}  // namespace emulator
