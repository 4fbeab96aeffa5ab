//! The engine: a network's outputs and gradients for many images, on all processors, with
//! the same bits whatever the processor and however many threads.

mod activation;
mod average_pool;
mod backend;
mod channelwise;
mod chunk;
mod convolution;
mod crew;
mod depthwise;
mod dropout;
mod exponential;
mod fused;
mod gather;
#[cfg(test)]
mod gradient_check;
mod head;
mod join;
mod normalization;
mod operator;
#[cfg(test)]
mod oracle;
mod outer;
mod padding;
mod plan;
mod pool;
mod portable;
mod products;
mod round;
mod route;
mod rows;
mod segments;
mod simd;
mod smooth;
pub mod supported;
mod sweep;
mod taps;
mod teacher;
mod windows;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use backend::Backend;
pub use crew::{Batch, Crew, Threads};
pub use dropout::Draw;
pub use head::Head;
pub use round::Activations;
#[cfg(test)]
pub use simd::LANES;
pub use simd::{Kernel, Lanes, Simd};
pub use teacher::Teachers;
