//! A confusion matrix: rows are what the pictures show, columns what they were taken for.

use comfy_table::Table;

use super::table::{Column, table};

/// The matrix, its empty cells as dots so that the mistakes stand out.
pub fn confusion(matrix: &[Vec<usize>], names: &[String]) -> Table {
    let mut columns = vec![Column::Text("shown \\ taken for")];
    columns.extend(names.iter().map(|name| Column::Number(name)));
    let mut table = table(&columns);
    for (name, row) in names.iter().zip(matrix) {
        let cells = row.iter().map(|&n| {
            if n == 0 {
                "·".to_owned()
            } else {
                n.to_string()
            }
        });
        table.add_row(std::iter::once(name.clone()).chain(cells));
    }
    table
}
