use super::{Avx2, Isa, Kernel};
use std::arch::x86_64::*;

/// AVX-512 (F, DQ, VL): sixteen lanes, thirty-two registers, masks in registers of their own.
///
/// A value of this type proves that the machine has them, and AVX2 and FMA too: only [`Avx512::detect`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(Avx2);

impl Avx512 {
    /// The proof that this machine has AVX-512.
    #[inline]
    pub fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        Avx2::detect().filter(|_| all).map(Avx512)
    }

    /// Runs a kernel's body with the instruction set enabled.
    #[inline]
    pub fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
        fn shim<K: Kernel>(isa: Avx512, kernel: K) -> K::Output {
            kernel.run(isa)
        }
        // SAFETY: `self` exists only where these were detected.
        unsafe { shim(self, kernel) }
    }
}

/// The mask of the first n lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    assert!(n <= 16);
    ((1_u32 << n) - 1) as __mmask16
}

impl Isa for Avx512 {
    type V = __m512;
    type I = __m512i;
    type M = __mmask16;
    type Eight = Avx2;
    const LANES: usize = 16;

    #[inline(always)]
    fn eight(self) -> Avx2 {
        self.0
    }
    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m512 {
        // SAFETY: the caller's p is readable for 16 floats.
        unsafe { _mm512_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m512) {
        // SAFETY: the caller's p is writable for 16 floats.
        unsafe { _mm512_storeu_ps(p, v) }
    }
    #[inline(always)]
    fn prefetch(self, p: *const f32) {
        self.0.prefetch(p);
    }
    #[inline(always)]
    unsafe fn load_first(self, p: *const f32, n: usize) -> __m512 {
        // SAFETY: the caller's p is readable for n floats; masked lanes are not touched.
        unsafe { _mm512_maskz_loadu_ps(first(n), p) }
    }
    #[inline(always)]
    unsafe fn store_first(self, p: *mut f32, v: __m512, n: usize) {
        // SAFETY: the caller's p is writable for n floats; masked lanes are not touched.
        unsafe { _mm512_mask_storeu_ps(p, first(n), v) }
    }

    super::intrinsics! {
        splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        fma(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        fnma(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fnmadd_ps(a, b, c);
        max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        abs(a: __m512) -> __m512 = _mm512_andnot_ps(_mm512_set1_ps(-0.0), a);
        neg(a: __m512) -> __m512 = _mm512_xor_ps(_mm512_set1_ps(-0.0), a);
        round(a: __m512) -> __m512 =
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        lt(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        le(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b);
        eq(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b);
        select(m: __mmask16, yes: __m512, no: __m512) -> __m512 = _mm512_mask_blend_ps(m, no, yes);
        splat_i(x: i32) -> __m512i = _mm512_set1_epi32(x);
        to_i(a: __m512) -> __m512i = _mm512_cvtps_epi32(a);
        from_i(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        bits(a: __m512) -> __m512i = _mm512_castps_si512(a);
        from_bits(a: __m512i) -> __m512 = _mm512_castsi512_ps(a);
        add_i(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        sub_i(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi32(a, b);
        and_i(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        or_i(a: __m512i, b: __m512i) -> __m512i = _mm512_or_si512(a, b);
        xor_i(a: __m512i, b: __m512i) -> __m512i = _mm512_xor_si512(a, b);
    }

    #[inline(always)]
    fn shl_i<const N: i32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` exists only where AVX-512 was detected; no memory is touched.
        unsafe { _mm512_sllv_epi32(a, _mm512_set1_epi32(N)) }
    }
    #[inline(always)]
    fn shr_i<const N: i32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` exists only where AVX-512 was detected; no memory is touched.
        unsafe { _mm512_srav_epi32(a, _mm512_set1_epi32(N)) }
    }
    #[inline(always)]
    fn mul_wide(self, a: __m512i, b: __m512i) -> [__m512i; 2] {
        // SAFETY: `self` exists only where AVX-512 was detected; no memory is touched.
        unsafe {
            // As AVX2 has it: the even lanes, and the odd ones moved down.
            let even = _mm512_mul_epu32(a, b);
            let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
            [
                _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64::<32>(odd)),
                _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64::<32>(even), odd),
            ]
        }
    }
    #[inline(always)]
    fn interleave(self, [a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        // SAFETY: `self` exists only where AVX-512 was detected; no memory is touched.
        unsafe {
            // Within each quarter of a vector: a c a c, b d b d, then a b c d.
            let (ac_low, ac_high) = (_mm512_unpacklo_ps(a, c), _mm512_unpackhi_ps(a, c));
            let (bd_low, bd_high) = (_mm512_unpacklo_ps(b, d), _mm512_unpackhi_ps(b, d));
            let (i0, i1) = (_mm512_unpacklo_ps(ac_low, bd_low), _mm512_unpackhi_ps(ac_low, bd_low));
            let (i2, i3) = (_mm512_unpacklo_ps(ac_high, bd_high), _mm512_unpackhi_ps(ac_high, bd_high));
            // Then the quarters are a 4 × 4 matrix, to be transposed: even and odd columns of pairs of rows first.
            let (even01, odd01) =
                (_mm512_shuffle_f32x4::<0x88>(i0, i1), _mm512_shuffle_f32x4::<0xdd>(i0, i1));
            let (even23, odd23) =
                (_mm512_shuffle_f32x4::<0x88>(i2, i3), _mm512_shuffle_f32x4::<0xdd>(i2, i3));
            [
                _mm512_shuffle_f32x4::<0x88>(even01, even23),
                _mm512_shuffle_f32x4::<0x88>(odd01, odd23),
                _mm512_shuffle_f32x4::<0xdd>(even01, even23),
                _mm512_shuffle_f32x4::<0xdd>(odd01, odd23),
            ]
        }
    }
    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        // SAFETY: `self` exists only where AVX-512 was detected; no memory is touched.
        let halves = unsafe { [_mm512_castps512_ps256(a), _mm512_extractf32x8_ps::<1>(a)] };
        self.0.sum(self.0.add(halves[0], halves[1]))
    }
    #[inline(always)]
    fn max_lane(self, a: __m512) -> f32 {
        // SAFETY: `self` exists only where AVX-512 was detected; no memory is touched.
        let halves = unsafe { [_mm512_castps512_ps256(a), _mm512_extractf32x8_ps::<1>(a)] };
        self.0.max_lane(self.0.max(halves[0], halves[1]))
    }
}
