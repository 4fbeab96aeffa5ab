//! Lines on which nothing is to be had: silence, noise, and others' words end in time and say what
//! they were.

use std::io;
use std::thread;
use std::time::Duration;

use gannet_link::{Client, LinkError, Patience, StreamWire, Wire};

use crate::bench::{Bench, Direction, Sum, Through};
use crate::{fails_within, patience};

/// A wire that takes everything and says the same bytes again and again, or nothing.
struct Parrot(&'static [u8]);

impl Wire for Parrot {
    fn send(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        thread::sleep(timeout.min(Duration::from_millis(1)));
        if self.0.is_empty() {
            thread::sleep(timeout.saturating_sub(Duration::from_millis(1)));
        }
        buffer[..self.0.len()].copy_from_slice(self.0);
        Ok(self.0.len())
    }
}

#[test]
fn silence_ends_in_time() {
    let error = fails_within(Parrot(b""), Duration::from_millis(500));
    // A greeting every 50 ms for 200 ms, each 11 bytes.
    let LinkError::Silence { attempts, sent, .. } = error else {
        panic!("{error}")
    };
    assert!((2..=5).contains(&attempts));
    assert_eq!(sent, u64::from(attempts) * 11);
}

#[test]
fn noise_is_told_from_silence_and_ends_in_time() {
    let noise = b"\x00\xF8\x80\x00\xFE";
    let error = fails_within(Parrot(noise), Duration::from_millis(1000));
    let LinkError::Noise { bytes, sample, .. } = error else {
        panic!("{error}")
    };
    assert!(bytes > 0);
    let begin = noise.escape_ascii().to_string();
    assert!(sample.starts_with(&begin), "{sample}");
}

#[test]
fn text_is_another_firmwares() {
    let error = fails_within(
        Parrot(b"Hello from the blinker\r\n"),
        Duration::from_millis(1000),
    );
    assert_eq!(error.code(), "other-firmware");
    let text = error.to_string();
    assert!(text.contains("\"Hello from the blinker"), "{text}");
}

#[test]
fn silence_after_an_answer_names_the_image() {
    let mut to_host = 0;
    let change = move |direction, bytes: &[u8]| {
        to_host += u32::from(direction == Direction::ToHost && !bytes.is_empty());
        if to_host > 3 {
            Vec::new()
        } else {
            bytes.to_vec()
        }
    };
    let wire = Through {
        wire: Bench::with(Sum::of(16)),
        change,
    };
    let few = Patience {
        attempts: 3,
        ..patience()
    };
    let mut client = Client::connect(wire, few).expect("the greeting passes");
    client.run(0, &[1; 16]).expect("passes");
    client.run(1, &[1; 16]).expect("passes");
    let error = client.run(2, &[1; 16]).expect_err("the device fell silent");
    assert_eq!(error.code(), "silence");
    assert!(error.to_string().contains("for image 2"), "{error}");
}

#[test]
fn line_that_damages_everything_is_given_up() {
    let change = |direction, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if direction == Direction::ToDevice && bytes.len() > 40 {
            bytes[30] ^= 1;
        }
        bytes
    };
    let wire = Through {
        wire: Bench::with(Sum::of(784)),
        change,
    };
    let few = Patience {
        attempts: 4,
        ..patience()
    };
    let mut client = Client::connect(wire, few).expect("the greeting is short");
    let error = client.run(0, &[9; 784]).expect_err("never arrives");
    let LinkError::Unreliable {
        attempts,
        damaged_there,
        damaged_here,
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!((attempts, damaged_there, damaged_here), (4, 4, 0));
}

#[test]
fn closed_wire_is_an_error_at_once() {
    let wire = StreamWire::new(io::empty(), io::sink());
    let error = fails_within(wire, Duration::from_millis(190));
    assert_eq!(error.code(), "closed");
}
