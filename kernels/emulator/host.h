// Lets a C++ compiler read a CUDA source: each word of CUDA that kernels use, in terms of the engine in fibers.h.
//
// Kernels are compiled once for each architecture that is emulated (EMULATED_ARCH: 750, 800 or 900), so that the code that they
// choose by __CUDA_ARCH__ is run too.
#pragma once
#include "fibers.h"
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

// --- Keywords.

#define __CUDA_ARCH__ EMULATED_ARCH
#define KERNEL static void
#define DEVICE [[maybe_unused]] static inline
#define DEVICE_MEMBER inline
#define BOUNDED(...) static void
#define SHARED(T, name, dims)                          \
    static const char tag_of_##name = 0;               \
    using type_of_##name = T dims;                     \
    auto &name = *static_cast<type_of_##name *>(       \
        emulator::shared(&tag_of_##name, sizeof(type_of_##name), __FILE__, __LINE__))
#define DYN_SHARED(T, name) T *name = static_cast<T *>(emulator::dynamic_shared())
#define threadIdx (emulator::current->thread)
#define blockIdx (emulator::current->block)
#define blockDim (emulator::current->threads)
#define gridDim (emulator::current->blocks)

// --- Types.

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

// --- Barriers, votes and shuffles. Each passes its file and line, for the message if threads do not meet.

#define HERE __FILE__, __LINE__
#define __syncthreads() emulator::barrier(HERE)
#define __syncthreads_or(p) emulator::barrier_or((p), HERE)
#define __syncwarp() emulator::warp_barrier(0xffffffffu, HERE)
#define __ballot_sync(mask, p) emulator::ballot((mask), (p), HERE)
#define __any_sync(mask, p) (emulator::ballot((mask), (p), HERE) != 0)
#define __shfl_sync(mask, x, lane) emulator::shuffle((mask), (x), (lane), "__shfl_sync", HERE)
#define __shfl_xor_sync(mask, x, lanes) \
    emulator::shuffle((mask), (x), int(emulator::lane() ^ (lanes)), "__shfl_xor_sync", HERE)
#define __shfl_up_sync(mask, x, lanes) \
    emulator::shuffle((mask), (x), int(emulator::lane()) - int(lanes), "__shfl_up_sync", HERE)
#define __shfl_down_sync(mask, x, lanes) \
    emulator::shuffle((mask), (x), int(emulator::lane()) + int(lanes), "__shfl_down_sync", HERE)
#define __trap() emulator::fail(HERE, "__trap(): this architecture has no such instruction")

namespace emulator {

// The value of another lane, or the lane's own if there is no such lane.
template <class T> T shuffle(unsigned mask, T x, int from, const char *what, const char *file, int line) {
    unsigned live;
    const unsigned char *slots = exchange(mask, &x, sizeof x, what, file, line, &live);
    if (from < 0 || from >= 32) return x;
    if (!(live >> from & 1)) fail(file, line, "%s reads lane %d, which does not take part (%08x does)", what, from, live);
    T y;
    __builtin_memcpy(&y, slots + SLOT * from, sizeof y);
    return y;
}

static inline unsigned ballot(unsigned mask, int p, const char *file, int line) {
    unsigned live, votes = 0;
    const unsigned char *slots = exchange(mask, &p, sizeof p, "__ballot_sync", file, line, &live);
    for (int i = 0; i < 32; ++i) {
        int q = 0;
        if (live >> i & 1) __builtin_memcpy(&q, slots + SLOT * i, sizeof q);
        if (q) votes |= 1u << i;
    }
    return votes;
}

static inline unsigned bits_of(float x) {
    unsigned bits;
    __builtin_memcpy(&bits, &x, 4);
    return bits;
}

// The value of an element in a register of tensor cores.
static inline float of_tf32(unsigned bits) {
    float x;
    __builtin_memcpy(&x, &bits, 4);
    return x;
}

static inline float of_bf16(unsigned half) { return of_tf32(half << 16); }

static inline float of_f16(unsigned half) {
    unsigned exponent = half >> 10 & 31, fraction = half & 1023;
    float x = exponent == 31 ? (fraction ? NAN : INFINITY)
              : exponent == 0 ? std::ldexp(float(fraction), -24)
                              : std::ldexp(float(1024 + fraction), int(exponent) - 25);
    return half & 0x8000 ? -x : x;
}

// cvt.rn.f16.f32: to the nearest, ties to even.
static inline unsigned short to_f16(float x) {
    unsigned sign = bits_of(x) >> 16 & 0x8000, bits = bits_of(x) & 0x7fffffff;
    if (bits > 0x7f800000) return 0x7fff;
    if (bits >= 0x47800000) return sign | 0x7c00;
    // Below 2⁻¹⁴ values are multiples of 2⁻²⁴.
    if (bits < 0x38800000) return sign | unsigned(std::nearbyint(std::ldexp(std::fabs(x), 24)));
    return sign | (((bits + 0xfff + (bits >> 13 & 1)) >> 13) - (112 << 10));
}

// cvt.rna.tf32.f32: to the nearest, ties away from 0.
static inline unsigned to_tf32(float x) {
    return std::isfinite(x) ? (bits_of(x) + 0x1000) & ~0x1fffu : bits_of(x);
}

// ldmatrix.sync of four blocks: lane 8 i + r writes the four words of row r of block i to its slot.
static inline void load_blocks(unsigned (&x)[4], const unsigned *row) {
    if (reinterpret_cast<unsigned long long>(row) % 16 != 0) fail(HERE, "ldmatrix of a row that is not aligned to 16 bytes");
    unsigned live;
    const unsigned char *slots = exchange(0xffffffffu, row, 16, "ldmatrix.sync", HERE, &live);
    if (live != 0xffffffffu) fail(HERE, "ldmatrix.sync by an incomplete warp (%08x)", live);
    for (int i = 0; i < 4; ++i)
        __builtin_memcpy(&x[i], slots + SLOT * (8 * i + lane() / 4) + 4 * (lane() % 4), 4);
}

// mma.sync over WORDS words along k, each of PARTS elements: every lane writes its registers to its slot, and computes its four sums
// from all slots.
template <int WORDS, int PARTS, class Decode>
void mma(float (&d)[4], const unsigned (&a)[WORDS / 2], const unsigned (&b)[WORDS / 4], Decode decode) {
    unsigned own[WORDS / 2 + WORDS / 4], live;
    __builtin_memcpy(own, a, sizeof a);
    __builtin_memcpy(own + WORDS / 2, b, sizeof b);
    const unsigned char *slots = exchange(0xffffffffu, own, sizeof own, "mma.sync", HERE, &live);
    if (live != 0xffffffffu) fail(HERE, "mma.sync by an incomplete warp (%08x)", live);
    auto element = [&](int lane, int place, int part) {
        unsigned word;
        __builtin_memcpy(&word, slots + SLOT * lane + 4 * place, 4);
        return decode(PARTS == 1 ? word : part ? word >> 16 : word & 0xffff);
    };
    int group = lane() / 4, pair = lane() % 4;
    for (int word = 0; word < WORDS; ++word)
        for (int part = 0; part < PARTS; ++part)
            for (int i = 0; i < 4; ++i) {
                int four = word / 4, with = word % 4, column = 2 * pair + i % 2;
                d[i] += element(4 * group + with, 2 * four + i / 2, part) *
                        element(4 * column + with, WORDS / 2 + four, part);
            }
}

// How a kernel is called with pointers to its arguments, as the driver has them.
template <class F> struct Caller;
template <class... A> struct Caller<void (*)(A...)> {
    static constexpr unsigned sizes[] = {sizeof(A)..., 0};
    static constexpr int arguments = sizeof...(A);
    template <size_t... I> static void with(void *function, void **values, std::index_sequence<I...>) {
        reinterpret_cast<void (*)(A...)>(function)(*static_cast<std::remove_cv_t<A> *>(values[I])...);
    }
    static void call(void *function, void **values) { with(function, values, std::index_sequence_for<A...>{}); }
};

// Atomic, but without ordering other accesses, as on the device, so that the race check finds code that relies on such an order.
template <class T> T add_atomically(T *p, T x) {
    maybe_switch();
    using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    Bits before = __atomic_load_n(reinterpret_cast<Bits *>(p), __ATOMIC_RELAXED), after;
    T y;
    do {
        __builtin_memcpy(&y, &before, sizeof y);
        T sum = y + x;
        __builtin_memcpy(&after, &sum, sizeof sum);
    } while (!__atomic_compare_exchange_n(reinterpret_cast<Bits *>(p), &before, after, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return y;
}

}  // namespace emulator

template <class T> static inline T atomicAdd(T *p, T x) { return emulator::add_atomically(p, x); }
template <class T> static inline T __ldg(const T *p) { return *p; }

// Registers a kernel with the driver under its name; the build script writes one of these for each.
#define REGISTER(kernel)                                                                                     \
    static emulator::Registration registration_of_##kernel(                                                  \
        #kernel, EMULATED_ARCH, &emulator::Caller<decltype(&kernel)>::call, reinterpret_cast<void *>(&kernel), \
        emulator::Caller<decltype(&kernel)>::sizes, emulator::Caller<decltype(&kernel)>::arguments);

// --- Functions.

template <class To, class From> static inline To same_bits(From x) {
    To y;
    static_assert(sizeof x == sizeof y, "");
    __builtin_memcpy(&y, &x, sizeof y);
    return y;
}
static inline unsigned __float_as_uint(float x) { return same_bits<unsigned>(x); }
static inline float __uint_as_float(unsigned x) { return same_bits<float>(x); }
static inline int __float_as_int(float x) { return same_bits<int>(x); }
static inline float __int_as_float(int x) { return same_bits<float>(x); }
static inline unsigned __umulhi(unsigned x, unsigned y) { return unsigned(uint64_t(x) * y >> 32); }
// One operation, rounded by itself.
static inline float __fmul_rn(float x, float y) { return x * y; }
static inline float __fadd_rn(float x, float y) { return x + y; }
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678f); }
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
