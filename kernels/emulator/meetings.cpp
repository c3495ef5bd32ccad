// Waiting for other threads.
//
// A barrier (__syncthreads): the fiber marks itself in_barrier and gives up the processor. Once every thread of the block
// that has not returned is in the barrier, open_barrier makes all of them ready.
//
// A shuffle (__shfl_sync and every other exchange between the lanes of a warp) is a Meeting of the lanes of its mask:
//
//     lane 0:  own value -> slots[which][0], waits
//     lane 1:  own value -> slots[which][1], waits
//       …
//     lane 31: own value -> slots[which][31]; it is the last, so all are made ready
//     each:    reads the slot of the lane that it asked for
//
// There are two sets of slots, used in turn, because a fast lane may reach the next shuffle and write its value before a slow
// lane has read the last one. Two are enough: no lane starts a third shuffle before every lane has come to the second, and a
// lane that has come to the second has read the first.
//
// Lanes at different lines, a lane outside its own mask, a mask with lanes that have returned, and waits that never end are
// errors with file, line and thread. On a GPU they are undefined.
#include "engine.h"

namespace emulator {

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

namespace {

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

}  // namespace

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

}  // namespace emulator
