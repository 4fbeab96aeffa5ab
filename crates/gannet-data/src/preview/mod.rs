//! Images to look at: a [`Sheet`] of captioned cells, drawn as text for a terminal or as a PNG.

mod font;
mod picture;
mod sheet;
mod terminal;

pub use sheet::{Cell, Sheet};
pub use terminal::Ink;
