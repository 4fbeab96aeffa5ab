//! The engine: a network's outputs and gradients for many images, on all processors, with
//! the same bits whatever the processor and however many threads.

mod activation;
mod backend;
mod chunk;
mod convolution;
mod crew;
mod exponential;
mod fused;
#[cfg(test)]
mod gradient_check;
mod head;
mod operator;
mod outer;
mod plan;
mod pool;
mod portable;
mod products;
mod rows;
mod simd;
mod sweep;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use backend::Backend;
pub use crew::{Batch, Crew, Threads};
pub use head::Head;
#[cfg(test)]
pub use simd::LANES;
pub use simd::{Kernel, Lanes, Simd};
