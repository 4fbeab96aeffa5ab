//! Every board's firmware: built and linked, and where there is an emulator booted, with every
//! output compared to the bit. All of them share one folder, so that nothing is built twice.
//! `cargo xtask boards` runs what is ignored here.

#![allow(clippy::print_stdout)]

mod tiny;

use std::path::Path;
use std::time::Duration;

use gannet_board::build::Images;
use gannet_board::{Board, Emulator, Host, Toolchain, build, build_c, run_example};
use gannet_link::{Client, Patience};

/// One machine for each core and chip family that the emulator has besides the Nucleo's.
const BOOTED: [&str; 4] = [
    "microbit-v1",
    "stm32vldiscovery",
    "mps2-an500",
    "mps2-an505",
];

fn built(board: &Board, folder: &str) -> Images {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let host = Host::current();
    tiny::write(&folder, board);
    let toolchain = Toolchain::find(&host, board.core.rust_target())
        .unwrap_or_else(|error| panic!("run `cargo xtask setup` first: {error}"));
    build(&host, &toolchain, board, &folder, |_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", board.name))
}

/// The same in C.
fn built_c(board: &Board, folder: &str) -> Images {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    tiny::write_c(&folder, board);
    build_c(&Host::current(), board, &folder, |_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", board.name))
}

/// Boots both programs and compares what they compute with the network's definition.
fn boots(board: &Board, images: &Images) {
    let host = Host::current();
    let elf = &images.example.path;
    let run = run_example(&host, board, elf, Duration::from_secs(60)).unwrap();
    assert_eq!(run.recognised, 4, "{}: {}", board.name, run.text);
    let greeting = format!("on {}\n", board.name);
    assert!(run.text.contains(&greeting), "{}", run.text);

    let emulator = Emulator::start(&host, board, &images.validate.path).unwrap();
    let mut client = Client::connect(emulator, Patience::default()).unwrap();
    client.expect(tiny::NETWORK, tiny::HASH).unwrap();
    for number in 0..3 {
        let image = tiny::image(number);
        let answer = client.run(number as u32, &image).unwrap();
        assert_eq!(answer.output, tiny::output(&image), "{}", board.name);
    }
}

#[test]
fn a_machine_of_every_core_boots_and_matches_the_host_to_the_bit() {
    for name in BOOTED {
        let board = Board::find(name).unwrap();
        boots(board, &built(board, "booted-boards"));
        boots(board, &built_c(board, "booted-boards-c"));
    }
}

/// The chip's boot code reads 256 bytes, the last four of which are a checksum of its own, and goes
/// on at the vector table behind them.
#[test]
fn the_first_pico_starts_in_c_too() {
    let board = Board::find("pico").unwrap();
    let image = built_c(board, "pico-c").validate;
    let elf = std::fs::read(&image.path).unwrap();
    let stage = rp2040_boot2::BOOT_LOADER_GENERIC_03H;
    let at = (elf.windows(256).position(|bytes| bytes == stage)).expect("the second stage");
    let vectors: Vec<u32> = (elf[at + 256..at + 264].as_chunks().0.iter())
        .map(|word| u32::from_le_bytes(*word))
        .collect();
    // The stack's start at the end of RAM, and a function in flash.
    assert_eq!(vectors[0], board.ram.start + board.ram.len_bytes);
    assert!((0x1000_0100..0x1020_0000).contains(&vectors[1]));
}

#[test]
#[ignore = "builds for every board: `cargo xtask boards`"]
fn every_board_is_built_and_every_emulated_one_boots() {
    for board in Board::all() {
        let rust = built(board, "all-boards");
        let c = built_c(board, "all-boards-c");
        for (language, images) in [("Rust", rust), ("C", c)] {
            let outcome = if board.emulator.is_some() {
                boots(board, &images);
                "booted, every output as on the host"
            } else {
                "built and linked, not run here"
            };
            println!(
                "{:18} {:11} {language:4} {:6} B code {outcome}",
                board.name,
                board.core.name(),
                images.validate.sizes.code_bytes,
            );
        }
    }
}
