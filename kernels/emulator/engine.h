// What the files of the engine share: the threads of the running block, and what they wait for. fibers.h is what others use.
//
//   fibers.cpp    stacks, and changing from one thread to another
//   meetings.cpp  barriers, and exchanges between the lanes of a warp
//   order.cpp     which of the threads that are ready runs next
//   grid.cpp      kernels by name, the blocks of a grid, shared memory
#pragma once
#include "fibers.h"
#include "watchers.h"
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emulator {

#ifdef EMULATOR_TSAN
constexpr size_t STACK = 32 * 1024;
#else
constexpr size_t STACK = 128 * 1024;
#endif
constexpr unsigned LANES = 32;
constexpr unsigned THREADS = 1024;

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

// A meeting of the lanes of one mask. There are two sets of slots and syncs, used in turn (see meetings.cpp).
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

extern std::vector<Fiber> fibers;
extern Block *block;
extern Kernel *kernel;
extern void **arguments;
extern Fiber *running;
// For the race check: a thread acquires `started`, which the host released, and releases `finished`, which the host acquires.
extern char started, finished;
extern bool failed;
extern std::string error;

// --- fibers.cpp

// Makes new fibers where there are fewer than `count`.
void make_fibers(unsigned count);
// Prepares a fiber to run a thread from its start, and makes it ready.
void begin(Fiber &fiber, unsigned index, const Ids &ids);
// Runs the threads that are ready until none is; called by the host.
void start_threads();
// Runs the next thread that is ready; the host if none is.
void give_up(bool for_ever);

// --- meetings.cpp

// Opens the barrier once every thread of the block that has not returned waits in it.
void open_barrier();
// Ends a meeting once every lane of its mask that has not returned has come.
void end_meeting(unsigned warp_index, Meeting &meeting);

// --- order.cpp

// Reads EMULATOR_SCHEDULE: forward, reverse or random:SEED.
void read_schedule();
// The blocks of a grid, in the order in which they run.
std::vector<unsigned> order_of_blocks(unsigned count);
void make_ready(Fiber &fiber);
Fiber &take_ready();
bool none_ready();
void forget_ready();

}  // namespace emulator
