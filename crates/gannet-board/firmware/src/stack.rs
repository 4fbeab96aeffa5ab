//! The peak of the stack. cortex-m-rt paints everything between static data and the top of RAM
//! before main; what no longer shows the paint has been used.

use cortex_m_rt::STACK_PAINT_VALUE;
use gannet_link::Memory;

unsafe extern "C" {
    static _stack_end: u32;
    static _stack_start: u32;
    static _ram_start: u32;
}

/// What the link is told of the memory.
pub fn memory() -> Memory {
    Memory {
        peak_stack: Some(peak_bytes()),
        static_ram: Some(static_ram_bytes()),
    }
}

/// Bytes of RAM below the stack: the network's arena and every other static.
pub fn static_ram_bytes() -> u32 {
    (&raw const _stack_end as usize - &raw const _ram_start as usize) as u32
}

/// The most bytes of stack that were in use since the start.
pub fn peak_bytes() -> u32 {
    let top = &raw const _stack_start as usize;
    let mut word = &raw const _stack_end;
    // SAFETY: both symbols bound the painted part of RAM, aligned to four bytes; the stack pointer
    // lies below the top, so the loop ends inside at the latest. Volatile, since the words above
    // belong to live frames.
    while (word as usize) < top && unsafe { word.read_volatile() } == STACK_PAINT_VALUE {
        // SAFETY: still below the top.
        word = unsafe { word.add(1) };
    }
    (top - word as usize) as u32
}
