// A stand-in for the CUDA driver: as much of libcuda as the backend calls, on the engine in fibers.h. Device memory is
// main memory that starts as NaN; work is done when it is queued. See the functions' names in NVIDIA's driver API.
#include "fibers.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <functional>
#include <string>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

using Pointer = unsigned long long;
enum Answer { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, NOT_FOUND = 500, LAUNCH_FAILED = 719 };

constexpr size_t MEMORY = size_t(4) << 30;
constexpr int SHARED_LIMIT = 227 * 1024;
constexpr int GRID_LIMIT = 65535;

std::mutex lock;
std::map<Pointer, size_t> allocations;
// A kernel that failed spoils its context: every later call answers with that, as on a device.
int spoilt = OK;
thread_local void *context_of_thread = nullptr;
char the_context, the_pool;

// 750, 800 or 900: which of the compiled forms of each kernel runs.
int architecture() {
    const char *given = getenv("EMULATED_ARCH");
    return given ? atoi(given) : 800;
}

struct Event {
    std::chrono::steady_clock::time_point time;
};

// What was queued on a stream while it was captured, to be done again.
using Graph = std::vector<std::function<int()>>;
struct Stream {
    std::unique_ptr<Graph> capture;
};

// Does a piece of work, or keeps it for later where the stream is captured.
int queue(void *stream, std::function<int()> work) {
    if (spoilt) return spoilt;
    auto *s = static_cast<Stream *>(stream);
    if (s && s->capture) {
        s->capture->push_back(std::move(work));
        return OK;
    }
    return work();
}

bool is_inside(Pointer p, size_t bytes) {
    if (!bytes) return true;
    std::lock_guard<std::mutex> guard(lock);
    auto after = allocations.upper_bound(p);
    if (after == allocations.begin()) return false;
    const auto &[start, size] = *--after;
    return p + bytes <= start + size;
}

}  // namespace

// --- Devices and contexts.

API cuInit(unsigned) { return OK; }
API cuDriverGetVersion(int *version) { return *version = 12080, OK; }
API cuDeviceGetCount(int *count) { return *count = 1, OK; }
API cuDeviceGet(int *device, int number) { return *device = number, number == 0 ? OK : INVALID_DEVICE; }
API cuDeviceGetName(char *name, int size, int) { return snprintf(name, size, "CPU emulator"), OK; }
API cuDeviceGetUuid_v2(void *uuid, int) { return memset(uuid, 0, 16), OK; }
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
API cuDevicePrimaryCtxRelease_v2(int) { return OK; }
API cuCtxGetCurrent(void **context) { return *context = context_of_thread, OK; }
API cuCtxSetCurrent(void *context) { return context_of_thread = context, OK; }
API cuCtxSynchronize() { return spoilt; }
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
API cuMemAlloc_v2(Pointer *pointer, size_t bytes) {
    void *memory = nullptr;
    if (posix_memalign(&memory, 256, bytes ? bytes : 1)) return OUT_OF_MEMORY;
    memset(memory, 0xff, bytes);
    *pointer = reinterpret_cast<Pointer>(memory);
    std::lock_guard<std::mutex> guard(lock);
    allocations[*pointer] = bytes;
    return OK;
}
API cuMemFree_v2(Pointer pointer) {
    {
        std::lock_guard<std::mutex> guard(lock);
        if (!allocations.erase(pointer)) return INVALID_VALUE;
    }
    free(reinterpret_cast<void *>(pointer));
    return OK;
}
API cuMemAllocAsync(Pointer *pointer, size_t bytes, void *) { return cuMemAlloc_v2(pointer, bytes); }
API cuMemFreeAsync(Pointer pointer, void *) { return cuMemFree_v2(pointer); }
API cuMemHostAlloc(void **pointer, size_t bytes, unsigned) { return *pointer = malloc(bytes), OK; }
API cuMemFreeHost(void *pointer) { return free(pointer), OK; }

static int copy(void *stream, void *to, const void *from, size_t bytes, Pointer on_device, Pointer too = 0) {
    if (!is_inside(on_device, bytes) || (too && !is_inside(too, bytes))) {
        fprintf(stderr, "emulator: a copy of %zu bytes leaves its allocation\n", bytes);
        return INVALID_VALUE;
    }
    return queue(stream, [=] { return memcpy(to, from, bytes), OK; });
}
API cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *stream) {
    return copy(stream, reinterpret_cast<void *>(to), from, bytes, to);
}
API cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *stream) {
    return copy(stream, to, reinterpret_cast<void *>(from), bytes, from);
}
API cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void *stream) {
    return copy(stream, reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes, to, from);
}
API cuMemsetD8Async(Pointer at, unsigned char value, size_t bytes, void *stream) {
    if (!is_inside(at, bytes)) return INVALID_VALUE;
    return queue(stream, [=] { return memset(reinterpret_cast<void *>(at), value, bytes), OK; });
}

// --- Streams, events and graphs.

API cuStreamCreate(void **stream, unsigned) { return *stream = new Stream, OK; }
API cuStreamDestroy_v2(void *stream) { return delete static_cast<Stream *>(stream), OK; }
API cuStreamSynchronize(void *) { return spoilt; }
API cuStreamWaitEvent(void *, void *, unsigned) { return OK; }
API cuStreamBeginCapture_v2(void *stream, int) {
    static_cast<Stream *>(stream)->capture = std::make_unique<Graph>();
    return OK;
}
API cuStreamEndCapture(void *stream, void **graph) {
    *graph = static_cast<Stream *>(stream)->capture.release();
    return OK;
}
API cuStreamIsCapturing(void *stream, int *status) {
    return *status = stream && static_cast<Stream *>(stream)->capture, OK;
}
API cuGraphInstantiateWithFlags(void **ready, void *graph, unsigned long long) {
    return *ready = new Graph(*static_cast<Graph *>(graph)), OK;
}
API cuGraphLaunch(void *graph, void *) {
    for (auto &work : *static_cast<Graph *>(graph))
        if (int answer = work()) return answer;
    return OK;
}
API cuGraphDestroy(void *graph) { return delete static_cast<Graph *>(graph), OK; }
API cuGraphExecDestroy(void *graph) { return delete static_cast<Graph *>(graph), OK; }
API cuEventCreate(void **event, unsigned) { return *event = new Event, OK; }
API cuEventDestroy_v2(void *event) { return delete static_cast<Event *>(event), OK; }
API cuEventRecord(void *event, void *) {
    static_cast<Event *>(event)->time = std::chrono::steady_clock::now();
    return OK;
}
API cuEventQuery(void *) { return OK; }
API cuEventSynchronize(void *) { return spoilt; }
API cuEventElapsedTime_v2(float *milliseconds, void *from, void *to) {
    auto time = static_cast<Event *>(to)->time - static_cast<Event *>(from)->time;
    *milliseconds = std::chrono::duration<float, std::milli>(time).count();
    return OK;
}
API cuEventElapsedTime(float *milliseconds, void *from, void *to) {
    return cuEventElapsedTime_v2(milliseconds, from, to);
}

// --- Modules and launches. Every kernel is part of this library, so a module holds nothing.

API cuModuleLoadData(void **module, const void *) { return *module = &the_context, OK; }
API cuModuleUnload(void *) { return OK; }
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
API cuFuncGetAttribute(int *value, int, void *) { return *value = 0, OK; }
API cuLaunchKernel(void *function, unsigned bx, unsigned by, unsigned bz, unsigned tx, unsigned ty, unsigned tz,
                   unsigned shared, void *stream, void **arguments, void **) {
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
    // The values are copied, for a graph is launched when the caller's are gone.
    auto values = std::make_shared<std::vector<std::vector<unsigned char>>>();
    for (int i = 0; i < count; ++i) {
        auto *value = static_cast<unsigned char *>(arguments[i]);
        values->emplace_back(value, value + kernel->sizes[i]);
    }
    return queue(stream, [=] {
        std::vector<void *> pointers;
        for (auto &value : *values) pointers.push_back(value.data());
        pointers.push_back(nullptr);
        // It shows at the next call, as on a device.
        if (!emulator::run(kernel, {bx, by, bz}, {tx, ty, tz}, shared, pointers.data())) spoilt = LAUNCH_FAILED;
        return int(OK);
    });
}
