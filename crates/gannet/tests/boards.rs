//! The tutorial's network, with random weights, on every machine that the emulator has.

use std::path::Path;
use std::process::Command;

use gannet_board::Board;
use gannet_graph::networks;
use serde_json::Value;

#[test]
#[ignore = "builds for many boards: `cargo xtask boards`"]
fn every_emulated_machine_runs_the_tutorials_network_and_matches_the_host_to_the_bit() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let model = folder.join("tutorial.h5");
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 0);
    gannet_formats::write(&graph, &model).unwrap();
    for board in Board::all().iter().filter(|board| board.emulator.is_some()) {
        let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
            .args([
                "validate", "--on", "emulator", "--images", "5", "--json", "-",
            ])
            .args(["--board", &board.name, "--folder"])
            .arg(folder.join("tutorial"))
            .arg(&model)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", board.name);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let section = &report["validate"];
        assert_eq!(section["images"], 5, "{}", board.name);
        assert_eq!(section["mismatches_vs_host"], 0, "{}", board.name);
    }
}
