//! Instruction sets: one generic kernel body, compiled once for each.
//!
//! A kernel is a struct of borrowed arguments that implements [`Kernel`]. [`dispatch`] chooses the widest instruction set of
//! this machine and calls its *shim*, a function marked `#[target_feature]` (`enter` in `avx2.rs` and `avx512.rs`), which
//! runs the kernel's body.
//!
//! **Everything is inlined into the shim.** The compiler uses an instruction set only in functions that enable it. A body
//! that is not inlined into the shim is compiled without it: each intrinsic becomes a function call that passes its vectors
//! through memory, some forty times slower. So every function between the shim and an intrinsic is `#[inline(always)]`.
//!
//! **Why a struct.** The body is generic over the instruction set, and Rust has no generic closures: a closure cannot be passed
//! to `dispatch` and then be compiled once for each `S: Isa`. A struct with a generic method can. Its fields are what the
//! closure would have captured.
//!
//! **Why the split over threads is outside.** The body of a closure is a function of its own. If rayon calls it, on another
//! thread and through code of rayon's that is not inlined, it cannot be inlined into the shim, and it does not inherit the
//! shim's features. So the work is split first ([`parallel`](crate::parallel)), and each task calls [`dispatch`] itself,
//! which costs one branch.

/// Methods of an instruction set, one for each line: name, arguments, result, body of intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! intrinsics {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty = $body:expr;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $ty),*) -> $ret {
            // SAFETY: `self` exists only where the instruction set was detected; no memory is touched.
            unsafe { $body }
        }
    )*};
}
#[cfg(target_arch = "x86_64")]
use intrinsics;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use scalar::Scalar;
use std::sync::OnceLock;

/// 0, 1, 2, … up to the largest number of lanes of any instruction set.
pub(crate) static COUNT: [f32; 16] =
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];

/// An instruction set: vectors of `LANES` floats, and operations on them.
///
/// The methods have the usual names; `V` is a vector of `f32`, `I` one of `i32` with as many lanes, `M` a mask of lanes. Sums over
/// lanes have a fixed order, so a result depends only on the instruction set.
#[allow(clippy::wrong_self_convention)] // the usual names of conversions between lanes
pub trait Isa: Copy + Send + Sync + 'static {
    /// A vector of `f32`.
    type V: Copy;
    /// A vector of `i32`.
    type I: Copy;
    /// One truth value for each lane.
    type M: Copy;
    /// The same instruction set with eight lanes.
    type Eight: EightLanes;
    /// Lanes of a vector: eight or sixteen.
    const LANES: usize;

    /// The same instruction set with eight lanes.
    fn eight(self) -> Self::Eight;

    /// All lanes `x`.
    fn splat(self, x: f32) -> Self::V;
    /// Reads `LANES` floats.
    ///
    /// # Safety
    /// `p` is readable for `LANES` floats.
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// Writes `LANES` floats.
    ///
    /// # Safety
    /// `p` is writable for `LANES` floats.
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// Prefetches the cache line at `p` if the instruction set can; `p` may be any address.
    #[inline(always)]
    fn prefetch(self, p: *const f32) {
        let _ = p;
    }
    /// Reads `n <= LANES` floats; the other lanes are 0.
    ///
    /// # Safety
    /// `p` is readable for `n` floats.
    unsafe fn load_first(self, p: *const f32, n: usize) -> Self::V;
    /// Writes the first `n <= LANES` floats.
    ///
    /// # Safety
    /// `p` is writable for `n` floats.
    unsafe fn store_first(self, p: *mut f32, v: Self::V, n: usize);

    /// a + b.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a − b.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// a · b.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a / b.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// a · b + c, rounded once where the instruction set can.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a · b, rounded once where the instruction set can.
    fn fnma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger; `b` where either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller; `b` where either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// √a.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// |a|.
    fn abs(self, a: Self::V) -> Self::V;
    /// −a.
    fn neg(self, a: Self::V) -> Self::V;
    /// To the nearest integer, ties to even.
    fn round(self, a: Self::V) -> Self::V;

    /// a < b; false where either is NaN.
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    /// a ≤ b; false where either is NaN.
    fn le(self, a: Self::V, b: Self::V) -> Self::M;
    /// a = b; false where either is NaN.
    fn eq(self, a: Self::V, b: Self::V) -> Self::M;
    /// `yes` where the mask is set, else `no`.
    fn select(self, m: Self::M, yes: Self::V, no: Self::V) -> Self::V;

    /// All lanes `x`.
    fn splat_i(self, x: i32) -> Self::I;
    /// To the nearest integer, ties to even.
    fn to_i(self, a: Self::V) -> Self::I;
    /// The float of the same value.
    fn from_i(self, a: Self::I) -> Self::V;
    /// The same bits as an integer.
    fn bits(self, a: Self::V) -> Self::I;
    /// The same bits as a float.
    fn from_bits(self, a: Self::I) -> Self::V;
    /// a + b, wrapping.
    fn add_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// a − b, wrapping.
    fn sub_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// a & b.
    fn and_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// a | b.
    fn or_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// a << N.
    fn shl_i<const N: i32>(self, a: Self::I) -> Self::I;
    /// a >> N, with the sign.
    fn shr_i<const N: i32>(self, a: Self::I) -> Self::I;

    /// a ^ b.
    fn xor_i(self, a: Self::I, b: Self::I) -> Self::I;
    /// The low and the high half of the unsigned product a · b.
    fn mul_wide(self, a: Self::I, b: Self::I) -> [Self::I; 2];
    /// The lanes of four vectors in turn: a₀ b₀ c₀ d₀ a₁ b₁ …
    fn interleave(self, abcd: [Self::V; 4]) -> [Self::V; 4];

    /// Σ lanes, in a fixed order.
    fn sum(self, a: Self::V) -> f32;
    /// The largest lane.
    fn max_lane(self, a: Self::V) -> f32;

    /// All lanes 0.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
    /// The first `LANES` floats of a slice.
    #[inline(always)]
    fn read(self, x: &[f32]) -> Self::V {
        assert!(x.len() >= Self::LANES);
        // SAFETY: the slice holds at least LANES floats.
        unsafe { self.load(x.as_ptr()) }
    }
    /// To the first `LANES` floats of a slice.
    #[inline(always)]
    fn write(self, y: &mut [f32], v: Self::V) {
        assert!(y.len() >= Self::LANES);
        // SAFETY: the slice holds at least LANES floats.
        unsafe { self.store(y.as_mut_ptr(), v) }
    }
    /// A whole slice of at most `LANES` floats; the other lanes are 0.
    #[inline(always)]
    fn read_tail(self, x: &[f32]) -> Self::V {
        assert!(x.len() <= Self::LANES);
        // SAFETY: the slice holds exactly the floats that are read.
        unsafe { self.load_first(x.as_ptr(), x.len()) }
    }
    /// A whole slice of at most `LANES` floats; the other lanes are `pad`.
    #[inline(always)]
    fn read_tail_or(self, x: &[f32], pad: f32) -> Self::V {
        let inside = self.lt(self.read(&COUNT), self.splat(x.len() as f32));
        self.select(inside, self.read_tail(x), self.splat(pad))
    }
    /// To a whole slice of at most `LANES` floats.
    #[inline(always)]
    fn write_tail(self, y: &mut [f32], v: Self::V) {
        assert!(y.len() <= Self::LANES);
        // SAFETY: the slice holds exactly the floats that are written.
        unsafe { self.store_first(y.as_mut_ptr(), v, y.len()) }
    }
    /// A whole slice of exactly or less than `LANES` floats, as the chunks of a slice are.
    #[inline(always)]
    fn read_chunk(self, x: &[f32]) -> Self::V {
        if x.len() == Self::LANES { self.read(x) } else { self.read_tail(x) }
    }
    /// To a whole slice of exactly or less than `LANES` floats, as the chunks of a slice are.
    #[inline(always)]
    fn write_chunk(self, y: &mut [f32], v: Self::V) {
        if y.len() == Self::LANES { self.write(y, v) } else { self.write_tail(y, v) }
    }
}

/// An instruction set of eight lanes.
pub trait EightLanes: Isa {
    /// Eight vectors as the rows of a matrix, and its columns: yⱼ[i] = xᵢ[j].
    fn transpose(self, x: [Self::V; 8]) -> [Self::V; 8];
}

/// A kernel's body, written once for all instruction sets.
///
/// `run` and all it calls are `#[inline(always)]`.
pub trait Kernel {
    /// What the body returns.
    type Output;
    /// The body.
    fn run<S: Isa>(self, isa: S) -> Self::Output;
}

/// The instruction sets that this build knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Eight lanes in portable Rust.
    Scalar,
    /// AVX2 and FMA: eight lanes.
    Avx2,
    /// AVX-512: sixteen lanes.
    Avx512,
}

impl Level {
    /// The name in results and in `GRADUS_ISA`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Scalar => "scalar",
            Level::Avx2 => "avx2+fma",
            Level::Avx512 => "avx512",
        }
    }

    /// Lanes of a vector.
    pub fn lanes(self) -> usize {
        match self {
            Level::Scalar | Level::Avx2 => 8,
            Level::Avx512 => 16,
        }
    }
}

/// Those levels that this machine can run, narrowest first.
pub fn available() -> &'static [Level] {
    #[cfg(target_arch = "x86_64")]
    {
        if Avx512::detect().is_some() {
            return &[Level::Scalar, Level::Avx2, Level::Avx512];
        }
        if Avx2::detect().is_some() {
            return &[Level::Scalar, Level::Avx2];
        }
    }
    &[Level::Scalar]
}

/// The widest level of this machine, or the one that the environment variable `GRADUS_ISA` names; an error if there is no such level
/// or this machine lacks it.
pub fn requested() -> Result<Level, String> {
    choose(available(), std::env::var("GRADUS_ISA").ok().as_deref())
}

fn choose(available: &[Level], requested: Option<&str>) -> Result<Level, String> {
    let Some(requested) = requested else { return Ok(available[available.len() - 1]) };
    let names = available.iter().map(|level| level.name()).collect::<Vec<_>>().join(", ");
    let found = available.iter().find(|level| level.name() == requested);
    found.copied().ok_or(format!("GRADUS_ISA: expected one of {names} on this machine, found '{requested}'"))
}

/// The level that [`dispatch`] enters: the [`requested`] one, determined once.
///
/// Panics if that is an error.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| requested().unwrap_or_else(|e| panic!("{e}")))
}

/// Runs a kernel on the widest instruction set of this machine.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    dispatch_on(level(), kernel)
}

/// Runs a kernel on a named instruction set; panics if this machine lacks it.
#[inline]
pub fn dispatch_on<K: Kernel>(level: Level, kernel: K) -> K::Output {
    match level {
        Level::Scalar => kernel.run(Scalar),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => Avx2::detect().expect("dispatch_on: this machine has no AVX2 and FMA").enter(kernel),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => Avx512::detect().expect("dispatch_on: this machine has no AVX-512").enter(kernel),
        #[cfg(not(target_arch = "x86_64"))]
        Level::Avx2 | Level::Avx512 => panic!("dispatch_on: {} is of x86-64", level.name()),
    }
}

#[cfg(test)]
mod tests;
