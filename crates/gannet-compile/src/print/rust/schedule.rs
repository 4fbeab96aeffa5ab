//! One inference: the stages in their order, or row by row.

use super::super::writer::{Writer, affine};
use crate::ir::{Affine, Counter, Program, Step};

/// Prints what runs the stages.
pub(super) fn print(program: &Program, out: &mut Writer) {
    if program.input_rows().is_some() {
        return print_of_rows(program, out);
    }
    out.line("/// One inference; `behind` is told the number of every stage that has run, and may break off.");
    safety(out);
    out.line("#[inline(always)]");
    let head = "pub(crate) unsafe fn run(arena: *mut u8, mut behind: impl FnMut(usize) -> ControlFlow<()>)";
    out.braces(head, |out| {
        for counter in program.counters() {
            let counter = program.counter_name(counter);
            out.line(format_args!("let mut {counter} = 0_isize;"));
        }
        print_steps(program, program.schedule(), out);
    });
}

/// What must hold of the arena that stages are run on.
pub(super) fn safety(out: &mut Writer) {
    out.line("///");
    out.line("/// # Safety");
    out.line("/// `arena` points to the arena of a `Network`.");
}

/// What goes on with the next row, and what it has to remember from one row to the next.
fn print_of_rows(program: &Program, out: &mut Writer) {
    let counters = program.counters().into_iter();
    let counters: Vec<&str> = counters.map(|each| program.counter_name(each)).collect();
    out.line("/// How far an inference has come.");
    out.braces("pub(crate) struct Progress", |out| {
        out.line("/// Rows of the image that were given.");
        out.line("pub(crate) rows: usize,");
        out.line("/// Steps that are done.");
        out.line("steps: usize,");
        for counter in &counters {
            out.line(format_args!("{counter}: isize,"));
        }
    });
    out.gap();
    out.braces("impl Progress", |out| {
        out.line("/// Before the first row.");
        out.block(
            "pub(crate) const START: Progress = Progress {",
            "};",
            |out| {
                for field in ["rows", "steps"].iter().chain(&counters) {
                    out.line(format_args!("{field}: 0,"));
                }
            },
        );
    });
    out.gap();
    out.line("/// Goes on with an inference as far as the row that was just put in lets it; `behind` is told");
    out.line("/// the number of every stage that has run, and may break off.");
    safety(out);
    out.line("#[inline(always)]");
    let head = "pub(crate) unsafe fn go_on(arena: *mut u8, progress: &mut Progress, mut behind: impl FnMut(usize) -> ControlFlow<()>) -> ControlFlow<()>";
    out.braces(head, |out| {
        out.line("let mut is_new = true;");
        out.line("progress.rows += 1;");
        for (i, step) in program.schedule().iter().enumerate() {
            out.braces(format_args!("if progress.steps == {i}"), |out| {
                print_steps(program, std::slice::from_ref(step), out);
                out.line("progress.steps += 1;");
            });
        }
        out.line("ControlFlow::Continue(())");
    });
}

/// Where a counter is: with what is remembered from one row to the next, or a variable.
fn place_of(program: &Program, counter: Counter) -> String {
    let name = program.counter_name(counter);
    match program.input_rows() {
        Some(_) => format!("progress.{name}"),
        None => name.to_owned(),
    }
}

fn print_steps(program: &Program, steps: &[Step], out: &mut Writer) {
    for step in steps {
        match step {
            Step::Run(run) => {
                let arguments = run
                    .arguments
                    .iter()
                    .map(|argument| affine(program, argument));
                let arguments: Vec<String> = std::iter::once("arena".to_owned())
                    .chain(arguments)
                    .collect();
                out.line(format_args!(
                    "compute_{}({});",
                    program.stage(run.stage).name,
                    arguments.join(", ")
                ));
                let broken_off = match program.input_rows() {
                    None => "return;",
                    Some(_) => "return ControlFlow::Break(());",
                };
                out.line(format_args!(
                    "if behind({}).is_break() {{ {broken_off} }}",
                    run.stage.index()
                ));
            }
            Step::Resume(resume) => {
                let counter = place_of(program, resume.counter);
                let to = chosen(program, "min", &resume.to);
                out.braces(format_args!("while {counter} < {to}"), |out| {
                    let variable = program.variable_name(resume.variable);
                    out.line(format_args!("let {variable} = {counter};"));
                    print_steps(program, &resume.body, out);
                    out.line(format_args!("{counter} += 1;"));
                });
            }
            Step::Take => {
                out.braces("if !is_new", |out| {
                    out.line("return ControlFlow::Continue(());")
                });
                out.line("is_new = false;");
            }
        }
    }
}

/// The largest (`max`) or smallest (`min`) of `bounds`, as `isize`.
pub(super) fn chosen(program: &Program, choose: &str, bounds: &[Affine]) -> String {
    let mut texts = bounds.iter().map(|bound| match bound.as_constant() {
        Some(value) => format!("{value}_isize"),
        None => affine(program, bound),
    });
    let first = texts.next().expect("a loop has bounds");
    texts.fold(first, |chosen, text| format!("{choose}({chosen}, {text})"))
}
