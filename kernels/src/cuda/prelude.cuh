// Everything that a kernel may use besides the headers of its operation. NVRTC gets no toolkit header, so this file supplies the
// types, instructions and idioms, and every source includes it. When the emulator is compiled, emulator/host.h supplies the names
// of CUDA.
#pragma once

#ifdef CUDA_EMULATED
#include "host.h"
#else
// A kernel; a device function; shared memory of a size that is known at compile time, or that the launch gives.
#define KERNEL extern "C" __global__ void
// Declares a kernel before it is defined, with the most threads of a block and, optionally, the fewest blocks that must fit on a
// multiprocessor: both limit registers.
#define BOUNDED(...) extern "C" __global__ void __launch_bounds__(__VA_ARGS__)
#define DEVICE static __device__ __forceinline__
#define DEVICE_MEMBER __device__ __forceinline__
#define SHARED(T, name, dims) __shared__ __align__(16) T name dims
#define DYN_SHARED(T, name)                                      \
    extern __shared__ __align__(16) unsigned char dyn_shared[];  \
    T *name = reinterpret_cast<T *>(dyn_shared)
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
#endif

#define WARP 32
#define ALL_LANES 0xffffffffu

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

// The lengths or strides of up to eight axes, passed by value.
struct Dims {
    int n[8];
};

// The offset of element i of a shape, by strides. Unused axes are first and have length 1.
DEVICE i64 place(i64 i, const Dims &shape, const Dims &strides) {
    i64 at = 0;
#pragma unroll
    for (int axis = 7; axis >= 0; --axis) {
        int length = shape.n[axis];
        if (length == 1) continue;
        at += i % length * strides.n[axis];
        i /= length;
    }
    return at;
}

// --- bfloat16: the upper half of an f32.

struct bf16 {
    u16 bits;
};

DEVICE float widen(float x) { return x; }
DEVICE float widen(bf16 x) { return __uint_as_float(u32(x.bits) << 16); }

// To the nearest, ties to even; NaN stays NaN.
DEVICE bf16 to_bf16(float x) {
    u32 bits = __float_as_uint(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bf16{u16(bits >> 16 | 0x40u)};
    return bf16{u16((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

struct f16 {
    u16 bits;
};

DEVICE float widen(f16 x) {
#ifdef CUDA_EMULATED
    return emulator::of_f16(x.bits);
#else
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
#endif
}

// To the nearest, ties to even.
DEVICE f16 to_f16(float x) {
#ifdef CUDA_EMULATED
    return f16{emulator::to_f16(x)};
#else
    u16 y;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
    return f16{y};
#endif
}

// Two values rounded as above, the first in the lower half of a word.
DEVICE u32 two_bf16(float low, float high) {
#if defined(CUDA_EMULATED) || __CUDA_ARCH__ < 800
    return to_bf16(low).bits | u32(to_bf16(high).bits) << 16;
#else
    u32 y;
    asm volatile("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
#endif
}

DEVICE u32 two_f16(float low, float high) {
#if defined(CUDA_EMULATED) || __CUDA_ARCH__ < 800
    return to_f16(low).bits | u32(to_f16(high).bits) << 16;
#else
    u32 y;
    asm volatile("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
#endif
}

DEVICE void put(float &y, float x) { y = x; }
DEVICE void put(bf16 &y, float x) { y = to_bf16(x); }
DEVICE void put(f16 &y, float x) { y = to_f16(x); }

// Σ of the four products of the signed bytes of two words, added to c.
DEVICE int dot4(u32 a, u32 b, int c) {
#ifdef CUDA_EMULATED
    for (int i = 0; i < 32; i += 8) c += int(static_cast<signed char>(a >> i)) * int(static_cast<signed char>(b >> i));
    return c;
#else
    int d;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
#endif
}

// The length of sentence b, clamped to 0..=time; `time` if there are no lengths.
DEVICE int length_of(const i64 *lengths, int b, int time) {
    if (!lengths) return time;
    i64 length = lengths[b];
    return length < 0 ? 0 : length > time ? time : int(length);
}

// --- Reductions over the lanes of a warp. Every lane gets the result, by the same tree on every run.

DEVICE float warp_sum(float x) {
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) x += __shfl_xor_sync(ALL_LANES, x, lanes);
    return x;
}

DEVICE float warp_max(float x) {
#pragma unroll
    for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, x, lanes);
        // NaN wins, as on the CPU.
        x = other > x || other != other ? other : x;
    }
    return x;
}

// --- Reductions over a block of whole warps, at most 1024 threads; `scratch` is shared, one float for each warp.

DEVICE float block_sum(float x, float *scratch) {
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    x = warp_sum(x);
    __syncthreads();
    if (lane == 0) scratch[warp] = x;
    __syncthreads();
    return warp_sum(lane < warps ? scratch[lane] : 0.0f);
}

DEVICE float block_max(float x, float *scratch) {
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    x = warp_max(x);
    __syncthreads();
    if (lane == 0) scratch[warp] = x;
    __syncthreads();
    return warp_max(lane < warps ? scratch[lane] : -INFINITY);
}

// --- Rows, each shared by the threads along a block's x: a warp, with a row for each y of the block, or the whole block for a long
// row.

struct Rows {
    int row, first, step;  // the row, the thread's first column, and from one of its columns to the next
    DEVICE_MEMBER Rows() {
        row = blockIdx.x * blockDim.y + threadIdx.y;
        first = threadIdx.x;
        step = blockDim.x;
    }
    // Over all threads of the row; `scratch` is shared, 32 floats.
    DEVICE_MEMBER float sum(float x, float *scratch) const { return step > WARP ? block_sum(x, scratch) : warp_sum(x); }
    DEVICE_MEMBER float max(float x, float *scratch) const { return step > WARP ? block_max(x, scratch) : warp_max(x); }
};

// --- A row in the registers of its threads.

#define HELD 32  // elements of a row that a thread holds

// Whether rows can be read and written 16 bytes at a time: all of them begin and end at multiples of 16 bytes.
template <class... T> DEVICE bool by_fours(int cols, const T *...arrays) {
    return (u64(cols) * 4 | (u64(arrays) | ...)) % 16 == 0;
}

// The columns of a row from `from` on, up to HELD for each thread. With FOURS a thread reads four at a time, otherwise one at a
// time, and neighbouring threads read neighbouring columns.
template <bool FOURS> struct HeldRow : Rows {
    int cols, from;
    DEVICE_MEMBER HeldRow(int cols, int from = 0) : cols(cols), from(from) {}

    // The column of the thread's element i, and whether the row has that column.
    DEVICE_MEMBER int column(int i) const {
        return from + (FOURS ? 4 * first + i / 4 * 4 * step + i % 4 : first + i * step);
    }
    DEVICE_MEMBER bool has(int i) const { return column(FOURS ? i / 4 * 4 : i) < cols; }

    // Calls f with every fourth i, until no thread of the row has more elements. This saves work for short rows, and keeps the
    // compiler from computing all addresses before it reads.
    template <class F> DEVICE_MEMBER void fours(F f) const {
#pragma unroll
        for (int i = 0; i < HELD; i += 4) {
            if (from + i * step >= cols) return;
            f(i);
        }
    }
    template <class F> DEVICE_MEMBER void each(F f) const {
        fours([&](int i) {
            f(i), f(i + 1), f(i + 2), f(i + 3);
        });
    }

    // Elements i .. i + 4; those past the end of the row are `none`.
    DEVICE_MEMBER float4 four(const float *x, int i, float none) const {
        if (FOURS) return has(i) ? *reinterpret_cast<const float4 *>(x + column(i)) : float4{none, none, none, none};
        return float4{has(i) ? x[column(i)] : none, has(i + 1) ? x[column(i + 1)] : none,
                      has(i + 2) ? x[column(i + 2)] : none, has(i + 3) ? x[column(i + 3)] : none};
    }
    DEVICE_MEMBER void read(const float *x, float none, float (&held)[HELD]) const {
        fours([&](int i) {
            float4 next = four(x, i, none);
            held[i] = next.x, held[i + 1] = next.y, held[i + 2] = next.z, held[i + 3] = next.w;
        });
    }
    DEVICE_MEMBER void put(float4 four, int i, float *y) const {
        if (FOURS) {
            if (has(i)) *reinterpret_cast<float4 *>(y + column(i)) = four;
            return;
        }
        if (has(i)) y[column(i)] = four.x;
        if (has(i + 1)) y[column(i + 1)] = four.y;
        if (has(i + 2)) y[column(i + 2)] = four.z;
        if (has(i + 3)) y[column(i + 3)] = four.w;
    }
    DEVICE_MEMBER void write(const float (&held)[HELD], float *y) const {
        fours([&](int i) { put(float4{held[i], held[i + 1], held[i + 2], held[i + 3]}, i, y); });
    }
};

// --- tf32, only for tensor cores: an f32 whose lower 13 bits are 0; ties round away from 0.

DEVICE u32 to_tf32(float x) {
#if defined(CUDA_EMULATED)
    return emulator::to_tf32(x);
#elif __CUDA_ARCH__ >= 800
    u32 y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
    return y;
#else
    __trap();
    return 0u;
#endif
}

// --- Tensor cores: D [16, 8] in f32 += A B over one warp. Along k are eight words of 32 bits, each of them one element in tf32 or
// two of 16 bits, the first in the lower half. With group = lane / 4 and pair = lane % 4 a lane holds the words
//   a0 A[group, pair], a1 A[group + 8, pair], a2 A[group, pair + 4], a3 A[group + 8, pair + 4];
//   b0 B[pair, group], b1 B[pair + 4, group]
// and the elements d0 d1 D[group, 2 pair ..], d2 d3 D[group + 8, 2 pair ..].
//
// Source: NVIDIA, "Parallel Thread Execution ISA", matrix fragments of mma.m16n8k16 (bf16, f16) and mma.m16n8k8 (tf32, f16).

#define MMA(shape, type)                                                                                            \
    asm volatile("mma.sync.aligned." shape ".row.col.f32." type "." type ".f32 "                                    \
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"                                          \
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                                   \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

DEVICE void mma_bf16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
#if defined(CUDA_EMULATED)
    emulator::mma<8, 2>(d, a, b, emulator::of_bf16);
#elif __CUDA_ARCH__ >= 800
    MMA("m16n8k16", "bf16");
#else
    __trap();
#endif
}

DEVICE void mma_tf32(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
#if defined(CUDA_EMULATED)
    emulator::mma<8, 1>(d, a, b, emulator::of_tf32);
#elif __CUDA_ARCH__ >= 800
    MMA("m16n8k8", "tf32");
#else
    __trap();
#endif
}

// The same for four words along k: a0, a1 and b0.
DEVICE void mma_f16_half(float (&d)[4], u32 a0, u32 a1, u32 b0) {
#ifdef CUDA_EMULATED
    u32 a[2] = {a0, a1}, b[1] = {b0};
    emulator::mma<4, 2>(d, a, b, emulator::of_f16);
#else
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};\n"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a0), "r"(a1), "r"(b0));
#endif
}

// sm_75 has only the instruction for four words.
DEVICE void mma_f16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
#if __CUDA_ARCH__ < 800
    mma_f16_half(d, a[0], a[1], b[0]);
    mma_f16_half(d, a[2], a[3], b[1]);
#elif defined(CUDA_EMULATED)
    emulator::mma<8, 2>(d, a, b, emulator::of_f16);
#else
    MMA("m16n8k16", "f16");
#endif
}

// Four blocks of 8 × 4 words from shared memory: lane l passes the address of row l % 8 of block l / 8, four words that begin at a
// multiple of 16 bytes, and gets the word in row l / 4 and column l % 4 of each block, which is how a lane holds the operands
// above.
//
// Source: as above, ldmatrix.
DEVICE void load_blocks(u32 (&x)[4], const u32 *row) {
#ifdef CUDA_EMULATED
    emulator::load_blocks(x, row);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(u32(__cvta_generic_to_shared(row)))
                 : "memory");
#endif
}

// --- Philox 4x32-10: four random words for an index in a stream, the same as on the CPU.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

// A stream of a seed. In a replayed graph `later` points to the number that is added to `stream`; otherwise it is null.
struct Stream {
    u64 seed, stream;
    const u64 *later;
};

DEVICE uint4 philox(const Stream &from, u64 block) {
    u64 stream = from.stream + (from.later ? *from.later : 0);
    u32 key0 = u32(from.seed), key1 = u32(from.seed >> 32);
    uint4 c = {u32(block), u32(block >> 32), u32(stream), u32(stream >> 32)};
#pragma unroll
    for (int round = 0; round < 10; ++round) {
        u32 high0 = __umulhi(0xD2511F53u, c.x), low0 = 0xD2511F53u * c.x;
        u32 high1 = __umulhi(0xCD9E8D57u, c.z), low1 = 0xCD9E8D57u * c.z;
        c = uint4{high1 ^ c.y ^ key0, low1, high0 ^ c.w ^ key1, low0};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return c;
}
