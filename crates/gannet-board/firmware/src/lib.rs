//! What both programs share: the chip's clock and UART, a tick counter, the peak of the stack,
//! printing, and the identity of the network inside.

#![no_std]

pub mod board;
pub mod chip;
pub mod decimal;
pub mod element;
pub mod identity;
pub mod image;
pub mod register;
pub mod stack;
pub mod text;
pub mod timer;

mod stop;
