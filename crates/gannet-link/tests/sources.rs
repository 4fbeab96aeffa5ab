//! The device's half, written to an empty folder, is a crate that builds there.

use std::fs;
use std::process::Command;

use gannet_link::SOURCES;

#[test]
fn written_sources_build_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    for (path, text) in SOURCES {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    // Warnings would show up in every firmware build.
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--no-default-features"])
        .env("CARGO_TARGET_DIR", root.join("target"))
        .env("RUSTFLAGS", "-D warnings")
        .current_dir(root)
        .output()
        .expect("cargo starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn sources_hold_every_file_of_the_protocol() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/protocol");
    for entry in fs::read_dir(folder).expect("the folder") {
        let name = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("a plain name");
        let path = if name == "mod.rs" {
            "src/lib.rs".to_owned()
        } else {
            format!("src/{name}")
        };
        assert!(SOURCES.iter().any(|(known, _)| *known == path), "{path}");
    }
}
