//! `gannet layers`: the layer kinds and activation functions that are known.

use gannet_graph::{Function, Layer};

use crate::failure::Failure;
use crate::screen::Screen;

pub fn run() -> Result<(), Failure> {
    Screen::LIT.line("layers (by Keras' class names):");
    for kind in Layer::KINDS {
        Screen::LIT.line(format_args!("  {kind}"));
    }
    Screen::LIT.line("activation functions (layers of their own, or `activation=` of another):");
    for function in Function::ALL {
        Screen::LIT.line(format_args!("  {function}"));
    }
    Ok(())
}
