//! Bytes from an interrupt's handler to the program, in order: one puts in, one takes out.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// A queue with room for `N` - 1 bytes.
pub struct Queue<const N: usize> {
    bytes: [AtomicU8; N],
    /// Where the next byte goes; only [`Queue::put`] moves it.
    end: AtomicUsize,
    /// Where the oldest byte is; only [`Queue::take`] moves it.
    start: AtomicUsize,
}

impl<const N: usize> Queue<N> {
    /// An empty queue.
    pub const fn new() -> Queue<N> {
        Queue {
            bytes: [const { AtomicU8::new(0) }; N],
            end: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
        }
    }

    /// Puts a byte in. One that finds the queue full is lost, which the link's checksum finds.
    pub fn put(&self, byte: u8) {
        let end = self.end.load(Ordering::Relaxed);
        let next = Self::behind(end);
        if next != self.start.load(Ordering::Acquire) {
            if let Some(place) = self.bytes.get(end) {
                place.store(byte, Ordering::Relaxed);
            }
            self.end.store(next, Ordering::Release);
        }
    }

    /// Takes the oldest byte out.
    pub fn take(&self) -> Option<u8> {
        let start = self.start.load(Ordering::Relaxed);
        if start == self.end.load(Ordering::Acquire) {
            return None;
        }
        let byte = self.bytes.get(start)?.load(Ordering::Relaxed);
        self.start.store(Self::behind(start), Ordering::Release);
        Some(byte)
    }

    fn behind(place: usize) -> usize {
        if place + 1 < N { place + 1 } else { 0 }
    }
}
