//! Pairs of 16-bit integers and high products in Rust and C: what a core with the DSP extension
//! does in one instruction (Armv7-M ARM, DDI 0403E, A7.7: SMLAD, SXTAB16, UXTAB16, SMMULR), and
//! elsewhere plain
//! arithmetic does to the same bits.
//!
//! In Rust the instructions are taken with `--cfg gannet_dsp`, because a stable compiler does not
//! tell its target's features; in C with GCC or Clang where `__ARM_FEATURE_DSP` says that they are there.

use crate::ir::{Bytes, Expression};

/// The functions of one language that a text calls, each behind a gap.
pub(super) enum Language {
    Rust,
    C,
}

const ALL: [Bytes; 4] = [
    Bytes::EvenSigned,
    Bytes::OddSigned,
    Bytes::EvenUnsigned,
    Bytes::OddUnsigned,
];

/// A call that adds two bytes of `four` to `pair`, which is nothing where it is zero.
pub(super) fn add_bytes(bytes: Bytes, pair: &Expression, texts: [&str; 2]) -> String {
    let [pair_text, four] = texts;
    match pair {
        Expression::I32(0) => format!("widened_{}({four})", suffix(bytes)),
        _ => format!("add_{}({pair_text}, {four})", suffix(bytes)),
    }
}

fn suffix(bytes: Bytes) -> &'static str {
    match bytes {
        Bytes::EvenSigned => "even_i8",
        Bytes::OddSigned => "odd_i8",
        Bytes::EvenUnsigned => "even_u8",
        Bytes::OddUnsigned => "odd_u8",
    }
}

/// The instruction's first letter, its rotation, and the type of a byte in each language.
fn parts(bytes: Bytes) -> (char, &'static str, &'static str, &'static str) {
    match bytes {
        Bytes::EvenSigned => ('s', "", "i8", "int8_t"),
        Bytes::OddSigned => ('s', ", ror #8", "i8", "int8_t"),
        Bytes::EvenUnsigned => ('u', "", "u8", "uint8_t"),
        Bytes::OddUnsigned => ('u', ", ror #8", "u8", "uint8_t"),
    }
}

/// The functions that `text` calls.
pub(super) fn functions(language: &Language, text: &str) -> Vec<String> {
    let mut functions = Vec::new();
    let mut add = |name: &str, function: String| {
        if text.contains(&format!("{name}(")) {
            functions.push(function);
        }
    };
    match language {
        Language::Rust => {
            add("add_products", RUST_PRODUCTS.to_owned());
            add("high_product", RUST_HIGH.to_owned());
        }
        Language::C => {
            add("load_four", C_LOAD.to_owned());
            add("add_products", C_PRODUCTS.to_owned());
            add("high_product", C_HIGH.to_owned());
        }
    }
    for bytes in ALL {
        let (widened, added) = match language {
            Language::Rust => (rust_widened(bytes), rust_added(bytes)),
            Language::C => (c_widened(bytes), c_added(bytes)),
        };
        add(&format!("widened_{}", suffix(bytes)), widened);
        add(&format!("add_{}", suffix(bytes)), added);
    }
    functions
}

const RUST_PRODUCTS: &str = r#"#[inline(always)]
fn add_products(sum: i32, a: i32, b: i32) -> i32 {
    #[cfg(not(gannet_dsp))]
    {
        let product = |shift: u32| i32::from((a >> shift) as i16).wrapping_mul(i32::from((b >> shift) as i16));
        sum.wrapping_add(product(0)).wrapping_add(product(16))
    }
    #[cfg(gannet_dsp)]
    {
        let result;
        // SAFETY: registers in, a register out.
        unsafe {
            core::arch::asm!("smlad {0}, {1}, {2}, {3}", lateout(reg) result, in(reg) a, in(reg) b, in(reg) sum,
                options(pure, nomem, nostack, preserves_flags));
        }
        result
    }
}"#;

const RUST_HIGH: &str = r#"#[inline(always)]
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

fn rust_widened(bytes: Bytes) -> String {
    let (sign, rotation, ..) = parts(bytes);
    rust(
        bytes,
        "widened",
        "four: i32",
        "0_i32",
        &format!("\"{sign}xtb16 {{0}}, {{1}}{rotation}\", lateout(reg) result, in(reg) four"),
    )
}

fn rust_added(bytes: Bytes) -> String {
    let (sign, rotation, ..) = parts(bytes);
    let assembly = format!(
        "\"{sign}xtab16 {{0}}, {{1}}, {{2}}{rotation}\", lateout(reg) result, in(reg) pair, in(reg) four"
    );
    rust(bytes, "add", "pair: i32, four: i32", "pair", &assembly)
}

fn rust(bytes: Bytes, what: &str, parameters: &str, pair: &str, assembly: &str) -> String {
    let (suffix, (_, rotation, byte, _)) = (suffix(bytes), parts(bytes));
    let first = if rotation.is_empty() { 0 } else { 8 };
    let second = first + 16;
    format!(
        "#[inline(always)]
fn {what}_{suffix}({parameters}) -> i32 {{
    #[cfg(not(gannet_dsp))]
    {{
        let low = ({pair} as i16).wrapping_add((four >> {first}) as {byte} as i16);
        let high = (({pair} >> 16) as i16).wrapping_add((four >> {second}) as {byte} as i16);
        (i32::from(high) << 16) | i32::from(low as u16)
    }}
    #[cfg(gannet_dsp)]
    {{
        let result;
        // SAFETY: registers in, a register out.
        unsafe {{
            core::arch::asm!({assembly}, options(pure, nomem, nostack, preserves_flags));
        }}
        result
    }}
}}"
    )
}

const C_LOAD: &str = r"static inline int32_t load_four(const void *bytes) {
    int32_t four;
    memcpy(&four, bytes, 4);
    return four;
}";

const C_PRODUCTS: &str = r#"static inline int32_t add_products(int32_t sum, int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
#else
    const uint32_t low = (uint32_t)((int32_t)(int16_t)a * (int32_t)(int16_t)b);
    const uint32_t high = (uint32_t)((int32_t)(int16_t)(a >> 16) * (int32_t)(int16_t)(b >> 16));
    return (int32_t)((uint32_t)sum + low + high);
#endif
}"#;

const C_HIGH: &str = r#"static inline int32_t high_product(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
#endif
}"#;

fn c_widened(bytes: Bytes) -> String {
    let (sign, rotation, ..) = parts(bytes);
    let assembly = format!("\"{sign}xtb16 %0, %1{rotation}\" : \"=r\"(result) : \"r\"(four)");
    c(bytes, "widened", "int32_t four", "0", &assembly)
}

fn c_added(bytes: Bytes) -> String {
    let (sign, rotation, ..) = parts(bytes);
    let assembly = format!(
        "\"{sign}xtab16 %0, %1, %2{rotation}\" : \"=r\"(result) : \"r\"(pair), \"r\"(four)"
    );
    c(
        bytes,
        "add",
        "int32_t pair, int32_t four",
        "pair",
        &assembly,
    )
}

fn c(bytes: Bytes, what: &str, parameters: &str, pair: &str, assembly: &str) -> String {
    let (suffix, (_, rotation, _, byte)) = (suffix(bytes), parts(bytes));
    let first = if rotation.is_empty() { 0 } else { 8 };
    let second = first + 16;
    let (low, high) = match pair {
        "0" => ("0u".to_owned(), "0u".to_owned()),
        pair => (
            format!("(uint32_t){pair}"),
            format!("((uint32_t){pair} >> 16)"),
        ),
    };
    format!(
        "static inline int32_t {what}_{suffix}({parameters}) {{
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t result;
    __asm__({assembly});
    return result;
#else
    const uint32_t low = {low} + (uint32_t)(int32_t)({byte})(four >> {first});
    const uint32_t high = {high} + (uint32_t)(int32_t)({byte})(four >> {second});
    return (int32_t)((high << 16) | (low & 0xffffu));
#endif
}}"
    )
}
