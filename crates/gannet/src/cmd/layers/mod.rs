//! `gannet layers`: the layer kinds and activation functions that are known, and what each format
//! has for them.

mod overview;
mod page;

use clap::Args;

use self::overview::Overview;
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::screen::Screen;

/// The layer kinds and activation functions that are known.
#[derive(Debug, Args)]
pub struct Layers {
    /// Print the page SUPPORTED-LAYERS.md, with the attributes that each format's layers have.
    #[arg(long)]
    markdown: bool,
}

pub fn run(args: &Layers) -> Result<(), Failure> {
    let overview = Overview::new();
    if args.markdown {
        Screen::LIT.line(page::markdown(&overview).trim_end());
        return Ok(());
    }
    let mut columns = vec![Column::Text("Kind")];
    columns.extend(overview.formats.iter().map(|f| Column::Text(&f.name)));
    columns.push(Column::Text("Quantized"));
    let mut kinds = table(&columns);
    for kind in &overview.kinds {
        let mut row = vec![kind.name.to_owned()];
        row.extend(kind.classes.iter().map(|classes| {
            // Other names of one class are on the page.
            let names: Vec<&str> = classes.iter().map(|class| &*class.names[0]).collect();
            names.join(", ")
        }));
        row.push(if kind.is_quantized { "yes" } else { "" }.to_owned());
        kinds.add_row(row);
    }
    Screen::LIT.line(kinds);
    Screen::LIT.line(format_args!(
        "functions (`activation=` of a layer, or layers of their own): {}",
        overview.functions.join(", ")
    ));
    Ok(())
}
