//! A tick counter: the core's cycle counter where it counts, otherwise SysTick with its wraps
//! counted. A rate that nobody vouches for is reported as 0.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m_rt::exception;

use crate::board;
use crate::clock::Clock;
use crate::register::Register;

// SAFETY: ARMv7-M manual, C1.6.5 and C1.8: debug control and data watchpoint unit.
const DEMCR: Register = unsafe { Register::at(0xE000_EDFC) };
// SAFETY: as above.
const DWT_CTRL: Register = unsafe { Register::at(0xE000_1000) };
// SAFETY: as above.
const DWT_CYCCNT: Register = unsafe { Register::at(0xE000_1004) };
// SAFETY: ARMv7-M manual, B3.3: SysTick.
const SYST_CSR: Register = unsafe { Register::at(0xE000_E010) };
// SAFETY: as above.
const SYST_RVR: Register = unsafe { Register::at(0xE000_E014) };
// SAFETY: as above.
const SYST_CVR: Register = unsafe { Register::at(0xE000_E018) };
// SAFETY: as above.
const SYST_CALIB: Register = unsafe { Register::at(0xE000_E01C) };

const CSR_ENABLE_AND_INTERRUPT: u32 = 0b011;
const CSR_CORE_CLOCK: u32 = 0b100;
const CALIB_NO_REFERENCE: u32 = 1 << 31;
const SYSTICK_MAX: u32 = 0x00FF_FFFF;
/// Seconds in an emulator, where each poll takes about a microsecond.
const SYSTICK_START_POLLS: u32 = 4_000_000;

/// How often SysTick has wrapped.
static WRAPS: AtomicU32 = AtomicU32::new(0);

/// The running counter.
pub struct Timer {
    source: Source,
    ticks_per_second: u32,
}

enum Source {
    CycleCounter,
    SysTick,
    None,
}

impl Timer {
    /// Starts the best counter that this core has.
    pub fn start(clock: Clock) -> Timer {
        let (source, rate) = if board::CYCLE_COUNTER && cycle_counter_counts() {
            (Source::CycleCounter, clock.core_hz)
        } else {
            let rate = start_systick(clock);
            if systick_counts() {
                (Source::SysTick, rate)
            } else {
                (Source::None, None)
            }
        };
        Timer {
            source,
            ticks_per_second: rate.unwrap_or(0),
        }
    }

    /// Ticks since some moment, wrapping: only differences mean something, and only over less
    /// than 2^32 ticks (23 s at 180 MHz). Always 0 on a core that has no counter.
    pub fn now(&self) -> u32 {
        match self.source {
            Source::CycleCounter => DWT_CYCCNT.read(),
            Source::SysTick => systick_now(),
            Source::None => 0,
        }
    }

    /// Ticks in a second; 0 when unknown.
    pub fn ticks_per_second(&self) -> u32 {
        self.ticks_per_second
    }
}

fn cycle_counter_counts() -> bool {
    DEMCR.modify(0, 1 << 24);
    DWT_CYCCNT.write(0);
    DWT_CTRL.modify(0, 1);
    (0..4).any(|_| DWT_CYCCNT.read() != 0)
}

/// Starts SysTick and says its rate: the core clock when that is known. Otherwise the reference
/// clock, by the calibration value that an emulator derives from it (ticks in 10 ms, less one).
fn start_systick(clock: Clock) -> Option<u32> {
    let calibration = SYST_CALIB.read();
    let ten_ms = calibration & SYSTICK_MAX;
    let (select, rate) = match clock.core_hz {
        Some(hz) => (CSR_CORE_CLOCK, Some(hz)),
        None if calibration & CALIB_NO_REFERENCE == 0 && ten_ms != 0 => {
            (0, (ten_ms + 1).checked_mul(100))
        }
        None => (CSR_CORE_CLOCK, None),
    };
    SYST_RVR.write(SYSTICK_MAX);
    SYST_CVR.write(0);
    SYST_CSR.write(CSR_ENABLE_AND_INTERRUPT | select);
    rate
}

/// Whether SysTick has left the 0 at which it was started: at once on a chip, and in an emulator
/// when its timer thread comes to it, which on a busy machine takes a while.
fn systick_counts() -> bool {
    (0..SYSTICK_START_POLLS).any(|_| SYST_CVR.read() & SYSTICK_MAX != 0)
}

fn systick_now() -> u32 {
    loop {
        let wraps = WRAPS.load(Ordering::Relaxed);
        let left = SYST_CVR.read() & SYSTICK_MAX;
        // It counts down, and on reaching 0 its interrupt may be a moment away: only another
        // value, with the same wraps before and after, is a time.
        if left != 0 && WRAPS.load(Ordering::Relaxed) == wraps {
            return (wraps << 24).wrapping_add(SYSTICK_MAX - left);
        }
    }
}

#[exception]
fn SysTick() {
    // Only this handler writes, so load and store need no read-modify-write.
    WRAPS.store(
        WRAPS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}
