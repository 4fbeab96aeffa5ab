//! Names and comments as C takes them, and what surrounds a header.

use super::super::writer::Writer;
use crate::ir::Element;

/// `text` with nothing in it that would begin or end a comment.
pub(super) fn inside_comment(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *")
}

/// A comment of one line or several.
pub(super) fn comment(out: &mut Writer, text: &str) {
    let text = inside_comment(text);
    let lines: Vec<&str> = text.lines().collect();
    match lines[..] {
        [] => {}
        [line] => out.line(format_args!("/* {line} */")),
        [first, ref middle @ .., last] => {
            out.line(format_args!("/* {first}"));
            for line in middle {
                out.line(format!(" * {line}").trim_end());
            }
            out.line(format_args!(" * {last} */"));
        }
    }
}

/// `text` as a string literal: what is not plain ASCII becomes octal escapes of its UTF-8.
pub(super) fn string(text: &str) -> String {
    let inner: String = text
        .bytes()
        .map(|byte| match byte {
            b' '..=b'~' if !b"\"\\?".contains(&byte) => char::from(byte).to_string(),
            _ => format!("\\{byte:03o}"),
        })
        .collect();
    format!("\"{inner}\"")
}

/// A header file: guarded against a second inclusion, `extern "C"` for C++.
pub(super) fn header_file(out: &mut Writer, file: &str, body: impl FnOnce(&mut Writer)) {
    let guard = file.to_ascii_uppercase().replace('.', "_");
    out.line(format_args!("#ifndef {guard}"));
    out.line(format_args!("#define {guard}"));
    out.gap();
    out.line("#include <stdint.h>");
    out.gap();
    out.line("#ifdef __cplusplus");
    out.line("extern \"C\" {");
    out.line("#endif");
    out.gap();
    body(out);
    out.gap();
    out.line("#ifdef __cplusplus");
    out.line("}");
    out.line("#endif");
    out.gap();
    out.line(format_args!("#endif /* {guard} */"));
}

/// The type of an element in memory.
pub(super) fn memory_type(element: Element) -> &'static str {
    match element {
        Element::F32 => "float",
        Element::U8 => "uint8_t",
        Element::I8 => "int8_t",
        Element::I16 => "int16_t",
        Element::I32 => "int32_t",
    }
}

/// The unsigned integer of an element's width.
pub(super) fn bits_type(element: Element) -> &'static str {
    match element.bytes() {
        1 => "uint8_t",
        2 => "uint16_t",
        _ => "uint32_t",
    }
}

/// An `f32` as a literal. What is infinite has none: see `f32_from_bits`.
pub(super) fn float(value: f32) -> String {
    format!("{value:?}f")
}
