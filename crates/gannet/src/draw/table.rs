//! Tables: a header, left-aligned text, right-aligned numbers.

use comfy_table::{CellAlignment, ContentLineStyle, LineStyle, Table, TableStyle, presets};

/// A rule above, below the header and at the end; nothing between rows and columns.
const RULES: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none())
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// How a column is aligned.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Text, to the left.
    Text(&'a str),
    /// A number, to the right.
    Number(&'a str),
}

/// An empty table with these columns.
pub fn table(columns: &[Column<'_>]) -> Table {
    let mut table = Table::new();
    table.load_style(RULES);
    table.set_header(columns.iter().map(|column| match column {
        Column::Text(title) | Column::Number(title) => *title,
    }));
    for (i, column) in columns.iter().enumerate() {
        let alignment = match column {
            Column::Text(_) => CellAlignment::Left,
            Column::Number(_) => CellAlignment::Right,
        };
        if let Some(column) = table.column_mut(i) {
            column.set_cell_alignment(alignment);
        }
    }
    table
}

/// A table of names and values without a header.
pub fn pairs(rows: impl IntoIterator<Item = (String, String)>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, value) in rows {
        table.add_row([name, value]);
    }
    table
}
