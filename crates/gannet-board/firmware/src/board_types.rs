//! The board's numbers, from its manual. Change them here.

/// What is connected to the oscillator pins, with its rate in Hz.
#[allow(dead_code)]
pub enum External {
    /// Nothing.
    None,
    /// A crystal.
    Crystal(u32),
    /// A clock signal.
    Bypass(u32),
}

/// A peripheral bus.
#[allow(dead_code)]
pub enum Bus {
    /// The slow one.
    Apb1,
    /// The fast one.
    Apb2,
}
