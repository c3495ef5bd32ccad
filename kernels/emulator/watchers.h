// The engine's reports to sanitizers: changes of stacks, order between threads, and memory that they must ignore.
#pragma once
#include <cstddef>

#ifdef EMULATOR_ASAN
extern "C" {
void __sanitizer_start_switch_fiber(void **, const void *, size_t);
void __sanitizer_finish_switch_fiber(void *, const void **, size_t *);
void __asan_unpoison_memory_region(const volatile void *, size_t);
}
#endif
#ifdef EMULATOR_TSAN
extern "C" {
void *__tsan_get_current_fiber();
void *__tsan_create_fiber(unsigned);
void __tsan_switch_to_fiber(void *, unsigned);
void __tsan_acquire(void *);
void __tsan_release(void *);
void AnnotateIgnoreReadsBegin(const char *, int);
void AnnotateIgnoreReadsEnd(const char *, int);
void AnnotateIgnoreWritesBegin(const char *, int);
void AnnotateIgnoreWritesEnd(const char *, int);
}
#endif

namespace emulator {

// Order between threads, for the race check: an acquire comes after all earlier releases of the same object.

static inline void acquire([[maybe_unused]] void *sync) {
#ifdef EMULATOR_TSAN
    __tsan_acquire(sync);
#endif
}

static inline void release([[maybe_unused]] void *sync) {
#ifdef EMULATOR_TSAN
    __tsan_release(sync);
#endif
}

// While one exists, sanitizers ignore accesses: the engine's own bookkeeping is not a kernel's access to memory.
struct Unseen {
#ifdef EMULATOR_TSAN
    Unseen() {
        AnnotateIgnoreReadsBegin("", 0);
        AnnotateIgnoreWritesBegin("", 0);
    }
    ~Unseen() {
        AnnotateIgnoreWritesEnd("", 0);
        AnnotateIgnoreReadsEnd("", 0);
    }
#else
    Unseen() {}
    ~Unseen() {}
#endif
};

// Byte by byte: a sanitizer would take memcpy's accesses for those of the kernel.
static inline void copy(void *to, const void *from, unsigned bytes) {
    auto *a = static_cast<volatile char *>(to);
    auto *b = static_cast<const volatile char *>(from);
    for (unsigned i = 0; i < bytes; ++i) a[i] = b[i];
}

// Bytes of ones are NaN in every float type.
static inline void fill_with_nan(void *at, size_t bytes) {
    auto *p = static_cast<volatile unsigned char *>(at);
    for (size_t i = 0; i < bytes; ++i) p[i] = 0xff;
}

}  // namespace emulator
