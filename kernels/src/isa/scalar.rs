use super::{EightLanes, Isa};

/// Eight lanes in portable Rust; the compiler vectorises them as far as the target's baseline allows.
#[derive(Clone, Copy, Debug)]
pub struct Scalar;

const LANES: usize = 8;
type V = [f32; LANES];
type I = [i32; LANES];

#[inline(always)]
fn map<A: Copy, B>(a: [A; LANES], f: impl Fn(A) -> B) -> [B; LANES] {
    std::array::from_fn(|i| f(a[i]))
}

#[inline(always)]
fn zip<A: Copy, B>(a: [A; LANES], b: [A; LANES], f: impl Fn(A, A) -> B) -> [B; LANES] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

impl Isa for Scalar {
    type V = V;
    type I = I;
    type M = [bool; LANES];
    type Eight = Self;
    const LANES: usize = LANES;

    #[inline(always)]
    fn eight(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> V {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> V {
        // SAFETY: the caller's p is readable for LANES floats; an array of f32 is aligned like f32.
        unsafe { p.cast::<V>().read() }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: V) {
        // SAFETY: the caller's p is writable for LANES floats.
        unsafe { p.cast::<V>().write(v) }
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> V {
        // SAFETY: the caller's p is readable for n floats, and i < n.
        std::array::from_fn(|i| if i < n { unsafe { p.add(i).read() } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, v: V, n: usize) {
        for (i, x) in v.into_iter().enumerate().take(n) {
            // SAFETY: the caller's p is writable for n floats, and i < n.
            unsafe { p.add(i).write(x) }
        }
    }

    #[inline(always)]
    fn add(self, a: V, b: V) -> V {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: V, b: V) -> V {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: V, b: V) -> V {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: V, b: V) -> V {
        zip(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn fma(self, a: V, b: V, c: V) -> V {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn fnma(self, a: V, b: V, c: V) -> V {
        std::array::from_fn(|i| c[i] - a[i] * b[i])
    }
    #[inline(always)]
    fn max(self, a: V, b: V) -> V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, a: V, b: V) -> V {
        zip(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn sqrt(self, a: V) -> V {
        map(a, f32::sqrt)
    }
    #[inline(always)]
    fn abs(self, a: V) -> V {
        map(a, f32::abs)
    }
    #[inline(always)]
    fn neg(self, a: V) -> V {
        map(a, |a| -a)
    }
    #[inline(always)]
    fn round(self, a: V) -> V {
        map(a, f32::round_ties_even)
    }

    #[inline(always)]
    fn lt(self, a: V, b: V) -> [bool; LANES] {
        zip(a, b, |a, b| a < b)
    }
    #[inline(always)]
    fn le(self, a: V, b: V) -> [bool; LANES] {
        zip(a, b, |a, b| a <= b)
    }
    #[inline(always)]
    fn eq(self, a: V, b: V) -> [bool; LANES] {
        zip(a, b, |a, b| a == b)
    }
    #[inline(always)]
    fn select(self, m: [bool; LANES], yes: V, no: V) -> V {
        std::array::from_fn(|i| if m[i] { yes[i] } else { no[i] })
    }

    #[inline(always)]
    fn splat_i(self, x: i32) -> I {
        [x; LANES]
    }
    #[inline(always)]
    fn to_i(self, a: V) -> I {
        map(a, |a| a.round_ties_even() as i32)
    }
    #[inline(always)]
    fn from_i(self, a: I) -> V {
        map(a, |a| a as f32)
    }
    #[inline(always)]
    fn bits(self, a: V) -> I {
        map(a, |a| a.to_bits() as i32)
    }
    #[inline(always)]
    fn from_bits(self, a: I) -> V {
        map(a, |a| f32::from_bits(a as u32))
    }
    #[inline(always)]
    fn add_i(self, a: I, b: I) -> I {
        zip(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    fn sub_i(self, a: I, b: I) -> I {
        zip(a, b, i32::wrapping_sub)
    }
    #[inline(always)]
    fn and_i(self, a: I, b: I) -> I {
        zip(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn or_i(self, a: I, b: I) -> I {
        zip(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn shl_i<const N: i32>(self, a: I) -> I {
        map(a, |a| a << N)
    }
    #[inline(always)]
    fn shr_i<const N: i32>(self, a: I) -> I {
        map(a, |a| a >> N)
    }
    #[inline(always)]
    fn xor_i(self, a: I, b: I) -> I {
        zip(a, b, |a, b| a ^ b)
    }
    #[inline(always)]
    fn mul_wide(self, a: I, b: I) -> [I; 2] {
        let product = |i: usize| u64::from(a[i] as u32) * u64::from(b[i] as u32);
        [std::array::from_fn(|i| product(i) as i32), std::array::from_fn(|i| (product(i) >> 32) as i32)]
    }
    #[inline(always)]
    fn interleave(self, abcd: [V; 4]) -> [V; 4] {
        std::array::from_fn(|v| std::array::from_fn(|i| abcd[i % 4][(v * LANES + i) / 4]))
    }
    #[inline(always)]
    fn sum(self, a: V) -> f32 {
        let pairs: [f32; 4] = std::array::from_fn(|i| a[i] + a[i + 4]);
        (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
    }
    #[inline(always)]
    fn max_lane(self, a: V) -> f32 {
        a.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
}

impl EightLanes for Scalar {
    #[inline(always)]
    fn transpose(self, x: [V; 8]) -> [V; 8] {
        std::array::from_fn(|j| std::array::from_fn(|i| x[i][j]))
    }
}
