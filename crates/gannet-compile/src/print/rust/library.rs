//! The interface: the network as a value that owns its arena.

use super::super::maker::extents;
use super::super::self_test;
use super::super::writer::Writer;
use super::{header, memory_type, rows};
use crate::ir::{Buffer, Element, Program};

/// The text of `lib.rs`.
pub(super) fn text(program: &Program) -> String {
    let (input, output) = (program.input(), program.output());
    let mut out = Writer::default();
    out.line(header(program, "The interface"));
    out.line("//!");
    out.line(match program.input_rows() {
        None => "//! Put the image where `input_mut` points, call `run`, read what it gives.",
        Some(_) => {
            "//! Put each row of the image where `row_mut` points and call `push_row`; the last gives the output."
        }
    });
    out.line("#![no_std]");
    out.gap();
    out.line("mod stages;");
    out.line("mod weights;");
    out.gap();
    out.line("use core::ops::ControlFlow;");
    out.gap();
    out.line("/// The network's name.");
    out.line(format_args!(
        "pub const NAME: &str = \"{}\";",
        program.name().escape_default()
    ));
    out.line("/// The first bytes of the SHA-256 of its structure and weights.");
    out.line(format_args!(
        "pub const HASH: [u8; 8] = {:?};",
        program.hash()
    ));
    let of_rows = match program.input_rows() {
        None => String::new(),
        Some(rows) => format!("{rows} rows of "),
    };
    out.line(format_args!(
        "/// Elements of the input, {of_rows}{}.",
        extents(input)
    ));
    out.line(format_args!(
        "pub const INPUT_LEN: usize = {};",
        program.image_len()
    ));
    if let Some(count) = program.input_rows() {
        rows::constants(input, count, &mut out);
    }
    out.line(format_args!(
        "/// Elements of the output, {}.",
        extents(output)
    ));
    out.line(format_args!(
        "pub const OUTPUT_LEN: usize = {};",
        output.len()
    ));
    out.line("/// How many stages there are; `run_watched` tells them by their numbers.");
    out.line(format_args!(
        "pub const STAGES: usize = {};",
        program.stages().len()
    ));
    out.line("/// What an element of the input is.");
    out.line(format_args!(
        "pub type Input = {};",
        memory_type(input.element)
    ));
    out.line("/// What an element of the output is.");
    out.line(format_args!(
        "pub type Output = {};",
        memory_type(output.element)
    ));
    out.gap();
    let fields: &[[String; 3]] = &fields(program);
    out.line("/// The network's working memory: all RAM that it needs besides the stack.");
    out.line("#[repr(C, align(8))]");
    out.braces("pub struct Network", |out| {
        for [name, of, _] in fields {
            out.line(format_args!("{name}: {of},"));
        }
    });
    out.gap();
    out.braces("impl Network", |out| {
        out.line("/// A network ready to run.");
        out.braces("pub const fn new() -> Self", |out| {
            let values: Vec<String> = (fields.iter())
                .map(|[name, _, value]| format!("{name}: {value}"))
                .collect();
            out.line(format_args!("Network {{ {} }}", values.join(", ")));
        });
        out.gap();
        match program.input_rows() {
            None => whole(program, out),
            Some(_) => rows::functions(program, out),
        }
        out.gap();
        self_test(program, out);
    });
    out.gap();
    out.braces("impl Default for Network", |out| {
        out.braces("fn default() -> Self", |out| out.line("Network::new()"));
    });
    out.finish()
}

/// The fields of the network: name, type and first value of each.
fn fields(program: &Program) -> Vec<[String; 3]> {
    let bytes = program.arena_bytes();
    let arena = [
        "arena".to_owned(),
        format!("[u8; {bytes}]"),
        format!("[0; {bytes}]"),
    ];
    let progress = program
        .input_rows()
        .map(|_| ["progress", "stages::Progress", "stages::Progress::START"].map(str::to_owned));
    std::iter::once(arena).chain(progress).collect()
}

/// The functions of a network that is given its image whole.
fn whole(program: &Program, out: &mut Writer) {
    out.line("/// Where the input goes. `run` may overwrite it: fill it before every run.");
    out.braces(
        "pub fn input_mut(&mut self) -> &mut [Input; INPUT_LEN]",
        |out| {
            input_place(program, out);
        },
    );
    out.gap();
    out.line("/// One inference of what `input_mut` points to.");
    // A function of its own in every image, so that one inference is what it executes.
    out.line("#[inline(never)]");
    out.braces("pub fn run(&mut self) -> &[Output; OUTPUT_LEN]", |out| {
        out.line("let arena = self.arena.as_mut_ptr();");
        safety_of_run(out);
        out.braces("unsafe", |out| {
            out.line("stages::run(arena, |_| ControlFlow::Continue(()));");
            out.line(format_args!(
                "&*arena.add({}).cast()",
                offset(program, program.output())
            ));
        });
    });
    out.gap();
    run_watched(program, out);
}

/// What a watched run is for. Where nobody calls it, the linker leaves it out.
pub(super) fn about_watching(out: &mut Writer) {
    out.line("/// One inference that tells `behind` of every stage that has run, by its number, and ends");
    out.line("/// where that breaks off. Gives the working memory, in which only the input, or its first");
    out.line("/// row, is not zero at first.");
    out.line("#[inline(never)]");
}

/// An inference that can be looked into.
fn run_watched(program: &Program, out: &mut Writer) {
    let input = offset(program, program.input());
    let behind_input = input + program.input().bytes();
    about_watching(out);
    let head =
        "pub fn run_watched(&mut self, behind: &mut dyn FnMut(usize) -> ControlFlow<()>) -> &[u8]";
    out.braces(head, |out| {
        out.line(format_args!("self.arena[..{input}].fill(0);"));
        out.line(format_args!("self.arena[{behind_input}..].fill(0);"));
        out.line("// SAFETY: the arena is aligned to 8 bytes and as large as the stages were planned for.");
        out.line("unsafe { stages::run(self.arena.as_mut_ptr(), behind) };");
        out.line("&self.arena");
    });
}

/// The place of the input as an array that can be written.
pub(super) fn input_place(program: &Program, out: &mut Writer) {
    out.line(
        "// SAFETY: the stretch lies inside the aligned arena, and every bit pattern is a value.",
    );
    out.line(format_args!(
        "unsafe {{ &mut *self.arena.as_mut_ptr().add({}).cast() }}",
        offset(program, program.input())
    ));
}

/// Why the stages may be run on the network's arena.
pub(super) fn safety_of_run(out: &mut Writer) {
    out.line(
        "// SAFETY: the arena is aligned to 8 bytes and as large as the stages were planned for;",
    );
    out.line("// the output lies inside it, and every bit pattern is a value.");
}

/// Where a buffer begins in the arena.
pub(super) fn offset(program: &Program, buffer: &Buffer) -> usize {
    program.offset(buffer).expect("it lies in the arena")
}

/// The check of a build and its machine against the interpreter.
fn self_test(program: &Program, out: &mut Writer) {
    let byte = format!(
        "(i as u8).wrapping_mul({}).wrapping_add({})",
        self_test::FACTOR,
        self_test::OFFSET
    );
    let value = match program.input().element {
        Element::F32 => format!("f32::from({byte}) / 256.0"),
        Element::U8 => byte,
        Element::I8 => format!("({byte}) as i8"),
        Element::I16 => format!("i16::from({byte})"),
        Element::I32 => format!("i32::from({byte})"),
    };
    let (bits, to_bits) = match program.output().element {
        Element::F32 => ("u32", "value.to_bits()"),
        Element::U8 => ("u8", "*value"),
        Element::I8 => ("u8", "*value as u8"),
        Element::I16 => ("u16", "*value as u16"),
        Element::I32 => ("u32", "*value as u32"),
    };
    out.line(
        "/// Whether one inference of a made-up input gives what it gave when this was generated.",
    );
    out.braces("pub fn self_test(&mut self) -> bool", |out| {
        out.line(format_args!(
            "static EXPECTED_BITS: [{bits}; OUTPUT_LEN] = ["
        ));
        out.list(self_test::output_bits(program).into_iter());
        out.line("];");
        let is_right = format!(".iter().map(|value| {to_bits}).eq(EXPECTED_BITS)");
        if program.input_rows().is_some() {
            return rows::self_test(&value, &is_right, out);
        }
        out.braces(
            "for (i, element) in self.input_mut().iter_mut().enumerate()",
            |out| {
                out.line(format_args!("*element = {value};"));
            },
        );
        out.line(format_args!("self.run(){is_right}"));
    });
}
