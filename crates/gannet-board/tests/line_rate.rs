//! How many images a second a line carries when the next image is received while one is computed.

#![allow(clippy::print_stdout, reason = "the figures of docs/link.md")]

mod simulated;

use gannet_board::Feed;
use gannet_link::{Capabilities, Client, Patience};
use simulated::{Fate, Model, Simulated, image, output};

const IMAGES: usize = 1000;

/// Images a second of simulated time, at 921600 baud and 3 ms an image.
fn rate(feed: Feed, window: u8) -> f64 {
    let board = Simulated::new(Model {
        baud: 921_600,
        compute_ns: 3_000_000,
        ticks_per_second: 1_000_000_000,
        feed,
        capabilities: Capabilities::default(),
        window,
        fate: || Fate::Arrives,
        incidents: Vec::new(),
    });
    let mut client = Client::connect(board, Patience::default()).unwrap();
    let images: Vec<Vec<u8>> = (0..IMAGES).map(image).collect();
    let outcomes = client.run_all(images.iter().map(Vec::as_slice));
    for (image, outcome) in images.iter().zip(outcomes) {
        assert_eq!(outcome.unwrap().output, output(image));
    }
    assert_eq!(client.counts().resent, 0);
    IMAGES as f64 / client.into_wire().seconds()
}

/// A request takes up to 807 bytes of 10 bits, 8.8 ms, and an answer of 66 bytes 0.7 ms.
#[test]
fn an_image_is_received_while_another_is_computed() {
    let (one, two) = (rate(Feed::Whole, 1), rate(Feed::Whole, 2));
    println!("{one:.1} images a second one by one, {two:.1} with the next one on its way");
    // 8.8 + 3 + 0.7 ms is 80 a second, and the line alone carries 114.
    assert!((78.0..82.0).contains(&one), "{one}");
    assert!((95.0..116.0).contains(&two), "{two}");
}

/// A part takes 47 bytes, 0.5 ms, its answer 13, and 28 rows of 32 pixels a part are 0.1 ms each:
/// an image has 24 whole parts and a half one.
#[test]
fn a_part_is_received_while_the_rows_before_it_are_computed() {
    let (one, two) = (rate(Feed::Rows, 1), rate(Feed::Rows, 2));
    println!("by rows {one:.1} one by one, {two:.1} with the next part on its way");
    // The line alone carries 12.7 ms of parts and 0.2 ms for the image, and the answers 0.7 ms:
    // 73 a second. One after the other come 3 ms and 25 answers of 0.14 ms: 50.
    assert!((47.0..52.0).contains(&one), "{one}");
    assert!((67.0..75.0).contains(&two), "{two}");
}
