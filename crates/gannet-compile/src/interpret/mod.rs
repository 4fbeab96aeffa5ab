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

    /// One inference: the image's little-endian bytes in, the output's out.
    ///
    /// # Panics
    /// If `image` is not as long as an image of the Program.
    pub fn run(&mut self, image: &[u8]) -> &[u8] {
        assert_eq!(image.len(), self.code.image, "bytes of an image");
        self.machine.run(&self.code, image, usize::MAX);
        self.machine.memory(&self.code.output)
    }

    /// The arena as it is once the stages have run `runs` times, see [`Program::runs`]: what a
    /// device's must be, too, if both begin with zeros around the input, or its first row.
    ///
    /// # Panics
    /// If `image` is not as long as an image of the Program.
    pub fn memory_behind(&mut self, image: &[u8], runs: usize) -> &[u8] {
        assert_eq!(image.len(), self.code.image, "bytes of an image");
        self.machine.memory_mut(&self.code.arena).fill(0);
        let first = &image[..self.code.input.len()];
        self.machine
            .memory_mut(&self.code.input)
            .copy_from_slice(first);
        self.machine.run(&self.code, image, runs);
        self.machine.memory(&self.code.arena)
    }

    /// One inference for each of `images`, spread over all cores, in their order.
    ///
    /// # Panics
    /// If one is not as long as an image of the Program.
    pub fn run_all(&self, images: &[&[u8]]) -> Vec<Vec<u8>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = images.len().div_ceil(threads).max(1);
        let run_share = |images: &[&[u8]]| -> Vec<Vec<u8>> {
            let mut own = self.clone();
            images.iter().map(|image| own.run(image).to_vec()).collect()
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = images
                .chunks(share)
                .map(|images| scope.spawn(move || run_share(images)))
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
    /// If `image` is not as long as an image of the Program.
    pub fn run_f32(&mut self, image: &[f32]) -> Vec<f32> {
        let bytes: Vec<u8> = image.iter().flat_map(|value| value.to_le_bytes()).collect();
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
