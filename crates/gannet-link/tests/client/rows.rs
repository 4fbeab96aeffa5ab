//! Images to a device that takes them a row at a time: no row is computed with twice or left out,
//! whatever the line does.

use std::time::Duration;

use gannet_link::{Capabilities, Client, Patience};

use crate::bench::{Bench, Direction, RowSum, Through};
use crate::repair::faults;
use crate::{image, patience};

/// Of 28 rows with 28 pixels each.
fn device() -> Bench {
    Bench::with(RowSum::of(28, 28))
}

#[test]
fn an_image_goes_in_parts_and_in_order() {
    let mut client = Client::connect(device(), patience()).expect("a good wire");
    assert!((client.device().capabilities).contains(Capabilities::ROWS));
    assert!(!client.has_insight());
    for index in 0..20 {
        let (pixels, expected) = image(index, 784);
        let outcome = client.run(index, &pixels).expect("a good wire");
        assert_eq!((outcome.output, outcome.resent), (expected, 0));
        assert_eq!(outcome.ticks, 28 * 125);
    }
    let counts = client.counts();
    // Of each image 25 parts, of 32 pixels and at the end 16, each with 12 bytes of frame around
    // it, one of stuffing and two zeros; then a request of 19 bytes. And the greeting.
    assert_eq!(counts.bytes_sent, 20 * (784 + 25 * 15 + 19) + 11);
}

#[test]
fn every_image_gets_its_own_result_over_a_faulty_wire() {
    let wire = Through {
        wire: device(),
        change: faults(21),
    };
    let mut client = Client::connect(wire, patience()).expect("patience outlasts the faults");
    let images: Vec<_> = (0..100).map(|index| image(index, 784)).collect();
    let outcomes = client.run_all(images.iter().map(|(pixels, _)| &pixels[..]));
    let mut computed = 0;
    for ((_, expected), outcome) in images.iter().zip(outcomes) {
        let outcome = outcome.expect("patience outlasts the faults");
        assert_eq!(outcome.output, *expected, "image {computed}");
        computed += 1;
    }
    assert_eq!(computed, 100);
    let counts = client.counts();
    // 26 requests an image of some 47 bytes, and answers of some 15: of a hundred one in six fails.
    assert!(counts.resent > 200, "{counts:?}");
}

/// The answer to the part that is sent as number `lost` does not come.
fn without_answer(lost: u32) -> Through<Bench, impl FnMut(Direction, &[u8]) -> Vec<u8>> {
    let mut answers = 0;
    let change = move |direction, bytes: &[u8]| {
        if direction == Direction::ToDevice || bytes.is_empty() {
            return bytes.to_vec();
        }
        answers += 1;
        if answers == lost {
            Vec::new()
        } else {
            bytes.to_vec()
        }
    };
    Through {
        wire: device(),
        change,
    }
}

/// What is lost is noticed at once: nobody has to wait this long.
fn calm() -> Patience {
    Patience {
        reply: Duration::from_secs(60),
        ..patience()
    }
}

#[test]
fn a_part_whose_answer_is_lost_is_sent_again_and_passed_over() {
    // The first answer is the greeting's; the others are those of 25 parts and of the image.
    for lost in 2..28 {
        let mut client = Client::connect(without_answer(lost), calm()).expect("it greets");
        let (pixels, expected) = image(lost, 784);
        let outcome = client.run(lost, &pixels).expect("one answer is lost");
        assert_eq!((outcome.output, outcome.resent), (expected, 1), "{lost}");
        assert_eq!(outcome.ticks, 28 * 125, "{lost}");
    }
}

/// With the next part on its way, the first part of an image is taken for the image's beginning
/// when it comes again behind the second: then the image goes from the start.
#[test]
fn a_part_is_not_computed_with_twice_either_when_the_next_one_is_on_its_way() {
    for lost in 2..28 {
        let mut client = Client::connect(without_answer(lost), calm()).expect("it greets");
        let images = [image(lost, 784), image(lost + 1, 784)];
        let outcomes = client.run_all(images.iter().map(|(pixels, _)| &pixels[..]));
        for ((_, expected), outcome) in images.iter().zip(outcomes) {
            let outcome = outcome.expect("one answer is lost");
            assert_eq!(outcome.output, *expected, "{lost}");
            assert_eq!(outcome.ticks, 28 * 125, "{lost}");
        }
    }
}
