//! Generated Rust has nothing to panic with: every network is linked for a Cortex-M4F, optimized as
//! firmware is, with a panic handler that calls what does not exist. Where a panic is left, the
//! linker says so.

use std::path::Path;
use std::process::Command;

use crate::generated_rust::write_modules;
use crate::host::{programs, write};
use crate::rows;
use gannet_compile::Feed;

const TARGET: &str = "thumbv7em-none-eabihf";

const MANIFEST: &str = r#"[package]
name = "image"
version = "0.0.0"
edition = "2021"
[profile.release]
opt-level = "s"
lto = "fat"
codegen-units = 1
panic = "abort"
[workspace]
"#;

/// What every image begins with.
const HEAD: &str = r#"#![no_std]
#![no_main]
#![allow(dead_code)]
use core::hint::black_box;
use core::ops::ControlFlow;
#[panic_handler]
fn stop(_: &core::panic::PanicInfo) -> ! {
    extern "C" { fn there_is_a_panic() -> !; }
    unsafe { there_is_a_panic() }
}
"#;

/// Whether the target is installed. If it is not, that is said.
#[expect(clippy::print_stderr)]
fn is_here() -> bool {
    let folder = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let is_here = folder
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).exists());
    if !is_here {
        eprintln!("Rust has no {TARGET} here: not linked");
    }
    is_here
}

/// What the linker says of an image that begins by doing `body`, if it objects.
fn objection(folder: &tempfile::TempDir, modules: &str, body: &str) -> Option<String> {
    let main = format!(
        "{HEAD}{modules}#[no_mangle]\npub extern \"C\" fn _start() -> ! {{\n{body}loop {{}}\n}}\n"
    );
    write(&folder.path().join("src/main.rs"), &main);
    write(&folder.path().join("Cargo.toml"), MANIFEST);
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--offline",
            "--release",
            "--target",
            TARGET,
        ])
        .current_dir(folder.path())
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let said = || String::from_utf8_lossy(&built.stderr).into_owned();
    (!built.status.success()).then(said)
}

#[test]
fn no_network_can_panic() {
    if !is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut programs = programs();
    programs.extend(rows::programs(Feed::Rows));
    let mut modules = String::new();
    let mut body = String::new();
    for (i, program) in programs.iter().enumerate() {
        modules += &write_modules(folder.path(), i, program);
        let image = match program.input_rows() {
            None => "",
            Some(_) => "black_box(&[0 as _; _]), ",
        };
        let run = image.trim_end_matches(", ");
        body += &format!(
            "static mut NET{i}: net{i}::Network = net{i}::Network::new();\n\
             let net = black_box(unsafe {{ &mut *(&raw mut NET{i}) }});\n\
             black_box(net.run({run}));\n\
             black_box(net.run_watched({image}&mut |stage| {{\n\
             if black_box(stage) > 3 {{ ControlFlow::Break(()) }} \
             else {{ ControlFlow::Continue(()) }} }}));\n\
             black_box(net.self_test());\n"
        );
    }
    assert_eq!(objection(&folder, &modules, &body), None);
}

/// The test above is worth something only if an index that may be outside is noticed.
#[test]
fn an_index_that_is_checked_is_noticed() {
    if !is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let body = "black_box([1, 2, 3][black_box(2_usize)]);\n";
    let said = objection(&folder, "", body).unwrap_or_default();
    assert!(said.contains("there_is_a_panic"), "{said}");
}
