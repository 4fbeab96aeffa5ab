//! A network small enough to check by hand: output `k` is the sum of the weighted pixels whose
//! index leaves `k` when divided by ten, over 65,536. Stands in for what Gannet generates.

#![no_std]

use core::ops::ControlFlow;

/// The network's name.
pub const NAME: &str = "tiny-sums";
/// Stands for the first bytes of a SHA-256.
pub const HASH: [u8; 8] = [0x67, 0x61, 0x6e, 0x6e, 0x65, 0x74, 0x00, 0x01];
/// Elements of the input.
pub const INPUT_LEN: usize = 784;
/// Elements of the output.
pub const OUTPUT_LEN: usize = 10;
/// The sums, and their division.
pub const STAGES: usize = 2;
/// Pixels.
pub type Input = u8;
/// Sums.
pub type Output = f32;

#[unsafe(link_section = ".rodata.gannet_weights")]
static WEIGHTS: [f32; OUTPUT_LEN] = [1.0, 0.5, 0.25, 0.125, 3.0, 1e-3, 1e-4, -1e-5, 1e-6, 1e-7];

/// The network and its memory.
#[repr(C)]
pub struct Network {
    input: [u8; INPUT_LEN],
    output: [f32; OUTPUT_LEN],
}

impl Network {
    /// A network that has not run yet.
    pub const fn new() -> Self {
        Network {
            input: [0; INPUT_LEN],
            output: [0.0; OUTPUT_LEN],
        }
    }

    /// Where the pixels go.
    pub fn input_mut(&mut self) -> &mut [u8; INPUT_LEN] {
        &mut self.input
    }

    /// Computes the sums.
    #[inline(never)]
    pub fn run(&mut self) -> &[f32; OUTPUT_LEN] {
        self.output = [0.0; OUTPUT_LEN];
        stages::compute_sums(&self.input, &mut self.output);
        stages::compute_shares(&mut self.output);
        &self.output
    }

    /// The same, telling `behind` of each step; gives all memory.
    pub fn run_watched(&mut self, behind: &mut dyn FnMut(usize) -> ControlFlow<()>) -> &[u8] {
        self.output = [0.0; OUTPUT_LEN];
        stages::compute_sums(&self.input, &mut self.output);
        if behind(0).is_continue() {
            stages::compute_shares(&mut self.output);
            let _ = behind(1);
        }
        // SAFETY: bytes and floats without padding, borrowed as long.
        unsafe { core::slice::from_raw_parts((&raw const *self).cast(), size_of::<Self>()) }
    }

    /// A picture of ones: output 0 is the sum of every tenth pixel.
    pub fn self_test(&mut self) -> bool {
        self.input = [1; INPUT_LEN];
        self.run()[0] == 79.0 / 65_536.0
    }
}

/// The two steps, each a function of its own as in generated code.
mod stages {
    use super::{INPUT_LEN, OUTPUT_LEN, WEIGHTS};

    #[inline(never)]
    pub fn compute_sums(input: &[u8; INPUT_LEN], output: &mut [f32; OUTPUT_LEN]) {
        for (index, &pixel) in input.iter().enumerate() {
            // Volatile, so that the weights stay weights and are not folded into the code.
            // SAFETY: a reference to a live static.
            let weight = unsafe { (&raw const WEIGHTS[index % OUTPUT_LEN]).read_volatile() };
            output[index % OUTPUT_LEN] += f32::from(pixel) * weight;
        }
    }

    #[inline(never)]
    pub fn compute_shares(output: &mut [f32; OUTPUT_LEN]) {
        output.iter_mut().for_each(|sum| *sum /= 65_536.0);
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}
