//! The interfaces of the vendor's generators, so that code written for them compiles unchanged.
//!
//! The files lie beside this one as templates in C, written from how callers use the calls; only
//! names, shapes, sizes and the computation are filled in.

use super::super::SourceFile;
use super::super::maker;
use super::super::writer::Writer;
use super::text::{inside_comment, string};
use super::{Prefix, code, weights};
use crate::ir::{Buffer, Element, Program};

/// X-CUBE-AI's `ai_NAME_…`: `NAME.h`, `NAME.c`, `NAME_config.h`, `NAME_data.h`, `NAME_data.c`,
/// `NAME_data_params.h`, `NAME_data_params.c` and `ai_platform.h`.
pub(super) fn st_legacy(program: &Program, prefix: &Prefix) -> Vec<SourceFile> {
    let stem = format!("{}_data_params", prefix.lower());
    let format = |element| match element {
        Element::F32 => "AI_BUFFER_FORMAT_FLOAT",
        Element::U8 => "AI_BUFFER_FORMAT_U8",
        Element::I8 | Element::I16 | Element::I32 => "AI_BUFFER_FORMAT_S8",
    };
    let templates = [
        (".h", include_str!("st_legacy/network.h.in")),
        (".c", include_str!("st_legacy/network.c.in")),
        ("_config.h", include_str!("st_legacy/network_config.h.in")),
        ("_data.h", include_str!("st_legacy/network_data.h.in")),
        ("_data.c", include_str!("st_legacy/network_data.c.in")),
    ];
    let mut files = filled(program, prefix, &stem, format, &templates);
    files.extend(weights::files(program, prefix, &stem));
    files.push((
        "ai_platform.h".to_owned(),
        include_str!("st_legacy/ai_platform.h").to_owned(),
    ));
    files
}

/// ST Edge AI's `stai_NAME_…`: `NAME.h`, `NAME.c`, `NAME_data.h`, `NAME_data.c` and `stai.h`.
pub(super) fn st_ai(program: &Program, prefix: &Prefix) -> Vec<SourceFile> {
    let stem = format!("{}_data", prefix.lower());
    let format = |element| match element {
        Element::F32 => "STAI_FORMAT_FLOAT32",
        Element::U8 => "STAI_FORMAT_U8",
        Element::I8 | Element::I16 | Element::I32 => "STAI_FORMAT_S8",
    };
    let templates = [
        (".h", include_str!("st_ai/network.h.in")),
        (".c", include_str!("st_ai/network.c.in")),
    ];
    let mut files = filled(program, prefix, &stem, format, &templates);
    files.extend(weights::files(program, prefix, &stem));
    files.push(("stai.h".to_owned(), include_str!("st_ai/stai.h").to_owned()));
    files
}

/// Each template, given by the end of its file's name, with its `{{names}}` filled in; `stem` is
/// the name of the weights' files, `format` the interface's name of an element.
fn filled(
    program: &Program,
    prefix: &Prefix,
    stem: &str,
    format: impl Fn(Element) -> &'static str,
    templates: &[(&str, &str)],
) -> Vec<SourceFile> {
    let mut computation = Writer::default();
    code::computation(program, prefix, code::Watch::Never, &mut computation);
    let weights_bytes = program.constant_bytes();
    let (weights_include, weights_address) = match weights_bytes {
        0 => (String::new(), "0".to_owned()),
        _ => (
            format!("#include \"{stem}.h\"\n"),
            format!("&{}", weights::table(prefix)),
        ),
    };
    let mut values = vec![
        ("name".to_owned(), prefix.lower().to_owned()),
        ("NAME".to_owned(), prefix.upper()),
        ("title".to_owned(), string(program.name())),
        ("hash".to_owned(), maker::hash(program)),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("stages".to_owned(), program.stages().len().to_string()),
        ("arena_bytes".to_owned(), program.arena_bytes().to_string()),
        ("weights_bytes".to_owned(), weights_bytes.to_string()),
        ("weights_include".to_owned(), weights_include),
        ("weights_address".to_owned(), weights_address),
    ];
    for (side, buffer) in [("in", program.input()), ("out", program.output())] {
        let offset = program.offset(buffer).expect("it lies in the arena");
        let [height, width, channels] = image_extents(buffer);
        let numbers = [
            ("height", height),
            ("width", width),
            ("channels", channels),
            ("len", buffer.len()),
            ("bytes", buffer.bytes()),
            ("offset", offset),
        ];
        values.extend(numbers.map(|(what, number)| (format!("{side}_{what}"), number.to_string())));
        values.push((format!("{side}_format"), format(buffer.element).to_owned()));
    }
    let header = inside_comment(&maker::header(program, "A part"));
    values.push(("header".to_owned(), header));
    // Last, because generated text is no template.
    values.push(("computation".to_owned(), computation.finish()));
    let fill = |template: &str| {
        values
            .iter()
            .fold(template.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            })
    };
    templates
        .iter()
        .map(|(end, template)| (format!("{}{end}", prefix.lower()), fill(template)))
        .collect()
}

/// The extents as height, width and channels; what has fewer is one pixel or one row.
fn image_extents(buffer: &Buffer) -> [usize; 3] {
    match buffer.extents[..] {
        [height, width, channels] => [height, width, channels],
        [width, channels] => [1, width, channels],
        _ => [1, 1, buffer.len()],
    }
}
