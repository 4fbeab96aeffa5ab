//! Adds up a record: who executed how many instructions, and what they cost.

use std::collections::HashMap;
use std::ops::AddAssign;

use gannet_target::{Instruction, Timing};
use serde::{Deserialize, Serialize};

use super::code::Code;
use super::record::Record;
use crate::error::BoardError;

/// What was executed and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Instructions, with those whose condition did not hold.
    pub instructions: u64,
    /// Cycles that the core's manual gives them: an estimate.
    pub cycles: u64,
}

/// A call's account, and those of the stages that it called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// Everything between call and return, without interrupts.
    pub total: Account,
    /// One for each stage that was asked for, with everything that it called.
    pub stages: Vec<Account>,
}

/// Prices `record` with `timing`. `stages` are addresses of functions that the traced one calls.
///
/// # Errors
/// [`BoardError::Trace`] where record and image do not fit together.
pub fn account(
    code: &Code,
    record: &Record,
    timing: &Timing,
    stages: &[u32],
) -> Result<Traced, BoardError> {
    let mut blocks = Vec::with_capacity(record.blocks.len());
    let mut is_executed = vec![false; record.blocks.len()];
    for &number in &record.executed {
        if let Some(executed) = is_executed.get_mut(number as usize) {
            *executed = true;
        }
    }
    for (&block, is_executed) in record.blocks.iter().zip(is_executed) {
        blocks.push(if is_executed {
            code.instructions(block)?
        } else {
            Vec::new()
        });
    }

    let mut walk = Walk::new(stages);
    let mut prices: HashMap<(Option<u32>, u32, bool), u64> = HashMap::new();
    let executed = without_interrupts(code, record, &blocks);
    let mut before: Option<u32> = None;
    for (place, &number) in executed.iter().enumerate() {
        let block = record.blocks[number as usize];
        let instructions = &blocks[number as usize];
        let next = executed
            .get(place + 1)
            .map(|&next| record.blocks[next as usize].start);
        let end = block.start
            + instructions
                .iter()
                .map(|i| u32::from(i.len_bytes))
                .sum::<u32>();
        let jumps = next != Some(end);
        walk.enter(block.start);
        let cycles = *prices.entry((before, number, jumps)).or_insert_with(|| {
            let last = before.and_then(|before| blocks[before as usize].last());
            price(timing, last, instructions, jumps)
        });
        walk.add(Account {
            instructions: instructions.len() as u64,
            cycles,
        });
        if instructions.last().is_some_and(Instruction::is_call) && jumps {
            walk.call(end);
        }
        before = (!jumps).then_some(number);
    }
    Ok(walk.done)
}

/// Cycles of a block behind the instruction `last`.
fn price(timing: &Timing, last: Option<&Instruction>, block: &[Instruction], jumps: bool) -> u64 {
    let mut before = last;
    let mut cycles = 0;
    for (place, now) in block.iter().enumerate() {
        let is_last = place + 1 == block.len();
        cycles += u64::from(timing.cycles(before, now, is_last && jumps));
        before = Some(now);
    }
    cycles
}

/// Follows calls and returns, and says whose account is the present one.
struct Walk<'s> {
    stages: &'s [u32],
    current: Option<usize>,
    /// Where callers go on, and whose account theirs is.
    frames: Vec<(u32, Option<usize>)>,
    done: Traced,
}

impl Walk<'_> {
    fn new(stages: &[u32]) -> Walk<'_> {
        Walk {
            stages,
            current: None,
            frames: Vec::new(),
            done: Traced {
                total: Account::default(),
                stages: vec![Account::default(); stages.len()],
            },
        }
    }

    fn call(&mut self, goes_on_at: u32) {
        self.frames.push((goes_on_at, self.current));
    }

    fn enter(&mut self, address: u32) {
        if let Some(&(goes_on_at, caller)) = self.frames.last()
            && goes_on_at == address
        {
            self.frames.pop();
            self.current = caller;
        } else if let Some(stage) = self.stages.iter().position(|&stage| stage == address) {
            self.current = Some(stage);
        }
    }

    fn add(&mut self, account: Account) {
        self.done.total += account;
        if let Some(stage) = self.current {
            self.done.stages[stage] += account;
        }
    }
}

/// The executed blocks without those of interrupts. An interrupt begins where its vector points,
/// which no jump of the program led to, and ends when its handler returns.
fn without_interrupts(code: &Code, record: &Record, blocks: &[Vec<Instruction>]) -> Vec<u32> {
    let mut kept = Vec::with_capacity(record.executed.len());
    let mut depth = 0_u32;
    for &number in &record.executed {
        if depth == 0 && code.is_handler(record.blocks[number as usize].start) {
            depth = 1;
        } else if depth == 0 {
            kept.push(number);
            continue;
        }
        match blocks[number as usize].last() {
            Some(last) if last.is_call() => depth += 1,
            Some(last) if last.is_return => depth -= 1,
            _ => {}
        }
    }
    kept
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Account) {
        self.instructions += other.instructions;
        self.cycles += other.cycles;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Block;
    use gannet_target::Core;

    /// A function that calls one stage, and an interrupt in the midst of it.
    #[test]
    fn calls_jumps_and_interrupts_are_followed() {
        let code = Code::of_halfwords(
            &[
                // push {r4, lr}; bl 0x200; pop {r4, pc}
                (0x100, &[0xb510, 0xf000, 0xf87d, 0xbd10]),
                // movs r0, #2; subs r0, #1; bne 0x202; bx lr
                (0x200, &[0x2002, 0x3801, 0xd1fd, 0x4770]),
                // bx lr
                (0x300, &[0x4770]),
            ],
            &[0x300],
        );
        let block = |start, count| Block { start, count };
        let record = Record {
            blocks: vec![
                block(0x100, 2),
                block(0x200, 3),
                block(0x300, 1),
                block(0x202, 2),
                block(0x206, 1),
                block(0x106, 1),
            ],
            executed: vec![0, 1, 2, 3, 4, 5],
        };
        let traced = account(&code, &record, Core::CortexM4F.timing(), &[0x200]).unwrap();
        // movs 1, subs 1, bne taken 3; subs 1, bne not taken 1; bx 3.
        let stage = Account {
            instructions: 6,
            cycles: 10,
        };
        assert_eq!(traced.stages, [stage]);
        // With push of two registers 3, bl 3, pop of two with the program counter 5.
        let total = Account {
            instructions: 9,
            cycles: 21,
        };
        assert_eq!(traced.total, total);
    }
}
