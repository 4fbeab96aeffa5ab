//! Who the device is, and whether it is the one that was expected.

use std::io;
use std::time::Duration;

use gannet_link::{
    Client, ElementType, Engine, Header, Identity, Inference, LinkError, TensorInfo, Wire,
    write_frame,
};

use crate::bench::{Bench, Named, Sum};
use crate::{fails_within, patience};

#[test]
fn greeting_tells_who_the_device_is() {
    let client = Client::connect(Bench::with(Sum::of(784)), patience()).expect("a good wire");
    let device = client.device();
    assert_eq!((&*device.network, &*device.board), ("sum", "bench"));
    assert_eq!(device.hash, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        (device.input.element, device.input.len_bytes),
        (ElementType::U8, 784)
    );
    assert_eq!(
        (device.output.element, device.output.len_bytes),
        (ElementType::F32, 4)
    );
    assert_eq!(device.ticks_per_second, 1_000_000);
}

#[test]
fn another_network_is_refused_with_a_sentence() {
    let mut engine = Sum::of(784);
    engine.hash = [0xAB; 8];
    let client = Client::connect(Bench::with(engine), patience()).expect("a good wire");
    let error = client
        .expect("sum", [1, 2, 3, 4, 5, 6, 7, 8])
        .expect_err("another hash");
    assert_eq!(error.code(), "other-network");
    assert_eq!(
        error.to_string(),
        "the device runs another network: expected sum (0102030405060708), found sum \
         (abababababababab): build and flash its firmware again"
    );
    client.expect("sum", [0xAB; 8]).expect("its own hash");
    client
        .expect("product", [0xAB; 8])
        .expect_err("another name");
}

#[test]
fn of_a_long_name_as_much_is_expected_as_a_device_sends() {
    // Two bytes a character: 127 of them fit into the 255 bytes of a name.
    let name = "é".repeat(128);
    let device = Bench::with(Named(Sum::of(4), name.clone()));
    let client = Client::connect(device, patience()).expect("a good wire");
    let hash = client.device().hash;
    assert_eq!(client.device().network, "é".repeat(127));
    client.expect(&name, hash).expect("this very network");
    for other in ["é".repeat(126), format!("e{name}")] {
        client.expect(&other, hash).expect_err("another network");
    }
}

/// The bench's engine, boasting.
struct Boaster(Sum);

impl Engine for Boaster {
    fn identity(&self) -> Identity<'_> {
        let identity = self.0.identity();
        let output = TensorInfo {
            len_bytes: u32::MAX,
            ..identity.output
        };
        Identity { output, ..identity }
    }

    fn input(&mut self) -> &mut [u8] {
        self.0.input()
    }

    fn run(&mut self) -> Inference<'_> {
        self.0.run()
    }
}

#[test]
fn device_with_an_impossible_output_is_not_believed() {
    let error = fails_within(Bench::with(Boaster(Sum::of(4))), Duration::from_millis(500));
    assert_eq!(error.code(), "malformed");
    assert!(
        error.to_string().contains("an output of 4294967295 bytes"),
        "{error}"
    );
}

/// A wire that answers each frame with what a function makes of it.
struct Answering<F> {
    answer: F,
    ready: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Wire for Answering<F> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.ready = (self.answer)(bytes);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
        let bytes = std::mem::take(&mut self.ready);
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

#[test]
fn joined_lines_and_other_versions_are_recognised() {
    let echo = Answering {
        answer: <[u8]>::to_vec,
        ready: Vec::new(),
    };
    let error = fails_within(echo, Duration::from_millis(500));
    assert_eq!(error.code(), "echo");

    let newer = |_: &[u8]| {
        let mut frame = Vec::new();
        let header = Header {
            version: 9,
            kind: 0xFF,
            tag: 1,
        };
        write_frame(header, &[b"unknown to version 1"], |byte| frame.push(byte));
        frame
    };
    let error = fails_within(
        Answering {
            answer: newer,
            ready: Vec::new(),
        },
        Duration::from_secs(1),
    );
    assert!(
        matches!(error, LinkError::OtherVersion { device: 9, host: 1 }),
        "{error}"
    );
}
