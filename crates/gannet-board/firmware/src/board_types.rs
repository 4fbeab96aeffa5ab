//! The board's numbers, from its manual. Change them here.

/// One access to a register on the way up.
#[allow(dead_code)]
pub enum Step {
    /// Clears the bits in `clear`, then sets those in `set`.
    Modify { at: usize, clear: u32, set: u32 },
    /// Writes `value`.
    Write { at: usize, value: u32 },
    /// Waits until the bits in `mask` read as `value`, for some milliseconds at most.
    Wait { at: usize, mask: u32, value: u32 },
}

/// The clock tree.
pub struct Clocks {
    /// What the core runs from after reset.
    pub reset_hz: u32,
    /// Holds right after reset on every chip that has a clock tree, as emulators have none.
    pub answers: Option<Step>,
    /// Tried one after the other until all steps of one succeed.
    pub ways: &'static [Way],
}

/// One way to a faster clock.
pub struct Way {
    /// Core clock at its end.
    pub core_hz: u32,
    /// What leads there; the last one that can fail switches the core over.
    pub steps: &'static [Step],
}
