//! The rounded high product in Rust and C: what a core with the DSP extension does in one
//! instruction (SMMULR; Armv7-M ARM, DDI 0403E, A7.7), and elsewhere plain arithmetic does to the
//! same bits.

/// The function in Rust.
pub(super) const RUST_HIGH: &str = r#"#[inline(always)]
fn high_product(a: i32, b: i32) -> i32 {
    #[cfg(not(gannet_dsp))]
    {
        ((i64::from(a) * i64::from(b) + (1 << 31)) >> 32) as i32
    }
    #[cfg(gannet_dsp)]
    {
        let result;
        // SAFETY: registers in, a register out.
        unsafe {
            core::arch::asm!("smmulr {0}, {1}, {2}", lateout(reg) result, in(reg) a, in(reg) b,
                options(pure, nomem, nostack, preserves_flags));
        }
        result
    }
}"#;

/// The function in C.
pub(super) const C_HIGH: &str = r#"static inline int32_t high_product(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
#endif
}"#;
