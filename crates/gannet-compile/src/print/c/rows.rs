//! The interface of a network that is given its image a row at a time.

use super::super::writer::Writer;
use super::Prefix;
use super::native::place;
use super::text::comment;
use crate::ir::Program;

/// How rows are counted, and the memory of such a network.
pub(super) fn network(program: &Program, prefix: &Prefix, out: &mut Writer) {
    let (name, upper) = (prefix.lower(), prefix.upper());
    let rows = program.input_rows().unwrap_or(1);
    comment(out, "Rows of the input.");
    out.line(format_args!("#define {upper}_INPUT_ROWS {rows}"));
    comment(out, "Elements of a row.");
    let row = program.input().len();
    out.line(format_args!("#define {upper}_ROW_LEN {row}"));
    out.gap();
    comment(
        out,
        "How far an inference has come. All zeros: before the first row.",
    );
    out.block("typedef struct {", &format!("}} {name}_progress;"), |out| {
        comment(out, "Rows of the image that were given.");
        out.line("intptr_t rows;");
        comment(out, "Steps that are done.");
        out.line("intptr_t steps;");
        for counter in program.counters() {
            out.line(format_args!("intptr_t {};", program.counter_name(counter)));
        }
    });
    out.gap();
    comment(
        out,
        &format!(
            "The network's working memory: all RAM that it needs besides the stack. One that is not \
             static\nneeds {name}_restart before its first row."
        ),
    );
    out.block("typedef struct {", &format!("}} {name}_network;"), |out| {
        out.block("union {", "} memory;", |out| {
            out.line("uint64_t alignment;");
            out.line(format_args!("uint8_t arena[{}];", program.arena_bytes()));
        });
        out.line(format_args!("{name}_progress progress;"));
    });
}

/// What it has for functions: what they are for, and their heads.
pub(super) fn functions(name: &str) -> [(&'static str, String); 4] {
    let output = format!("const {name}_output_element");
    [
        (
            "Where the next row goes. Fill it before every row that is pushed.",
            format!("{name}_input_element *{name}_row({name}_network *network)"),
        ),
        (
            "Goes on with the inference as far as the row lets it. The last of an image's rows gives the\n\
             output's elements, which lie in the network, any other a null pointer; what follows belongs to\n\
             the next image.",
            format!("{output} *{name}_push_row({name}_network *network)"),
        ),
        (
            "Forgets the rows that were given: the next one is the first of an image.",
            format!("void {name}_restart({name}_network *network)"),
        ),
        (
            "One inference of an image that lies elsewhere.",
            format!(
                "{output} *{name}_run({name}_network *network, const {name}_input_element *image)"
            ),
        ),
    ]
}

/// The functions.
pub(super) fn implementation(program: &Program, prefix: &Prefix, out: &mut Writer) {
    let (name, upper) = (prefix.lower(), prefix.upper());
    let [(_, row), (_, push_row), (_, restart), (_, run)] = functions(name);
    let place =
        |kind, side, buffer| place(program, name, (kind, side, buffer), "network->memory.arena");
    out.braces(row, |out| {
        out.line(place("", "input", program.input()));
    });
    out.gap();
    out.braces(restart, |out| {
        out.line("memset(&network->progress, 0, sizeof network->progress);");
    });
    out.gap();
    out.braces(push_row, |out| {
        out.line("(void)compute(network->memory.arena, &network->progress, 0, 0);");
        let head = format!("if (network->progress.rows < {upper}_INPUT_ROWS)");
        out.braces(head, |out| out.line("return 0;"));
        out.line(format_args!("{name}_restart(network);"));
        out.line(place("const ", "output", program.output()));
    });
    out.gap();
    out.braces(run, |out| {
        out.line(format_args!("const {name}_output_element *output = 0;"));
        out.line(format_args!("{name}_restart(network);"));
        let head = format!("for (intptr_t row = 0; row < {upper}_INPUT_ROWS; row++)");
        out.braces(head, |out| {
            copy_row(prefix, out);
            out.line(format_args!("output = {name}_push_row(network);"));
        });
        out.line("return output;");
    });
}

pub(super) fn run_watched_head(name: &str) -> String {
    format!(
        "const uint8_t *{name}_run_watched({name}_network *network, \
         const {name}_input_element *image, int (*behind)(void *context, int stage), void *context)"
    )
}

/// The function that can be watched.
pub(super) fn run_watched(prefix: &Prefix, out: &mut Writer) {
    let (name, upper) = (prefix.lower(), prefix.upper());
    out.braces(run_watched_head(name), |out| {
        out.line("int goes_on = 1;");
        out.line("memset(network, 0, sizeof *network);");
        let head = format!("for (intptr_t row = 0; goes_on && (row < {upper}_INPUT_ROWS); row++)");
        out.braces(head, |out| {
            copy_row(prefix, out);
            out.line(
                "goes_on = compute(network->memory.arena, &network->progress, behind, context);",
            );
        });
        out.line(format_args!("{name}_restart(network);"));
        out.line("return network->memory.arena;");
    });
}

/// Puts row `row` of `image` in.
fn copy_row(prefix: &Prefix, out: &mut Writer) {
    let (name, upper) = (prefix.lower(), prefix.upper());
    out.line(format_args!(
        "memcpy({name}_row(network), image + {upper}_ROW_LEN * row, \
         {upper}_ROW_LEN * sizeof *image);"
    ));
}

/// The rest of the self-test: element `i` of the image is `value`.
pub(super) fn self_test(name: &str, value: &str, out: &mut Writer) {
    let upper = name.to_ascii_uppercase();
    out.line(format_args!("const {name}_output_element *output = 0;"));
    out.line(format_args!("{name}_restart(network);"));
    let head = format!("for (intptr_t row = 0; row < {upper}_INPUT_ROWS; row++)");
    out.braces(head, |out| {
        out.line(format_args!(
            "{name}_input_element *const input = {name}_row(network);"
        ));
        let head = format!("for (intptr_t x = 0; x < {upper}_ROW_LEN; x++)");
        out.braces(head, |out| {
            out.line(format_args!(
                "const intptr_t i = {upper}_ROW_LEN * row + x;"
            ));
            out.line(format_args!("input[x] = {value};"));
        });
        out.line(format_args!("output = {name}_push_row(network);"));
    });
    out.line("return memcmp(output, expected_bits, sizeof expected_bits) == 0;");
}
