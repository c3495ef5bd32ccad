// Which of the threads that are ready runs next, and the order of the blocks: EMULATOR_SCHEDULE is forward, reverse or
// random:SEED.
#include "engine.h"
#include <cstdlib>

namespace emulator {
namespace {

enum class Schedule { forward, reverse, random } schedule;
uint64_t random_state;
constexpr unsigned PREEMPTED_PERCENT = 20;

uint64_t random_number() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// A ring, so that nothing is allocated inside a thread.
unsigned ready[2 * THREADS], first_ready = 0, end_ready = 0;
unsigned &ready_at(unsigned i) { return ready[i % (2 * THREADS)]; }

}  // namespace

void read_schedule() {
    const char *name = getenv("EMULATOR_SCHEDULE");
    std::string given = name ? name : "forward";
    schedule = given == "reverse" ? Schedule::reverse : given.rfind("random", 0) == 0 ? Schedule::random : Schedule::forward;
    size_t colon = given.find(':');
    uint64_t seed = colon == std::string::npos ? 0 : strtoull(given.c_str() + colon + 1, nullptr, 10);
    random_state = 0x9E3779B97F4A7C15ull * (seed + 1);
}

std::vector<unsigned> order_of_blocks(unsigned count) {
    std::vector<unsigned> order(count);
    for (unsigned i = 0; i < count; ++i) order[i] = schedule == Schedule::reverse ? count - 1 - i : i;
    if (schedule == Schedule::random)
        for (unsigned i = count; i > 1; --i) std::swap(order[i - 1], order[random_number() % i]);
    return order;
}

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

bool none_ready() { return first_ready == end_ready; }

void forget_ready() { first_ready = end_ready = 0; }

void maybe_switch() {
    if (schedule != Schedule::random || random_number() % 100 >= PREEMPTED_PERCENT) return;
    make_ready(*running);
    give_up(false);
}

}  // namespace emulator
