//! The `[network]` part: layers in order, wired to the one before or to those they name.
//! A layer's `kind` is its Keras class name; what else it may say is in `kinds/`.

mod entry;
mod kinds;
mod names;
mod print;
mod read;

pub use print::network_text;
pub use read::read;
