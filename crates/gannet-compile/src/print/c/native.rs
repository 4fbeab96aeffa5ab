//! Gannet's own interface: the network is a value of the caller's.

use super::super::maker::{extents, header};
use super::super::writer::Writer;
use super::super::{SourceFile, self_test};
use super::Prefix;
use super::text::{bits_type, comment, header_file, memory_type, string};
use super::weights;
use super::{code, rows};
use crate::ir::{Buffer, Element, Program};

/// `NAME.h` and `NAME.c`, and the weights in files beside them.
pub(super) fn files(program: &Program, prefix: &Prefix) -> Vec<SourceFile> {
    let name = prefix.lower();
    let mut files = vec![
        (format!("{name}.h"), interface(program, prefix)),
        (format!("{name}.c"), implementation(program, prefix)),
    ];
    files.extend(weights::files(program, prefix, &format!("{name}_weights")));
    files
}

fn interface(program: &Program, prefix: &Prefix) -> String {
    let (name, upper) = (prefix.lower(), prefix.upper());
    let mut out = Writer::default();
    comment(
        &mut out,
        &format!(
            "{}\n\n{}",
            header(program, "The interface"),
            match program.input_rows() {
                None => format!(
                    "Put the image where {name}_input points, call {name}_run, read what it gives."
                ),
                Some(_) => format!(
                    "Put each row of the image where {name}_row points and call {name}_push_row; \
                     the last\ngives the output."
                ),
            }
        ),
    );
    header_file(&mut out, &format!("{name}.h"), |out| {
        comment(out, "The network's name.");
        out.line(format_args!(
            "#define {upper}_NAME {}",
            string(program.name())
        ));
        for (buffer, what) in [(program.input(), "INPUT"), (program.output(), "OUTPUT")] {
            let side = what.to_ascii_lowercase();
            comment(
                out,
                &format!(
                    "Elements of the {side}, {}{}.",
                    match program.input_rows() {
                        Some(rows) if side == "input" => format!("{rows} rows of "),
                        _ => String::new(),
                    },
                    extents(buffer)
                ),
            );
            let len = match side.as_str() {
                "input" => program.image_len(),
                _ => buffer.len(),
            };
            out.line(format_args!("#define {upper}_{what}_LEN {len}"));
            comment(out, &format!("What an element of the {side} is."));
            let element = memory_type(buffer.element);
            out.line(format_args!("typedef {element} {name}_{side}_element;"));
        }
        out.gap();
        match program.input_rows() {
            None => network(program, name, out),
            Some(_) => rows::network(program, prefix, out),
        }
        out.gap();
        comment(
            out,
            "The first bytes of the SHA-256 of its structure and weights, also as a constant.",
        );
        let hash: Vec<String> = program.hash().iter().map(u8::to_string).collect();
        out.line(format_args!(
            "#define {upper}_HASH {{ {} }}",
            hash.join(", ")
        ));
        out.line(format_args!("extern const uint8_t {name}_hash[8];"));
        out.gap();
        let functions = match program.input_rows() {
            None => &functions(name)[..],
            Some(_) => &rows::functions(name)[..],
        };
        for (what, head) in functions {
            comment(out, what);
            out.line(format_args!("{head};"));
            out.gap();
        }
        comment(
            out,
            "1 if one inference of a made-up input gives what it gave when this was generated, else 0.",
        );
        out.line(format_args!("{};", self_test_head(name)));
        out.gap();
        out.line(format_args!("#ifdef {}", watched(prefix)));
        comment(out, "How many stages there are.");
        out.line(format_args!(
            "#define {upper}_STAGES {}",
            program.stages().len()
        ));
        comment(out, "The length of its working memory.");
        out.line(format_args!(
            "#define {upper}_MEMORY_BYTES {}u",
            program.arena_bytes()
        ));
        comment(
            out,
            "One inference that tells `behind` of every stage that has run, by its number, and \
             ends\nwhere it gives 0. Gives the working memory, in which only the input, or its \
             first row,\nis not zero at first.",
        );
        let head = match program.input_rows() {
            None => run_watched_head(name),
            Some(_) => rows::run_watched_head(name),
        };
        out.line(format_args!("{head};"));
        out.line("#endif");
    });
    out.finish()
}

/// The memory of a network that is given its image whole.
fn network(program: &Program, name: &str, out: &mut Writer) {
    comment(
        out,
        "The network's working memory: all RAM that it needs besides the stack.",
    );
    out.block("typedef union {", &format!("}} {name}_network;"), |out| {
        out.line("uint64_t alignment;");
        out.line(format_args!("uint8_t arena[{}];", program.arena_bytes()));
    });
}

/// What a network has for functions that is given its image whole: what they are for, and their
/// heads.
fn functions(name: &str) -> [(&'static str, String); 2] {
    [
        (
            "Where the input goes. A run may overwrite it: fill it before every run.",
            format!("{name}_input_element *{name}_input({name}_network *network)"),
        ),
        (
            "One inference; gives the output's elements, which lie in the network.",
            format!("const {name}_output_element *{name}_run({name}_network *network)"),
        ),
    ]
}

fn self_test_head(name: &str) -> String {
    format!("int {name}_self_test({name}_network *network)")
}

fn run_watched_head(name: &str) -> String {
    format!(
        "const uint8_t *{name}_run_watched({name}_network *network, \
         int (*behind)(void *context, int stage), void *context)"
    )
}

/// What is defined where runs can be watched; elsewhere that costs nothing.
fn watched(prefix: &Prefix) -> String {
    format!("{}_WATCHED", prefix.upper())
}

fn implementation(program: &Program, prefix: &Prefix) -> String {
    let name = prefix.lower();
    let mut out = Writer::default();
    comment(&mut out, &header(program, "The computation"));
    out.line(format_args!("#include \"{name}.h\""));
    if program.constant_bytes() > 0 {
        out.line(format_args!("#include \"{name}_weights.h\""));
    }
    out.gap();
    out.line("#include <string.h>");
    out.gap();
    let watched = watched(prefix);
    out.line(format_args!("#ifdef {watched}"));
    out.line("#define BEHIND(stage) \\");
    out.line("    if ((behind != 0) && (behind(context, stage) == 0)) \\");
    out.line(match program.input_rows() {
        None => "    return",
        Some(_) => "    return 0",
    });
    out.line("#else");
    out.line("#define BEHIND(stage) (void)0");
    out.line("#endif");
    out.gap();
    code::computation(program, prefix, code::Watch::WhereCompiledIn, &mut out);
    out.gap();
    out.line(format_args!(
        "const uint8_t {name}_hash[8] = {}_HASH;",
        prefix.upper()
    ));
    out.gap();
    match program.input_rows() {
        None => {
            let [(_, input), (_, run)] = functions(name);
            let place =
                |kind, side, buffer| place(program, name, (kind, side, buffer), "network->arena");
            out.braces(input, |out| {
                out.line(place("", "input", program.input()));
            });
            out.gap();
            out.braces(run, |out| {
                out.line("compute(network->arena, 0, 0);");
                out.line(place("const ", "output", program.output()));
            });
        }
        Some(_) => rows::implementation(program, prefix, &mut out),
    }
    out.gap();
    out.line(format_args!("#ifdef {watched}"));
    match program.input_rows() {
        None => run_watched(program, name, &mut out),
        Some(_) => rows::run_watched(prefix, &mut out),
    }
    out.line("#endif");
    out.gap();
    self_test(program, name, &mut out);
    out.finish()
}

/// The function that can be watched.
fn run_watched(program: &Program, name: &str, out: &mut Writer) {
    out.braces(run_watched_head(name), |out| {
        let input = program
            .offset(program.input())
            .expect("it lies in the arena");
        let behind_input = input + program.input().bytes();
        out.line(format_args!("memset(network->arena, 0, {input});"));
        out.line(format_args!(
            "memset(network->arena + {behind_input}, 0, {});",
            program.arena_bytes() - behind_input
        ));
        out.line("compute(network->arena, behind, context);");
        out.line("return network->arena;");
    });
}

/// Gives the place of a buffer, the `side` of the network, in `arena`.
pub(super) fn place(
    program: &Program,
    name: &str,
    (kind, side, buffer): (&str, &str, &Buffer),
    arena: &str,
) -> String {
    let offset = program.offset(buffer).expect("it lies in the arena");
    format!("return ({kind}{name}_{side}_element *)(void *)({arena} + {offset});")
}

fn self_test(program: &Program, name: &str, out: &mut Writer) {
    let (input, output) = (program.input(), program.output());
    let byte = format!(
        "(uint8_t)({}u * (uint32_t)i + {}u)",
        self_test::FACTOR,
        self_test::OFFSET
    );
    let value = match input.element {
        Element::F32 => format!("(float){byte} / 256.0f"),
        Element::U8 => byte,
        Element::I8 => format!("(int8_t){byte}"),
        Element::I16 => format!("(int16_t){byte}"),
        Element::I32 => format!("(int32_t){byte}"),
    };
    let bits = bits_type(output.element);
    out.braces(self_test_head(name), |out| {
        out.line(format_args!(
            "static const {bits} expected_bits[{}] = {{",
            output.len()
        ));
        out.list(self_test::output_bits(program).into_iter());
        out.line("};");
        if program.input_rows().is_some() {
            return rows::self_test(name, &value, out);
        }
        out.line(format_args!(
            "{name}_input_element *const input = {name}_input(network);"
        ));
        out.braces(
            format_args!("for (intptr_t i = 0; i < {}; i++)", input.len()),
            |out| out.line(format_args!("input[i] = {value};")),
        );
        out.line(format_args!(
            "return memcmp({name}_run(network), expected_bits, sizeof expected_bits) == 0;"
        ));
    });
}
