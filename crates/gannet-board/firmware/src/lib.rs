//! What both programs share: clock, serial port and its interrupt, a tick counter, the peak of the stack,
//! printing, how the network takes its images, from flash and from the link, and its identity.

#![no_std]

pub mod board;
pub mod clock;
pub mod decimal;
pub mod device;
pub mod element;
pub mod feed;
pub mod identity;
pub mod image;
pub mod interrupt;
pub mod introduction;
pub mod queue;
pub mod register;
pub mod stack;
pub mod text;
pub mod timer;
pub mod uart;

mod stop;
