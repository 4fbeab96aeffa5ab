//! The weights: one constant table, whose place in memory a macro may choose.

use super::super::SourceFile;
use super::super::maker::{extents, header};
use super::super::writer::Writer;
use super::Prefix;
use super::code::integer;
use super::text::{comment, float, header_file, memory_type};
use crate::ir::{Buffer, Constant, Program, Storage};

/// The table's declaration and definition, in files of the names `{stem}.h` and `{stem}.c`.
/// A network without weights has none.
pub(super) fn files(program: &Program, prefix: &Prefix, stem: &str) -> Vec<SourceFile> {
    if program.constant_bytes() == 0 {
        return Vec::new();
    }
    vec![
        (format!("{stem}.h"), declaration(program, prefix, stem)),
        (format!("{stem}.c"), definition(program, prefix, stem)),
    ]
}

/// The constant's name, by which stages reach its members.
pub(super) fn table(prefix: &Prefix) -> String {
    format!("{}_weights", prefix.lower())
}

fn constants(program: &Program) -> impl Iterator<Item = (&Buffer, &Constant)> {
    program
        .buffers()
        .iter()
        .filter_map(|buffer| match &buffer.storage {
            Storage::Constant(constant) => Some((buffer, constant)),
            Storage::Arena(_) => None,
        })
}

fn declaration(program: &Program, prefix: &Prefix, stem: &str) -> String {
    let table = table(prefix);
    let mut out = Writer::default();
    comment(&mut out, &header(program, "The weights"));
    header_file(&mut out, &format!("{stem}.h"), |out| {
        comment(out, "The table, in the order in which it lies in memory.");
        let close = format!("}} {table}_table;");
        out.block("typedef struct {", &close, |out| {
            for (buffer, _) in constants(program) {
                out.line(format_args!(
                    "{} {}[{}]; /* {} */",
                    memory_type(buffer.element),
                    buffer.name,
                    buffer.len(),
                    extents(buffer)
                ));
            }
        });
        out.gap();
        out.line(format_args!("extern const {table}_table {table};"));
    });
    out.finish()
}

fn definition(program: &Program, prefix: &Prefix, stem: &str) -> String {
    let table = table(prefix);
    let section = format!("{}_WEIGHTS_SECTION", prefix.upper());
    let mut out = Writer::default();
    comment(&mut out, &header(program, "The weights"));
    out.line(format_args!("#include \"{stem}.h\""));
    out.gap();
    comment(
        &mut out,
        "Define it to place the weights elsewhere. A section of their own lets tools count them.",
    );
    out.line(format_args!("#ifndef {section}"));
    out.line("#if defined(__GNUC__) && defined(__ELF__)");
    out.line(format_args!(
        "#define {section} __attribute__((section(\".rodata.gannet_weights\")))"
    ));
    out.line("#else");
    out.line(format_args!("#define {section}"));
    out.line("#endif");
    out.line("#endif");
    out.gap();
    let open = format!("{section} const {table}_table {table} = {{");
    out.block(open, "};", |out| {
        for (buffer, constant) in constants(program) {
            comment(out, &buffer.name);
            out.line("{");
            match constant {
                Constant::F32(values) => out.list(values.iter().map(|&value| float(value))),
                Constant::U8(values) => out.list(values.iter().map(u8::to_string)),
                Constant::I8(values) => out.list(values.iter().map(i8::to_string)),
                Constant::I16(values) => out.list(values.iter().map(i16::to_string)),
                Constant::I32(values) => out.list(values.iter().map(|&value| integer(value))),
            }
            out.line("},");
        }
    });
    out.finish()
}
