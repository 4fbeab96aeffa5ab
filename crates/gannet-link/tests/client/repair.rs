//! What is damaged, lost or doubled on the way is put right, and what is in order is left alone.

use gannet_link::{Client, Wire};

use crate::bench::{Bench, Direction, Sum, Through};
use crate::{image, patience};

#[test]
fn good_wire_sends_nothing_twice() {
    let mut client = Client::connect(Bench::with(Sum::of(784)), patience()).expect("a good wire");
    for index in 0..100 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("a good wire");
        assert_eq!(outcome.output, expected);
        assert_eq!((outcome.ticks, outcome.resent), (250, 0));
        assert_eq!(outcome.seconds_inference, Some(250e-6));
        let wire = outcome.seconds_wire().expect("the bench has a clock");
        assert!((wire - (outcome.seconds - 250e-6).max(0.0)).abs() < 1e-12);
    }
    let statistics = client.statistics().expect("a good wire");
    assert_eq!((statistics.images_run, statistics.frames_damaged), (100, 0));
    assert_eq!(
        (statistics.peak_stack_bytes, statistics.static_ram_bytes),
        (Some(300), None)
    );
    let counts = client.counts();
    assert_eq!(
        (counts.resent, counts.damaged_here, counts.damaged_there),
        (0, 0, 0)
    );
    // 796 bytes of frame, at most 5 more of COBS, two zeros; 100 of them and two short ones.
    assert!((79_900..80_400).contains(&counts.bytes_sent), "{counts:?}");
}

#[test]
fn an_answer_that_comes_twice_is_used_once() {
    let change = |direction, bytes: &[u8]| match direction {
        Direction::ToDevice => [bytes, bytes].concat(),
        Direction::ToHost => bytes.to_vec(),
    };
    let wire = Through {
        wire: Bench::with(Sum::of(16)),
        change,
    };
    let mut client = Client::connect(wire, patience()).expect("doubled, not damaged");
    for index in 0..20 {
        // The index stays and the pixels change: only the tag tells the answers apart.
        let (pixels, expected) = image(index, 16);
        assert_eq!(
            client.run(7, &pixels).expect("doubled, not damaged").output,
            expected
        );
    }
    assert_eq!(client.counts().resent, 0);
    assert!(client.counts().ignored >= 19);
}

#[test]
fn input_of_the_wrong_length_is_not_sent() {
    let mut client = Client::connect(Bench::with(Sum::of(784)), patience()).expect("a good wire");
    let sent = client.counts().bytes_sent;
    let error = client.run(3, &[0; 783]).expect_err("one short");
    assert_eq!(
        error.to_string(),
        "the device's network takes 784 bytes of input, image 3 has 783"
    );
    assert_eq!(client.counts().bytes_sent, sent);
}

/// A wire on which the frame number `which` in one direction has its byte 9 changed.
fn one_flipped_bit(which: u32, way: Direction) -> impl Wire {
    let mut seen = 0;
    let change = move |direction, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        if direction == way && !bytes.is_empty() {
            if seen == which {
                bytes[9] ^= 0x20;
            }
            seen += 1;
        }
        bytes
    };
    Through {
        wire: Bench::with(Sum::of(784)),
        change,
    }
}

#[test]
fn a_flipped_bit_is_noticed_and_repaired_by_sending_once_more() {
    for way in [Direction::ToDevice, Direction::ToHost] {
        // Frame 0 is the greeting, so frame 6 belongs to image 5.
        let wire = one_flipped_bit(6, way);
        let mut client = Client::connect(wire, patience()).expect("greeting is not touched");
        for index in 0..10 {
            let (pixels, expected) = image(index, 784);
            let outcome = client.run(index, &pixels).expect("one fault is repaired");
            assert_eq!(outcome.output, expected);
            assert_eq!(outcome.resent, u32::from(index == 5));
        }
        let counts = client.counts();
        assert_eq!(counts.resent, 1);
        let there = u64::from(way == Direction::ToDevice);
        assert_eq!(
            (counts.damaged_there, counts.damaged_here),
            (there, 1 - there)
        );
    }
}

/// Numbers that look random and are the same in every run (Marsaglia's 64-bit xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Of each 1,000 bytes flips a bit in one, drops one and sends one twice, on average.
pub fn faults(seed: u64) -> impl FnMut(Direction, &[u8]) -> Vec<u8> {
    let mut random = Random(seed);
    move |_, bytes| {
        let mut arrived = Vec::with_capacity(bytes.len() + 8);
        for &byte in bytes {
            match random.next() >> 8 & 0xFFFF {
                0..66 => arrived.push(byte ^ 1 << (random.next() >> 20 & 7)),
                66..132 => {}
                132..198 => arrived.extend([byte, byte]),
                _ => arrived.push(byte),
            }
        }
        arrived
    }
}

#[test]
fn every_image_gets_its_own_result_over_a_faulty_wire() {
    let wire = Through {
        wire: Bench::with(Sum::of(784)),
        change: faults(20),
    };
    let mut client = Client::connect(wire, patience()).expect("patience outlasts the faults");
    for index in 0..300 {
        let (pixels, expected) = image(index, 784);
        let outcome = client
            .run(index, &pixels)
            .expect("patience outlasts the faults");
        assert_eq!(outcome.output, expected, "image {index}");
    }
    let counts = client.counts();
    // A frame of 800 bytes with 3 faults in 1,000 arrives whole once in exp(2.4) = 11 times.
    assert!(counts.resent > 1000, "{counts:?}");
    assert!(
        counts.damaged_here > 0 && counts.damaged_there > 0,
        "{counts:?}"
    );
}
