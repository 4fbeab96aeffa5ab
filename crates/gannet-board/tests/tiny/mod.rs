//! A network that is small enough to compute by hand, as a project for any board.

use std::path::Path;

use gannet_board::{Board, CProject, Feed, Project};

pub const NETWORK: &str = "tiny-sums";
pub const HASH: [u8; 8] = *b"gannet\x00\x01";
pub const INPUT_LEN: usize = 784;

/// Writes the project for `board`; its `example` runs image 0.
pub fn write(folder: &Path, board: &Board) {
    let network_files = [
        ("Cargo.toml", include_str!("../tiny-network/Cargo.toml")),
        ("src/lib.rs", include_str!("../tiny-network/src/lib.rs")),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()));
    let project = Project {
        board,
        network: NETWORK,
        network_files: &network_files,
        feed: Feed::Whole,
        image: &image(0),
    };
    project.write(folder).unwrap();
}

/// Writes the same as a project in C.
#[allow(dead_code)]
pub fn write_c(folder: &Path, board: &Board) {
    let network_files = [
        ("tiny_sums.h", include_str!("../tiny-network/c/tiny_sums.h")),
        ("tiny_sums.c", include_str!("../tiny-network/c/tiny_sums.c")),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()));
    let project = CProject {
        board,
        prefix: "tiny_sums",
        network_files: &network_files,
        feed: Feed::Whole,
        image: &image(0),
    };
    project.write(folder).unwrap();
}

/// An image in which every byte value occurs, other ones at each place for each `number`.
pub fn image(number: usize) -> Vec<u8> {
    (0..INPUT_LEN)
        .map(|index| ((index * 7 + number * 13) % 256) as u8)
        .collect()
}

/// The network's definition once more: output `k` is the sum of weight `k` times the pixels
/// `k`, `k + 10`, `k + 20` and so on, over 65,536; every operation rounded to `f32`.
pub fn output(image: &[u8]) -> Vec<u8> {
    const WEIGHTS: [f32; 10] = [1.0, 0.5, 0.25, 0.125, 3.0, 1e-3, 1e-4, -1e-5, 1e-6, 1e-7];
    let sum = |k: usize| {
        let pixels = image.iter().skip(k).step_by(10);
        pixels.fold(0.0, |sum, &pixel| sum + f32::from(pixel) * WEIGHTS[k])
    };
    (0..10)
        .flat_map(|k| (sum(k) / 65_536.0).to_le_bytes())
        .collect()
}
