//! What Gannet loads into QEMU: writes down which blocks of code one call of a function executes.
//!
//! A block is a stretch of instructions that QEMU executes from the first to the last. Arguments:
//! `from=ADDRESS`, the function; `out=FILE`, where the record goes. The record is a list of 32-bit
//! little-endian words. `ffffffff START COUNT` describes the next block by its first address and
//! its number of instructions, the first one being block 0; any other word is the number of a
//! block that was executed. The function's first call begins the
//! record; `fffffffe` and the end of the file follow when the caller goes on.
//!
//! Compiled by the Rust that builds the firmware. QEMU's interface for plugins, versions 1 and
//! later: <https://www.qemu.org/docs/master/devel/tcg-plugins.html>.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Mutex;

const DESCRIBED: u32 = 0xFFFF_FFFF;
const ENDED: u32 = 0xFFFF_FFFE;
/// The callback neither reads nor writes the core's registers.
const NO_REGISTERS: c_int = 0;

/// The version of the interface that this was written for. QEMU refuses one that it does not know.
#[unsafe(no_mangle)]
pub static qemu_plugin_version: c_int = if cfg!(qemu_plugin_2) { 2 } else { 1 };

unsafe extern "C" {
    fn qemu_plugin_register_vcpu_tb_trans_cb(id: u64, callback: extern "C" fn(u64, *mut c_void));
    fn qemu_plugin_register_vcpu_tb_exec_cb(
        block: *mut c_void,
        callback: extern "C" fn(c_uint, *mut c_void),
        flags: c_int,
        data: *mut c_void,
    );
    fn qemu_plugin_tb_n_insns(block: *const c_void) -> usize;
    fn qemu_plugin_tb_vaddr(block: *const c_void) -> u64;
    fn qemu_plugin_tb_get_insn(block: *const c_void, index: usize) -> *mut c_void;
    fn qemu_plugin_insn_vaddr(instruction: *const c_void) -> u64;
    fn qemu_plugin_insn_size(instruction: *const c_void) -> usize;
}

/// Where the record stands.
enum Stage {
    /// The function was not called yet.
    Waiting,
    /// It runs until its caller goes on at this address.
    Running(u32),
    /// It returned.
    Ended,
}

struct Recorder {
    function: u32,
    out: BufWriter<File>,
    stage: Stage,
    /// Start and end of every block, its last instruction perhaps without its second half.
    blocks: Vec<(u32, u32)>,
    /// Where the last executed block ends.
    last_end: u32,
}

static RECORDER: Mutex<Option<Recorder>> = Mutex::new(None);

/// QEMU calls this first.
///
/// # Safety
/// `arguments` are `count` strings that end with 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    _about: *const c_void,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    let argument = |name: &str| {
        (0..count as usize).find_map(|index| {
            // SAFETY: the caller promises that many strings.
            let text = unsafe { CStr::from_ptr(*arguments.add(index)) }.to_str().ok()?;
            text.strip_prefix(name).map(str::to_owned)
        })
    };
    let (Some(from), Some(out)) = (argument("from="), argument("out=")) else {
        eprintln!("the trace needs from=ADDRESS and out=FILE");
        return 1;
    };
    let (Ok(function), Ok(file)) = (from.parse(), File::create(&out)) else {
        eprintln!("the trace cannot begin at {from} or cannot write {out}");
        return 1;
    };
    if let Ok(mut recorder) = RECORDER.lock() {
        *recorder = Some(Recorder {
            function,
            out: BufWriter::new(file),
            stage: Stage::Waiting,
            blocks: Vec::new(),
            last_end: 0,
        });
    }
    // SAFETY: QEMU's own function with QEMU's own handle.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(id, translated) };
    0
}

extern "C" fn translated(_id: u64, block: *mut c_void) {
    // SAFETY: `block` lives during this callback, and it has at least one instruction.
    let (start, count, end) = unsafe {
        let count = qemu_plugin_tb_n_insns(block);
        let last = qemu_plugin_tb_get_insn(block, count - 1);
        let end = qemu_plugin_insn_vaddr(last) + qemu_plugin_insn_size(last) as u64;
        (qemu_plugin_tb_vaddr(block) as u32, count as u32, end as u32)
    };
    let number = with_recorder(|recorder| {
        recorder.blocks.push((start, end));
        recorder.write(&[DESCRIBED, start, count]);
        recorder.blocks.len() - 1
    });
    let number = number.unwrap_or(0) as *mut c_void;
    // SAFETY: `block` lives; the number is data that nobody follows.
    unsafe { qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NO_REGISTERS, number) };
}

extern "C" fn executed(_core: c_uint, number: *mut c_void) {
    with_recorder(|recorder| recorder.execute(number as usize));
}

fn with_recorder<R>(act: impl FnOnce(&mut Recorder) -> R) -> Option<R> {
    RECORDER.lock().ok()?.as_mut().map(act)
}

impl Recorder {
    fn execute(&mut self, number: usize) {
        let (start, end) = self.blocks[number];
        match self.stage {
            // A call is the last instruction of its block: the caller goes on behind it.
            Stage::Waiting if start == self.function => self.stage = Stage::Running(self.last_end),
            // QEMU takes an instruction that lies across two pages for two bytes shorter.
            Stage::Running(caller) if start == caller || start == caller + 2 => {
                self.stage = Stage::Ended;
                self.write(&[ENDED]);
                if let Err(error) = self.out.flush() {
                    eprintln!("the trace cannot be written: {error}");
                }
            }
            _ => {}
        }
        if matches!(self.stage, Stage::Running(_)) {
            self.write(&[number as u32]);
        }
        self.last_end = end;
    }

    fn write(&mut self, words: &[u32]) {
        if matches!(self.stage, Stage::Ended) && words != [ENDED] {
            return;
        }
        for word in words {
            if let Err(error) = self.out.write_all(&word.to_le_bytes()) {
                eprintln!("the trace cannot be written: {error}");
            }
        }
    }
}
