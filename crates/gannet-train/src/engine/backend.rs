//! Which registers the kernels run in: found out once, when the program runs.

use super::portable::Portable;
use super::simd::Kernel;
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};

/// A way to compute sixteen lanes. All give the same bits; they differ in speed alone.
#[derive(Debug, Clone, Copy)]
pub enum Backend {
    /// 512-bit registers.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// 256-bit registers with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Plain Rust.
    Portable(Portable),
}

impl Backend {
    /// The fastest that this processor has.
    pub fn detect() -> Self {
        Backend::available().remove(0)
    }

    /// All that this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut backends = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            backends.extend(Avx512::detect().map(Backend::Avx512));
            backends.extend(Avx2::detect().map(Backend::Avx2));
        }
        backends.push(Backend::Portable(Portable));
        backends
    }

    /// Runs a kernel in it.
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the token proves that the processor has these instructions.
            Backend::Avx512(token) => unsafe { run_avx512(token, kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the token proves that the processor has these instructions.
            Backend::Avx2(token) => unsafe { run_avx2(token, kernel) },
            Backend::Portable(token) => kernel.run(token),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn run_avx512<K: Kernel>(token: Avx512, kernel: K) -> K::Output {
    kernel.run(token)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(token: Avx2, kernel: K) -> K::Output {
    kernel.run(token)
}
