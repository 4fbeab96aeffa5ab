//! The tutorial's network, with random weights, on every machine that the emulator has, as
//! firmware in either language.

#![allow(clippy::print_stdout, reason = "the table of `cargo xtask boards`")]

use std::path::Path;
use std::process::Command;

use gannet_board::Board;
use gannet_graph::networks;
use serde_json::Value;

const IMAGES: u64 = 5;

#[test]
#[ignore = "builds for many boards: `cargo xtask boards`"]
fn every_emulated_machine_runs_the_tutorials_network_and_matches_the_host_to_the_bit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let model = folder.join("tutorial.h5");
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 0);
    gannet_formats::write(&graph, &model).unwrap();
    for board in Board::all().iter().filter(|board| board.emulator.is_some()) {
        for lang in ["rust", "c"] {
            let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
                .args(["validate", "--on", "emulator", "--json", "-"])
                .args(["--images", &IMAGES.to_string()])
                .args(["--board", &board.name, "--lang", lang, "--folder"])
                .arg(folder.join(format!("tutorial-{lang}")))
                .arg(&model)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} {lang}: {said}", board.name);
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            let section = &report["validate"];
            assert_eq!(section["images"], IMAGES, "{}", board.name);
            assert_eq!(section["mismatches_vs_host"], 0, "{}", board.name);
            let bytes = |figure: &str| report["firmware"][figure].as_u64().unwrap();
            println!(
                "{:18} {:11} {lang:4} mnist-small {:6} B flash {:5} B RAM {IMAGES} images as on the host",
                board.name,
                board.core.name(),
                bytes("flash_bytes"),
                bytes("static_ram_bytes") + bytes("stack_bytes"),
            );
        }
    }
}
