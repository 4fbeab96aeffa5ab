//! The bytes of a file, of which one question may read only so many: a file of 1 MiB can
//! name one long text four thousand times, and an answer would fill the memory.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use hdf5_pure::{FormatError, Source};

/// How often a question may read the file from end to end: to find an object, its members
/// and its values.
const MOST_PASSES: u64 = 4;

/// What a question may read of the smallest file.
const LEAST_BYTES: u64 = 1 << 20;

/// A file in memory with a bound on what is read of it.
#[derive(Debug)]
pub(super) struct Bounded {
    bytes: Vec<u8>,
    allowance: Allowance,
}

/// What may still be read, shared with the [`Bounded`] file.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    left: Arc<AtomicU64>,
    full: u64,
}

impl Allowance {
    /// Lets the next question read as much as any.
    pub fn refill(&self) {
        self.left.store(self.full, Ordering::Relaxed);
    }
}

impl Bounded {
    pub fn new(bytes: Vec<u8>) -> Self {
        let full = MOST_PASSES * bytes.len() as u64 + LEAST_BYTES;
        let left = Arc::new(AtomicU64::new(full));
        Bounded {
            bytes,
            allowance: Allowance { left, full },
        }
    }

    pub fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }
}

impl Source for Bounded {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let read = buffer.len();
        let spend = |left: u64| left.checked_sub(read as u64);
        let left = &self.allowance.left;
        if left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .is_err()
        {
            let what = "it leads to the same bytes again and again";
            return Err(FormatError::Source(what.to_owned()));
        }
        let part = usize::try_from(offset)
            .ok()
            .and_then(|start| self.bytes.get(start..start.checked_add(read)?))
            .ok_or(FormatError::UnexpectedEof {
                expected: read,
                available: self.bytes.len().saturating_sub(offset as usize),
            })?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}
