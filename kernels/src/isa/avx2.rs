use super::{EightLanes, Isa, Kernel};
use std::arch::x86_64::*;

/// AVX2 and FMA: eight lanes, sixteen registers, two multiply-adds a cycle.
///
/// A value of this type proves that the machine has both: only [`Avx2::detect`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The proof that this machine has AVX2 and FMA.
    #[inline]
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }

    /// Runs a kernel's body with the instruction set enabled.
    #[inline]
    pub fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn shim<K: Kernel>(isa: Avx2, kernel: K) -> K::Output {
            kernel.run(isa)
        }
        // SAFETY: `self` exists only where AVX2 and FMA were detected.
        unsafe { shim(self, kernel) }
    }
}

/// A sliding window over this table gives the mask of the first n lanes.
static FIRST: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

#[inline(always)]
fn first(n: usize) -> __m256i {
    assert!(n <= 8);
    // SAFETY: 8 - n + 8 <= 16, so the window lies in the table; the proof of AVX2 is the caller's.
    unsafe { _mm256_loadu_si256(FIRST.as_ptr().add(8 - n).cast()) }
}

impl Isa for Avx2 {
    type V = __m256;
    type I = __m256i;
    type M = __m256;
    type Eight = Self;
    const LANES: usize = 8;

    #[inline(always)]
    fn eight(self) -> Self {
        self
    }

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m256 {
        // SAFETY: the caller's p is readable for 8 floats.
        unsafe { _mm256_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m256) {
        // SAFETY: the caller's p is writable for 8 floats.
        unsafe { _mm256_storeu_ps(p, v) }
    }
    #[inline(always)]
    fn prefetch(self, p: *const f32) {
        // SAFETY: a prefetch accesses no memory, at any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> __m256 {
        // SAFETY: the caller's p is readable for n floats; masked lanes are not touched.
        unsafe { _mm256_maskload_ps(p, first(n)) }
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, v: __m256, n: usize) {
        // SAFETY: the caller's p is writable for n floats; masked lanes are not touched.
        unsafe { _mm256_maskstore_ps(p, first(n), v) }
    }

    super::intrinsics! {
        splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        fma(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        fnma(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fnmadd_ps(a, b, c);
        max(a: __m256, b: __m256) -> __m256 = _mm256_max_ps(a, b);
        min(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(a, b);
        sqrt(a: __m256) -> __m256 = _mm256_sqrt_ps(a);
        abs(a: __m256) -> __m256 = _mm256_andnot_ps(_mm256_set1_ps(-0.0), a);
        neg(a: __m256) -> __m256 = _mm256_xor_ps(_mm256_set1_ps(-0.0), a);
        round(a: __m256) -> __m256 =
            _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        lt(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LT_OQ>(a, b);
        le(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LE_OQ>(a, b);
        eq(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b);
        select(m: __m256, yes: __m256, no: __m256) -> __m256 = _mm256_blendv_ps(no, yes, m);
        splat_i(x: i32) -> __m256i = _mm256_set1_epi32(x);
        to_i(a: __m256) -> __m256i = _mm256_cvtps_epi32(a);
        from_i(a: __m256i) -> __m256 = _mm256_cvtepi32_ps(a);
        bits(a: __m256) -> __m256i = _mm256_castps_si256(a);
        from_bits(a: __m256i) -> __m256 = _mm256_castsi256_ps(a);
        add_i(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi32(a, b);
        sub_i(a: __m256i, b: __m256i) -> __m256i = _mm256_sub_epi32(a, b);
        and_i(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        or_i(a: __m256i, b: __m256i) -> __m256i = _mm256_or_si256(a, b);
        xor_i(a: __m256i, b: __m256i) -> __m256i = _mm256_xor_si256(a, b);
    }

    #[inline(always)]
    fn shl_i<const N: i32>(self, a: __m256i) -> __m256i {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe { _mm256_slli_epi32::<N>(a) }
    }
    #[inline(always)]
    fn shr_i<const N: i32>(self, a: __m256i) -> __m256i {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe { _mm256_srai_epi32::<N>(a) }
    }
    #[inline(always)]
    fn mul_wide(self, a: __m256i, b: __m256i) -> [__m256i; 2] {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe {
            // One instruction multiplies the even lanes to 64 bits: once as they are, once moved down.
            let even = _mm256_mul_epu32(a, b);
            let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), _mm256_srli_epi64::<32>(b));
            [
                _mm256_blend_epi32::<0xaa>(even, _mm256_slli_epi64::<32>(odd)),
                _mm256_blend_epi32::<0xaa>(_mm256_srli_epi64::<32>(even), odd),
            ]
        }
    }
    #[inline(always)]
    fn interleave(self, [a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe {
            // Within each half of a vector: a c a c, b d b d, then a b c d.
            let (ac_low, ac_high) = (_mm256_unpacklo_ps(a, c), _mm256_unpackhi_ps(a, c));
            let (bd_low, bd_high) = (_mm256_unpacklo_ps(b, d), _mm256_unpackhi_ps(b, d));
            let (i0, i1) = (_mm256_unpacklo_ps(ac_low, bd_low), _mm256_unpackhi_ps(ac_low, bd_low));
            let (i2, i3) = (_mm256_unpacklo_ps(ac_high, bd_high), _mm256_unpackhi_ps(ac_high, bd_high));
            [
                _mm256_permute2f128_ps::<0x20>(i0, i1),
                _mm256_permute2f128_ps::<0x20>(i2, i3),
                _mm256_permute2f128_ps::<0x31>(i0, i1),
                _mm256_permute2f128_ps::<0x31>(i2, i3),
            ]
        }
    }
    #[inline(always)]
    fn sum(self, a: __m256) -> f32 {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe {
            let pairs = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let halves = _mm_add_ps(pairs, _mm_movehl_ps(pairs, pairs));
            _mm_cvtss_f32(_mm_add_ss(halves, _mm_shuffle_ps::<1>(halves, halves)))
        }
    }
    #[inline(always)]
    fn max_lane(self, a: __m256) -> f32 {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe {
            let pairs = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let halves = _mm_max_ps(pairs, _mm_movehl_ps(pairs, pairs));
            _mm_cvtss_f32(_mm_max_ss(halves, _mm_shuffle_ps::<1>(halves, halves)))
        }
    }
}

impl EightLanes for Avx2 {
    #[inline(always)]
    fn transpose(self, x: [__m256; 8]) -> [__m256; 8] {
        // SAFETY: `self` exists only where AVX2 was detected; no memory is touched.
        unsafe {
            // Pairs of rows, then fours, within each half of a vector; then the halves change places.
            let low = |i: usize| _mm256_unpacklo_ps(x[i], x[i + 1]);
            let high = |i: usize| _mm256_unpackhi_ps(x[i], x[i + 1]);
            let [a, b, c, d] = [low(0), high(0), low(2), high(2)];
            let [e, f, g, h] = [low(4), high(4), low(6), high(6)];
            let upper = [
                _mm256_shuffle_ps::<0x44>(a, c),
                _mm256_shuffle_ps::<0xee>(a, c),
                _mm256_shuffle_ps::<0x44>(b, d),
                _mm256_shuffle_ps::<0xee>(b, d),
            ];
            let lower = [
                _mm256_shuffle_ps::<0x44>(e, g),
                _mm256_shuffle_ps::<0xee>(e, g),
                _mm256_shuffle_ps::<0x44>(f, h),
                _mm256_shuffle_ps::<0xee>(f, h),
            ];
            let [p, q, r, s] = upper;
            let [t, u, v, w] = lower;
            [
                _mm256_permute2f128_ps::<0x20>(p, t),
                _mm256_permute2f128_ps::<0x20>(q, u),
                _mm256_permute2f128_ps::<0x20>(r, v),
                _mm256_permute2f128_ps::<0x20>(s, w),
                _mm256_permute2f128_ps::<0x31>(p, t),
                _mm256_permute2f128_ps::<0x31>(q, u),
                _mm256_permute2f128_ps::<0x31>(r, v),
                _mm256_permute2f128_ps::<0x31>(s, w),
            ]
        }
    }
}
