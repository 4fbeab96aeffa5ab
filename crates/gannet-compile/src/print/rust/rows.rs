//! The interface of a network that is given its image a row at a time.

use super::Writer;
use super::library::{about_watching, input_place, offset, safety_of_run};
use crate::ir::{Buffer, Program};

/// How many rows an image has, and how many elements a row.
pub(super) fn constants(row: &Buffer, rows: usize, out: &mut Writer) {
    out.line("/// Rows of the input.");
    out.line(format_args!("pub const INPUT_ROWS: usize = {rows};"));
    out.line("/// Elements of a row.");
    out.line(format_args!("pub const ROW_LEN: usize = {};", row.len()));
}

/// What gives the network rows, and what gives it all rows of an image.
pub(super) fn functions(program: &Program, out: &mut Writer) {
    out.line("/// Where the next row goes. Fill it before every `push_row`.");
    out.braces(
        "pub fn row_mut(&mut self) -> &mut [Input; ROW_LEN]",
        |out| {
            input_place(program, out);
        },
    );
    out.gap();
    out.line("/// Goes on with the inference as far as the row that `row_mut` points to lets it. The last of");
    out.line("/// an image's `INPUT_ROWS` rows gives the output; what follows belongs to the next image.");
    out.line("#[inline(never)]");
    let head = "pub fn push_row(&mut self) -> Option<&[Output; OUTPUT_LEN]>";
    out.braces(head, |out| {
        out.line("let arena = self.arena.as_mut_ptr();");
        safety_of_run(out);
        out.braces("unsafe", |out| {
            out.line(
                "let _ = stages::go_on(arena, &mut self.progress, |_| ControlFlow::Continue(()));",
            );
            out.braces("if self.progress.rows < INPUT_ROWS", |out| {
                out.line("return None;")
            });
            out.line("self.restart();");
            out.line(format_args!(
                "Some(&*arena.add({}).cast())",
                offset(program, program.output())
            ));
        });
    });
    out.gap();
    out.line("/// Forgets the rows that were given: the next one is the first of an image.");
    out.braces("pub fn restart(&mut self)", |out| {
        out.line("self.progress = stages::Progress::START;");
    });
    out.gap();
    out.line("/// One inference of an image that lies elsewhere.");
    // A function of its own in every image, so that one inference is what it executes.
    out.line("#[inline(never)]");
    let head = "pub fn run(&mut self, image: &[Input; INPUT_LEN]) -> &[Output; OUTPUT_LEN]";
    out.braces(head, |out| {
        out.line("self.restart();");
        out.braces("for row in image.chunks_exact(ROW_LEN)", |out| {
            out.braces(
                "for (to, from) in self.row_mut().iter_mut().zip(row)",
                |out| {
                    out.line("*to = *from;");
                },
            );
            out.line("self.push_row();");
        });
        out.line("// SAFETY: as in `push_row`.");
        out.line(format_args!(
            "unsafe {{ &*self.arena.as_ptr().add({}).cast() }}",
            offset(program, program.output())
        ));
    });
    out.gap();
    run_watched(out);
}

/// An inference that can be looked into.
fn run_watched(out: &mut Writer) {
    about_watching(out);
    let head = "pub fn run_watched(&mut self, image: &[Input; INPUT_LEN], behind: &mut dyn FnMut(usize) -> ControlFlow<()>) -> &[u8]";
    out.braces(head, |out| {
        out.line("self.restart();");
        out.line("self.arena.fill(0);");
        out.braces("for row in image.chunks_exact(ROW_LEN)", |out| {
            out.line("self.row_mut().copy_from_slice(row);");
            out.line("let arena = self.arena.as_mut_ptr();");
            out.line("// SAFETY: as in `push_row`.");
            let go_on = "unsafe { stages::go_on(arena, &mut self.progress, &mut *behind) }";
            out.braces(format_args!("if {go_on}.is_break()"), |out| {
                out.line("break;")
            });
        });
        out.line("self.restart();");
        out.line("&self.arena");
    });
}

/// The body of the self-test: element `i` of the image is `value`, and `is_right` follows what
/// gives the output.
pub(super) fn self_test(value: &str, is_right: &str, out: &mut Writer) {
    out.line("self.restart();");
    out.braces("for row in 0..INPUT_ROWS", |out| {
        out.braces(
            "for (x, element) in self.row_mut().iter_mut().enumerate()",
            |out| {
                out.line("let i = ROW_LEN * row + x;");
                out.line(format_args!("*element = {value};"));
            },
        );
        out.braces("if let Some(output) = self.push_row()", |out| {
            out.line(format_args!("return output{is_right};"));
        });
    });
    out.line("false");
}
