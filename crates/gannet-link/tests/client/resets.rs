//! A device that starts anew in the middle, whose word for it is an identity that nobody asked for.

use std::io;
use std::time::Duration;

use gannet_link::{Client, Patience, Server, Wire};

use crate::bench::{Bench, Queues, Sum};
use crate::{image, patience};

/// The bench's device, which is reset whenever it has heard so many bytes.
struct Restless {
    device: Bench,
    heard: usize,
    every: usize,
    announcement: Vec<u8>,
    resets: bool,
}

impl Restless {
    fn new(every: usize, announced: &Sum) -> Self {
        let mut port = Queues::default();
        Server::announce(&mut port, announced);
        Self {
            device: Bench::with(Sum::of(784)),
            heard: 0,
            every,
            announcement: port.output,
            resets: false,
        }
    }
}

impl Wire for Restless {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.heard / self.every;
        self.heard += bytes.len();
        self.resets = self.heard / self.every != before;
        if self.resets {
            return Ok(());
        }
        self.device.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if !std::mem::take(&mut self.resets) {
            return self.device.receive(buffer, timeout);
        }
        buffer[..self.announcement.len()].copy_from_slice(&self.announcement);
        Ok(self.announcement.len())
    }
}

#[test]
fn a_reset_in_the_middle_costs_one_repetition_and_is_counted() {
    // The greeting has 11 bytes, an image some 800: the third of them is lost.
    let wire = Restless::new(2_000, &Sum::of(784));
    let mut client = Client::connect(wire, patience()).expect("the greeting passes");
    for index in 0..3 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("it goes on");
        assert_eq!(outcome.output, expected);
        assert_eq!(outcome.resent, u32::from(index == 2));
    }
    assert_eq!((client.counts().resets, client.counts().resent), (1, 1));
}

#[test]
fn a_device_that_starts_anew_all_the_time_is_told() {
    let wire = Restless::new(30, &Sum::of(784));
    let few = Patience {
        attempts: 3,
        ..patience()
    };
    let mut client = Client::connect(wire, few).expect("the greeting passes");
    let error = client.run(0, &[1; 784]).expect_err("never comes to an end");
    assert_eq!(error.code(), "resets");
    assert!(error.to_string().contains("watchdog"), "{error}");
}

#[test]
fn another_device_after_a_reset_ends_the_run() {
    let mut other = Sum::of(784);
    other.hash = [0xAB; 8];
    let wire = Restless::new(2_000, &other);
    let mut client = Client::connect(wire, patience()).expect("the greeting passes");
    for index in 0..2 {
        client.run(index, &[1; 784]).expect("still the first one");
    }
    let error = client.run(2, &[1; 784]).expect_err("another one");
    assert_eq!(error.code(), "other-device");
    let text = error.to_string();
    assert!(
        text.contains("0102030405060708") && text.contains("abababababababab"),
        "{text}"
    );
}
