//! In Rust and C: what a core with the DSP extension does in one or two instructions (Armv7-M ARM,
//! DDI 0403E, A7.7), and elsewhere plain arithmetic does to the same bits.

use super::writer::Writer;

/// A function, by its name.
pub(super) type Function = (&'static str, &'static str);

/// Those in Rust: the rounded high product (SMMULR), and maxima of bytes, where SSUB8 notes which
/// of four are no less and SEL chooses.
pub(super) const RUST: [Function; 3] = [
    (
        "high_product",
        r#"#[inline(always)]
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
}"#,
    ),
    (
        "merge_four",
        r#"/// # Safety
/// `target` points to four bytes.
#[inline(always)]
unsafe fn merge_four(target: *mut i8, others: [i32; 4]) {
    #[cfg(not(gannet_dsp))]
    for i in 0..4 {
        *target.add(i) = max(*target.add(i), others[i] as i8);
    }
    #[cfg(gannet_dsp)]
    core::arch::asm!(
        "bfi {0}, {1}, #8, #8", "bfi {0}, {2}, #16, #8", "bfi {0}, {3}, #24, #8",
        "ldr {5}, [{4}]", "ssub8 {6}, {0}, {5}", "sel {0}, {0}, {5}", "str {0}, [{4}]",
        inout(reg) others[0] => _, in(reg) others[1], in(reg) others[2], in(reg) others[3],
        in(reg) target, out(reg) _, out(reg) _, options(nostack));
}"#,
    ),
    (
        "merge_bytes",
        r#"/// # Safety
/// `target` and `others` point to `count` bytes each.
#[inline(always)]
unsafe fn merge_bytes(target: *mut i8, others: *const i8, count: usize) {
    let mut i = 0;
    #[cfg(gannet_dsp)]
    while i + 4 <= count {
        core::arch::asm!(
            "ldr {2}, [{0}]", "ldr {3}, [{1}]", "ssub8 {4}, {3}, {2}", "sel {3}, {3}, {2}",
            "str {3}, [{0}]",
            in(reg) target.add(i), in(reg) others.add(i), out(reg) _, out(reg) _, out(reg) _,
            options(nostack));
        i += 4;
    }
    while i < count {
        *target.add(i) = max(*target.add(i), *others.add(i));
        i += 1;
    }
}"#,
    ),
];

/// The same in C.
pub(super) const C: [Function; 3] = [
    (
        "high_product",
        r#"static inline int32_t high_product(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
#endif
}"#,
    ),
    (
        "merge_four",
        r#"static inline void merge_four(int8_t *target, int32_t a, int32_t b, int32_t c, int32_t d) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t before;
    int32_t signs;
    __asm__ volatile(
        "bfi %0, %3, #8, #8\n\tbfi %0, %4, #16, #8\n\tbfi %0, %5, #24, #8\n\tldr %1, [%6]\n\t"
        "ssub8 %2, %0, %1\n\tsel %0, %0, %1\n\tstr %0, [%6]"
        : "+r"(a), "=&r"(before), "=&r"(signs) : "r"(b), "r"(c), "r"(d), "r"(target) : "memory");
#else
    const int32_t others[4] = {a, b, c, d};
    for (intptr_t i = 0; i < 4; i++) {
        const int8_t other = (int8_t)others[i];
        if (other > target[i]) {
            target[i] = other;
        }
    }
#endif
}"#,
    ),
    (
        "merge_bytes",
        r#"static inline void merge_bytes(int8_t *target, const int8_t *others, intptr_t count) {
    intptr_t i = 0;
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    for (; i + 4 <= count; i += 4) {
        int32_t before;
        int32_t bytes;
        int32_t signs;
        __asm__ volatile(
            "ldr %0, [%3]\n\tldr %1, [%4]\n\tssub8 %2, %1, %0\n\tsel %1, %1, %0\n\tstr %1, [%3]"
            : "=&r"(before), "=&r"(bytes), "=&r"(signs) : "r"(&target[i]), "r"(&others[i]) : "memory");
    }
#endif
    for (; i < count; i++) {
        if (others[i] > target[i]) {
            target[i] = others[i];
        }
    }
}"#,
    ),
];

/// The text of those that `code` calls, each behind an empty line.
pub(super) fn called(functions: &[Function], code: &str, out: &mut Writer) {
    for (name, text) in functions {
        if code.contains(&format!("{name}(")) {
            out.gap();
            text.lines().for_each(|line| out.line(line));
        }
    }
}
