//! Pictures of an evaluation: in a folder and in the terminal.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn gannet(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn an_evaluation_leaves_pictures() {
    let folder = tempfile::tempdir().unwrap();
    gannet(
        folder.path(),
        &["train", "--epochs", "1", "--out", "net.h5"],
    );
    let arguments = ["--images", "40", "--worst", "3", "--plots", "new/pictures"];
    let output = gannet(
        folder.path(),
        &[&["eval", "net.h5"], &arguments[..]].concat(),
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for name in ["confusion", "worst", "filters"] {
        let file =
            |kind| fs::read(folder.path().join(format!("new/pictures/{name}.{kind}"))).unwrap();
        assert!(file("svg").starts_with(b"<svg "), "{name}");
        assert!(file("png").starts_with(b"\x89PNG"), "{name}");
    }

    // The list of the worst pictures begins with the three that are shown, each under its number.
    let list = text
        .lines()
        .find_map(|line| line.strip_prefix("largest errors: "))
        .unwrap();
    for entry in list.split(", ").take(3) {
        let index = entry.split(' ').next().unwrap();
        assert!(text.contains(&format!("{index}: ")), "{index} in {text}");
    }
}

#[test]
fn a_network_for_other_pictures_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../gannet-formats/tests/fixtures/keras3-trained.h5");
    let output = gannet(folder.path(), &["eval", model.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("but the pictures are 28×28×1"), "{text}");
}
