//! In which order toolchains are taken, with folders that look like Rust installations: scripts
//! that answer as rustc does, and the files that tell what is installed.
#![cfg(unix)]

mod alone;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use alone::alone;
use gannet_board::doctor::{Check, Need, Remedy, State};
use gannet_board::toolchain::Core;
use gannet_board::{Host, Toolchain};

const TARGET: &str = "thumbv7em-none-eabihf";

/// What a made-up installation has.
enum Has {
    Nothing,
    Target,
    Source,
}

/// Makes an installation of that version and returns the folder of its programs.
fn install(root: &Path, name: &str, version: &str, has: Has) -> PathBuf {
    let sysroot = root.join(name);
    let rustlib = sysroot.join("lib/rustlib");
    let bin = sysroot.join("bin");
    fs::create_dir_all(&bin).unwrap();
    match has {
        Has::Nothing => {}
        Has::Target => {
            let libraries = rustlib.join(TARGET).join("lib");
            fs::create_dir_all(&libraries).unwrap();
            fs::write(libraries.join("libcore-0123.rlib"), "").unwrap();
        }
        Has::Source => fs::create_dir_all(rustlib.join("src/rust/library/core")).unwrap(),
    }
    let sysroot = sysroot.display();
    let rustc = format!(
        "#!/bin/sh\nif [ \"$1\" = -vV ]; then\n  echo host: some-host\n  \
         echo release: {version}\nelse\n  echo {sysroot}\nfi\n"
    );
    program(&bin, "rustc", &rustc);
    program(&bin, "cargo", "#!/bin/sh\n");
    bin
}

fn program(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn find(path: &[&PathBuf]) -> Result<Toolchain, String> {
    let host = Host::default().with_path(path.iter().map(|&folder| folder.clone()).collect());
    Toolchain::find(&host, TARGET).map_err(|error| error.to_string())
}

#[test]
fn an_installed_target_comes_before_building_core_wherever_it_lies_on_the_path() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let source = install(root.path(), "source", "1.96.0", Has::Source);
    let target = install(root.path(), "target", "1.95.0", Has::Target);
    let lld = root.path().join("lld");
    program(&lld, "ld.lld", "#!/bin/sh\n");

    let found = find(&[&source, &target, &lld]).unwrap();
    assert_eq!(
        (&*found.version, found.core()),
        ("1.95.0", &Core::Installed)
    );

    let found = find(&[&source, &lld]).unwrap();
    let linker = Some(lld.join("ld.lld"));
    assert_eq!(
        (&*found.version, found.core()),
        ("1.96.0", &Core::Built { linker })
    );
}

#[test]
fn what_each_unfit_rust_lacks_is_told() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let old = install(root.path(), "old", "1.63.0", Has::Target);
    let bare = install(root.path(), "bare", "1.95.0", Has::Nothing);
    let source = install(root.path(), "source", "1.96.0", Has::Source);
    // Binutils' ld is no substitute.
    program(&source, "ld", "#!/bin/sh\n");
    let message = find(&[&old, &bare, &source]).unwrap_err();
    for reason in [
        "1.63.0",
        "neither the target nor the source",
        "ld.lld is missing",
    ] {
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn a_fix_runs_its_commands_and_gives_their_complaint_when_they_fail() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    program(
        root.path(),
        "apt-get",
        "#!/bin/sh\necho no such package >&2\nexit 100\n",
    );
    let command = vec![
        root.path().join("apt-get").display().to_string(),
        "install".into(),
    ];
    let check = Check {
        what: "a thing".into(),
        need: Need::Required,
        state: State::Missing {
            why: "it is not here".into(),
            remedies: vec![Remedy {
                commands: vec![command],
            }],
            advice: "build it yourself".into(),
        },
    };
    let mut told = Vec::new();
    let error = check
        .fix(&Host::default(), TARGET, |line| told.push(line.to_owned()))
        .unwrap_err();
    assert!(
        told.len() == 1 && told[0].ends_with("apt-get install"),
        "{told:?}"
    );
    let message = error.to_string();
    for part in ["a thing", "no such package", "build it yourself"] {
        assert!(message.contains(part), "{message}");
    }
}
