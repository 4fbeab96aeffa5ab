//! A tick counter: this machine's clock.

use std::time::Instant;

/// 2^32 of them are seven minutes, far longer than a network takes.
const TICKS_PER_SECOND: u32 = 10_000_000;

/// The running counter.
pub struct Timer(Instant);

impl Timer {
    /// Starts one.
    pub fn start() -> Timer {
        Timer(Instant::now())
    }

    /// Ticks since some moment, wrapping: only differences mean something.
    pub fn now(&self) -> u32 {
        let tick_ns = u128::from(1_000_000_000 / TICKS_PER_SECOND);
        (self.0.elapsed().as_nanos() / tick_ns) as u32
    }

    /// Ticks in a second.
    pub fn ticks_per_second(&self) -> u32 {
        TICKS_PER_SECOND
    }
}
