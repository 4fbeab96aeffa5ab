//! SUPPORTED-LAYERS.md: the overview as a page, with the attributes of each format's layers.

use std::fmt::Write as _;

use gannet_formats::Supported;

use super::overview::{Format, Overview};

const HEAD: &str = "\
# Supported layers

Made from the code by `gannet layers --markdown`; a test holds it to the code.

A layer kind has the name of Keras' class. Every kind can be described in `gannet.toml`, trained, run by the reference, compiled and written as Keras. *Quantized* means that networks of integers have it too. They are compiled with it where values have 8 bits, and where all have 16 but for transposed convolutions; `gannet quantize` makes it of 8 bits. What a format has that is not on this page is refused when a file is read, all of it in one list.
";

/// The whole page.
pub fn markdown(overview: &Overview) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Kinds\n\n");
    let mut columns = vec!["kind".to_owned()];
    columns.extend(overview.formats.iter().map(|format| format.name.clone()));
    columns.push("quantized".to_owned());
    row(&mut page, &columns);
    row(&mut page, &vec!["---".to_owned(); columns.len()]);
    for kind in &overview.kinds {
        let mut cells = vec![kind.name.to_owned()];
        cells.extend(kind.classes.iter().map(|classes| {
            let names: Vec<String> = classes.iter().map(|class| code(&class.names)).collect();
            names.join("; ")
        }));
        cells.push(if kind.is_quantized { "yes" } else { "" }.to_owned());
        row(&mut page, &cells);
    }
    let functions: Vec<String> = overview.functions.iter().map(|f| (*f).to_owned()).collect();
    let functions = code(&functions);
    let _ = write!(
        page,
        "\n## Functions\n\nAs `activation` of a layer that has one, or as layers of their own: {functions}.\n"
    );
    for format in &overview.formats {
        of_format(&mut page, format);
    }
    page
}

fn of_format(page: &mut String, format: &Format) {
    let _ = write!(page, "\n## {}\n\n{}\n", format.name, format.notes);
    for same in format.layers.chunk_by(|a, b| a.names == b.names) {
        let layer = &same[0];
        let _ = write!(page, "\n### {}\n\n", layer.names.join(", "));
        page.push_str(&becomes(same));
        page.push('\n');
        if !layer.attributes.is_empty() {
            page.push('\n');
        }
        for (name, values) in &layer.attributes {
            let _ = writeln!(page, "- `{name}`: {}", escaped(values));
        }
    }
}

/// What becomes of a class, which may be one of several things.
fn becomes(layers: &[Supported]) -> String {
    let each = layers.iter().map(|layer| match layer.kinds.as_slice() {
        [] => None,
        [kind] => Some((*kind).to_owned()),
        [first, second @ ..] => Some(format!("{first} and {} behind it", second.join(", "))),
    });
    match each.collect::<Option<Vec<String>>>() {
        None => "Does nothing at inference and is left out.".to_owned(),
        Some(kinds) => format!("Becomes {}.", kinds.join(" or ")),
    }
}

fn row(page: &mut String, cells: &[String]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

fn code(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Text that Markdown takes as it is.
fn escaped(text: &str) -> String {
    text.replace('_', "\\_")
        .replace('*', "\\*")
        .replace('[', "\\[")
}
