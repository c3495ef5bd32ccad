// A stand-in for the CUDA driver: the functions of libcuda that the backend calls, on the engine in fibers.h. Device memory is host
// memory that starts as NaN. Work is done when it is queued, except copies from pinned memory, which are done as late as a device
// may do them, so that a buffer that is overwritten too early is noticed. NVIDIA's driver API documents the functions.
#include "fibers.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

using Pointer = unsigned long long;
enum Answer {
    OK = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_DEVICE = 101,
    NOT_FOUND = 500,
    LAUNCH_FAILED = 719,
    NOT_WHILE_RECORDING = 900
};

constexpr size_t MEMORY = size_t(4) << 30;
constexpr int SHARED_LIMIT = 227 * 1024;
constexpr int GRID_LIMIT = 65535;

std::mutex lock;
std::map<Pointer, size_t> allocations;
// After a kernel fails, every later call in its context returns the error, as on a device.
int spoilt = OK;
char the_context, the_pool;

// 750, 800 or 900: for which architecture the kernels that run were compiled.
int architecture() {
    const char *given = getenv("EMULATED_ARCH");
    return given ? atoi(given) : 800;
}

bool is_inside(Pointer p, size_t bytes) {
    if (!bytes) return true;
    std::lock_guard<std::mutex> guard(lock);
    auto after = allocations.upper_bound(p);
    if (after == allocations.begin()) return false;
    const auto &[start, size] = *--after;
    return p + bytes <= start + size;
}

// The stream's work, in order. Only one thread at a time queues or does work.
std::recursive_mutex stream;
using Work = std::function<int()>;
std::vector<Work> waiting;
// The work that a graph will replay; null while nothing is recorded.
std::vector<Work> *recorded = nullptr;

// Does the deferred work.
int catch_up() {
    std::lock_guard<std::recursive_mutex> guard(stream);
    std::vector<Work> now;
    now.swap(waiting);
    int answer = OK;
    for (const Work &work : now)
        if (int failed = work()) answer = failed;
    return answer;
}

// Queues work: does it, or appends it to the graph while the stream records.
int queue(Work work) {
    std::lock_guard<std::recursive_mutex> guard(stream);
    if (spoilt) return spoilt;
    if (recorded) return recorded->push_back(std::move(work)), OK;
    int answer = catch_up();
    return answer ? answer : work();
}

}  // namespace

// --- Devices and contexts.

API cuInit(unsigned) { return OK; }
API cuDriverGetVersion(int *version) { return *version = 12080, OK; }
API cuDeviceGetCount(int *count) { return *count = 1, OK; }
API cuDeviceGet(int *device, int number) { return *device = number, number == 0 ? OK : INVALID_DEVICE; }
API cuDeviceGetName(char *name, int size, int) { return snprintf(name, size, "CPU emulator"), OK; }
API cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = MEMORY, OK; }
API cuMemGetInfo_v2(size_t *unused, size_t *all) { return *unused = *all = MEMORY, OK; }
API cuDeviceGetAttribute(int *value, int attribute, int) {
    switch (attribute) {
        case 1: *value = 1024; break;          // threads of a block
        case 8: *value = 48 * 1024; break;     // shared memory of a block
        case 10: *value = 32; break;           // lanes of a warp
        case 16: *value = 2; break;            // multiprocessors
        case 75: *value = architecture() / 100; break;
        case 76: *value = architecture() / 10 % 10; break;
        case 97: *value = SHARED_LIMIT; break; // shared memory of a block, if asked for
        case 115: *value = 1; break;           // memory pools
        default: *value = 0;
    }
    return OK;
}
API cuDevicePrimaryCtxRetain(void **context, int) { return *context = &the_context, OK; }
API cuCtxSetCurrent(void *) { return OK; }
API cuGetErrorName(int error, const char **name) {
    *name = error == LAUNCH_FAILED   ? "CUDA_ERROR_LAUNCH_FAILED"
            : error == NOT_FOUND     ? "CUDA_ERROR_NOT_FOUND"
            : error == INVALID_VALUE ? "CUDA_ERROR_INVALID_VALUE"
                                     : "CUDA_ERROR";
    return OK;
}
API cuGetErrorString(int error, const char **text) {
    *text = error == LAUNCH_FAILED   ? emulator::last_error()
            : error == NOT_FOUND     ? "no kernel of that name"
            : error == INVALID_VALUE ? "a value that does not fit; what it is stands above"
                                     : "an error of the emulated driver";
    return OK;
}

// --- Memory.

API cuDeviceGetDefaultMemPool(void **pool, int) { return *pool = &the_pool, OK; }
API cuMemPoolSetAttribute(void *, int, void *) { return OK; }
static int allocate(Pointer *pointer, size_t bytes) {
    void *memory = nullptr;
    if (posix_memalign(&memory, 256, bytes ? bytes : 1)) return OUT_OF_MEMORY;
    memset(memory, 0xff, bytes);
    *pointer = reinterpret_cast<Pointer>(memory);
    std::lock_guard<std::mutex> guard(lock);
    allocations[*pointer] = bytes;
    return OK;
}
static int release(Pointer pointer) {
    catch_up();
    {
        std::lock_guard<std::mutex> guard(lock);
        if (!allocations.erase(pointer)) return INVALID_VALUE;
    }
    free(reinterpret_cast<void *>(pointer));
    return OK;
}
// Allocation in the stream's order. A device would record these calls; the backend never makes them while it records.
API cuMemAllocAsync(Pointer *pointer, size_t bytes, void *) {
    return recorded ? NOT_WHILE_RECORDING : allocate(pointer, bytes);
}
API cuMemFreeAsync(Pointer pointer, void *) { return recorded ? NOT_WHILE_RECORDING : release(pointer); }
API cuMemAlloc_v2(Pointer *pointer, size_t bytes) { return allocate(pointer, bytes); }
API cuMemFree_v2(Pointer pointer) { return release(pointer); }

static std::set<void *> pinned;
API cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
    *memory = malloc(bytes ? bytes : 1);
    std::lock_guard<std::mutex> guard(lock);
    return pinned.insert(*memory), OK;
}
API cuMemFreeHost(void *memory) {
    catch_up();
    std::lock_guard<std::mutex> guard(lock);
    return pinned.erase(memory) ? (free(memory), OK) : INVALID_VALUE;
}

static bool is_pinned(const void *memory) {
    std::lock_guard<std::mutex> guard(lock);
    return pinned.count(const_cast<void *>(memory));
}

static int copy(void *to, const void *from, size_t bytes, Pointer on_device, Pointer too = 0) {
    if (!is_inside(on_device, bytes) || (too && !is_inside(too, bytes))) {
        fprintf(stderr, "emulator: a copy of %zu bytes leaves its allocation\n", bytes);
        return INVALID_VALUE;
    }
    memcpy(to, from, bytes);
    return OK;
}
API cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *) {
    Work work = [=] { return copy(reinterpret_cast<void *>(to), from, bytes, to); };
    std::lock_guard<std::recursive_mutex> guard(stream);
    bool late = is_pinned(from) && !recorded && !spoilt;
    return late ? (waiting.push_back(work), OK) : queue(work);
}
API cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *) {
    return queue([=] { return copy(to, reinterpret_cast<void *>(from), bytes, from); });
}
API cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void *) {
    return queue([=] { return copy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes, to, from); });
}
API cuMemsetD8Async(Pointer at, unsigned char value, size_t bytes, void *) {
    return queue([=] {
        if (!is_inside(at, bytes)) return INVALID_VALUE;
        memset(reinterpret_cast<void *>(at), value, bytes);
        return OK;
    });
}

// --- Streams and events. There is one stream, and whenever its state is queried all queued work is done.

static int finish() {
    int answer = catch_up();
    return spoilt ? spoilt : answer;
}
API cuStreamCreate(void **stream, unsigned) { return *stream = &the_context, OK; }
API cuStreamSynchronize(void *) { return recorded ? NOT_WHILE_RECORDING : finish(); }

// An event is the time at which it was recorded.
using Clock = std::chrono::steady_clock;
API cuEventCreate(Clock::time_point **event, unsigned) { return *event = new Clock::time_point, OK; }
API cuEventDestroy_v2(Clock::time_point *event) { return delete event, OK; }
API cuEventRecord(Clock::time_point *event, void *) { return *event = Clock::now(), spoilt; }
API cuEventQuery(Clock::time_point *) { return finish(); }
API cuEventSynchronize(Clock::time_point *) { return finish(); }
API cuEventElapsedTime_v2(float *milliseconds, Clock::time_point *start, Clock::time_point *end) {
    *milliseconds = std::chrono::duration<float, std::milli>(*end - *start).count();
    return spoilt;
}

// --- Graphs: the list of work that was queued while the stream recorded.

API cuStreamBeginCapture_v2(void *, int) {
    if (recorded) return NOT_WHILE_RECORDING;
    int answer = finish();
    return recorded = new std::vector<Work>, answer;
}
API cuStreamEndCapture(void *, void **graph) {
    if (!recorded) return INVALID_VALUE;
    *graph = recorded;
    return recorded = nullptr, OK;
}
API cuGraphInstantiateWithFlags(void **ready, void *graph, unsigned long long) {
    return *ready = new std::vector<Work>(*static_cast<std::vector<Work> *>(graph)), OK;
}
API cuGraphDestroy(void *graph) { return delete static_cast<std::vector<Work> *>(graph), OK; }
API cuGraphExecDestroy(void *ready) { return delete static_cast<std::vector<Work> *>(ready), OK; }
API cuGraphLaunch(void *ready, void *) {
    for (const Work &work : *static_cast<std::vector<Work> *>(ready))
        if (int failed = queue(work)) return failed;
    return OK;
}

// --- Modules and launches. Every kernel is part of this library, so modules are empty.

API cuModuleLoadData(void **module, const void *) { return *module = &the_context, OK; }
API cuModuleGetFunction(void **function, void *, const char *name) {
    *function = emulator::find(name, architecture());
    return *function ? OK : NOT_FOUND;
}
API cuFuncSetAttribute(void *function, int attribute, int value) {
    constexpr int DYNAMIC_SHARED = 8;
    if (attribute != DYNAMIC_SHARED) return OK;
    if (value > SHARED_LIMIT) return INVALID_VALUE;
    static_cast<emulator::Kernel *>(function)->dynamic_limit = value;
    return OK;
}
API cuLaunchKernel(void *function, unsigned bx, unsigned by, unsigned bz, unsigned tx, unsigned ty, unsigned tz,
                   unsigned shared, void *, void **arguments, void **) {
    auto *kernel = static_cast<emulator::Kernel *>(function);
    bool fits = bx && by && bz && tx && ty && tz && tx * ty * tz <= 1024 && by <= GRID_LIMIT && bz <= GRID_LIMIT &&
                int(shared) <= kernel->dynamic_limit;
    int count = 0;
    while (arguments[count]) ++count;
    if (!fits || count != kernel->arguments) {
        fprintf(stderr,
                "emulator: a launch of %s with %u,%u,%u blocks of %u,%u,%u threads, %u bytes of shared memory (at most %d) "
                "and %d arguments (it has %d)\n",
                kernel->name.c_str(), bx, by, bz, tx, ty, tz, shared, kernel->dynamic_limit, count, kernel->arguments);
        return INVALID_VALUE;
    }
    // The driver has read the arguments when it returns.
    std::vector<std::vector<unsigned char>> values;
    for (int i = 0; i < count; ++i) {
        auto *value = static_cast<unsigned char *>(arguments[i]);
        values.emplace_back(value, value + kernel->sizes[i]);
    }
    return queue([=]() mutable {
        std::vector<void *> pointers;
        for (auto &value : values) pointers.push_back(value.data());
        // The next call returns the failure, as on a device.
        if (!emulator::run(kernel, {bx, by, bz}, {tx, ty, tz}, shared, pointers.data())) spoilt = LAUNCH_FAILED;
        return OK;
    });
}
