//! Sixteen lanes in the vector registers of x86-64: one of 512 bits, or two of 256.
//!
//! The tokens can only be had from [`detect`](Avx512::detect), so a value of either type
//! proves that the processor has the instructions.

use std::arch::x86_64::*;

use super::simd::{Lanes, Simd};

/// Proof of AVX-512F.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(());

/// Proof of AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Avx512 {
    /// The token, if this processor has the instructions.
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Avx512(()))
    }
}

impl Avx2 {
    /// The token, if this processor has the instructions.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }
}

impl Simd for Avx512 {
    type V = __m512;
    const REGISTERS: usize = 32;

    // SAFETY of every block below: the token proves that the processor has AVX-512F; `Lanes`
    // is 64 bytes, aligned to 64.

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn load(self, from: &Lanes) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_load_ps(from.0.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: __m512, to: &mut Lanes) {
        // SAFETY: as said above.
        unsafe { _mm512_store_ps(to.0.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn if_greater(self, a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), no, yes) }
    }

    #[inline(always)]
    fn if_equal(self, a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), no, yes) }
    }

    #[inline(always)]
    fn power_of_two(self, n: __m512) -> __m512 {
        // SAFETY: as said above.
        unsafe {
            let exponent = _mm512_add_epi32(_mm512_cvttps_epi32(n), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent))
        }
    }

    #[inline(always)]
    fn any_nonzero(self, v: __m512) -> bool {
        // SAFETY: as said above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(v, _mm512_setzero_ps()) != 0 }
    }
}

impl Simd for Avx2 {
    type V = [__m256; 2];
    // Sixteen registers, two to a value.
    const REGISTERS: usize = 8;

    // SAFETY of every block below: the token proves that the processor has AVX2 and FMA;
    // `Lanes` is two times 32 bytes, aligned to 64.

    #[inline(always)]
    fn splat(self, x: f32) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe { [_mm256_set1_ps(x); 2] }
    }

    #[inline(always)]
    fn load(self, from: &Lanes) -> [__m256; 2] {
        let low = from.0.as_ptr();
        // SAFETY: as said above.
        unsafe { [_mm256_load_ps(low), _mm256_load_ps(low.add(8))] }
    }

    #[inline(always)]
    fn store(self, v: [__m256; 2], to: &mut Lanes) {
        let low = to.0.as_mut_ptr();
        // SAFETY: as said above.
        unsafe {
            _mm256_store_ps(low, v[0]);
            _mm256_store_ps(low.add(8), v[1]);
        }
    }

    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe { [_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn sub(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe { [_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn mul(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe { [_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn div(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe { [_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn fma(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe {
            [
                _mm256_fmadd_ps(a[0], b[0], c[0]),
                _mm256_fmadd_ps(a[1], b[1], c[1]),
            ]
        }
    }

    #[inline(always)]
    fn max(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe { [_mm256_max_ps(a[0], b[0]), _mm256_max_ps(a[1], b[1])] }
    }

    #[inline(always)]
    fn if_greater(
        self,
        a: [__m256; 2],
        b: [__m256; 2],
        yes: [__m256; 2],
        no: [__m256; 2],
    ) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe {
            let low = _mm256_cmp_ps::<_CMP_GT_OQ>(a[0], b[0]);
            let high = _mm256_cmp_ps::<_CMP_GT_OQ>(a[1], b[1]);
            [
                _mm256_blendv_ps(no[0], yes[0], low),
                _mm256_blendv_ps(no[1], yes[1], high),
            ]
        }
    }

    #[inline(always)]
    fn if_equal(
        self,
        a: [__m256; 2],
        b: [__m256; 2],
        yes: [__m256; 2],
        no: [__m256; 2],
    ) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe {
            let low = _mm256_cmp_ps::<_CMP_EQ_OQ>(a[0], b[0]);
            let high = _mm256_cmp_ps::<_CMP_EQ_OQ>(a[1], b[1]);
            [
                _mm256_blendv_ps(no[0], yes[0], low),
                _mm256_blendv_ps(no[1], yes[1], high),
            ]
        }
    }

    #[inline(always)]
    fn power_of_two(self, n: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: as said above.
        unsafe {
            let bias = _mm256_set1_epi32(127);
            let low = _mm256_add_epi32(_mm256_cvttps_epi32(n[0]), bias);
            let high = _mm256_add_epi32(_mm256_cvttps_epi32(n[1]), bias);
            [
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(low)),
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(high)),
            ]
        }
    }

    #[inline(always)]
    fn any_nonzero(self, v: [__m256; 2]) -> bool {
        // SAFETY: as said above.
        unsafe {
            let zero = _mm256_setzero_ps();
            let low = _mm256_cmp_ps::<_CMP_NEQ_UQ>(v[0], zero);
            let high = _mm256_cmp_ps::<_CMP_NEQ_UQ>(v[1], zero);
            _mm256_movemask_ps(_mm256_or_ps(low, high)) != 0
        }
    }
}
