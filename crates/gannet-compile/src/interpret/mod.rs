//! The interpreter: runs a Program on the host, one operation at a time.
//!
//! It is the oracle for every printer: the same operations in the same order, so the same
//! bits. Before the first run the Program is flattened: scalars and temporaries become
//! registers, every address becomes a base that loops keep up to date plus a constant.

mod code;
mod flatten;
mod machine;

use std::sync::Arc;

use code::Code;
use machine::Machine;

use crate::ir::Program;

/// A Program made ready to run, with its memory. Clones share the code.
#[derive(Debug, Clone)]
pub struct Interpreter {
    code: Arc<Code>,
    machine: Machine,
}

impl Interpreter {
    /// Makes `program` ready to run.
    pub fn new(program: &Program) -> Self {
        let (code, memory) = flatten::flatten(program);
        let machine = Machine::new(&code, program.variable_count(), memory);
        Interpreter {
            code: Arc::new(code),
            machine,
        }
    }

    /// One inference: the input's little-endian bytes in, the output's out.
    ///
    /// # Panics
    /// If `input` is not as long as the Program's input buffer.
    pub fn run(&mut self, input: &[u8]) -> &[u8] {
        self.machine
            .memory_mut(&self.code.input)
            .copy_from_slice(input);
        self.machine.run(&self.code, usize::MAX);
        self.machine.memory(&self.code.output)
    }

    /// The arena as it is once the stages have run `runs` times, see [`Program::runs`]: what a
    /// device's must be, too, if both begin with zeros around the input.
    ///
    /// # Panics
    /// If `input` is not as long as the Program's input buffer.
    pub fn memory_behind(&mut self, input: &[u8], runs: usize) -> &[u8] {
        self.machine.memory_mut(&self.code.arena).fill(0);
        self.machine
            .memory_mut(&self.code.input)
            .copy_from_slice(input);
        self.machine.run(&self.code, runs);
        self.machine.memory(&self.code.arena)
    }

    /// One inference for each of `inputs`, spread over all cores, in their order.
    ///
    /// # Panics
    /// If an input is not as long as the Program's input buffer.
    pub fn run_all(&self, inputs: &[&[u8]]) -> Vec<Vec<u8>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = inputs.len().div_ceil(threads).max(1);
        let run_share = |inputs: &[&[u8]]| -> Vec<Vec<u8>> {
            let mut own = self.clone();
            inputs.iter().map(|input| own.run(input).to_vec()).collect()
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = inputs
                .chunks(share)
                .map(|inputs| scope.spawn(move || run_share(inputs)))
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|e| std::panic::resume_unwind(e))
                })
                .collect()
        })
    }

    /// One inference of a Program whose input and output are `f32`.
    ///
    /// # Panics
    /// If `input` is not as long as the Program's input buffer.
    pub fn run_f32(&mut self, input: &[f32]) -> Vec<f32> {
        let bytes: Vec<u8> = input.iter().flat_map(|value| value.to_le_bytes()).collect();
        floats(self.run(&bytes))
    }
}

/// The `f32`s that little-endian `bytes` hold.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect()
}
