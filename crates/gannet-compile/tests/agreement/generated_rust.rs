//! Generated Rust, compiled for the host, against the interpreter: the same bits.

use std::path::Path;
use std::process::Command;

use crate::host::{Host, images, interpreted, programs, write};
use gannet_compile::ir::Program;
use gannet_compile::{SourceFile, rust};

/// Builds the crates, each given by its name and files, into one program.
fn build(crates: &[(String, Vec<SourceFile>)]) -> Host {
    let folder = tempfile::tempdir().unwrap();
    let mut dependencies = String::new();
    let mut arms = String::new();
    for (i, (package, files)) in crates.iter().enumerate() {
        for (path, text) in files {
            write(&folder.path().join(format!("net{i}")).join(path), text);
        }
        dependencies += &format!("net{i} = {{ path = \"net{i}\", package = \"{package}\" }}\n");
        arms += &arm(i, None);
    }
    write(
        &folder.path().join("Cargo.toml"),
        &manifest(&dependencies, 3),
    );
    write(&folder.path().join("src/main.rs"), &main_source("", &arms));
    cargo_build(&folder);
    Host::new(folder, "target/debug/host")
}

fn crate_of(program: &Program) -> (String, Vec<SourceFile>) {
    (rust::package_name(program), rust::generate(program))
}

/// What each of `programs` gives for its images, and its self-test's verdict. Their crates become
/// modules of one, so that the compiler is started once.
pub fn run_all(programs: &[&Program], images: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let mut modules = String::new();
    let mut arms = String::new();
    for (i, program) in programs.iter().enumerate() {
        modules += &write_modules(folder.path(), i, program);
        arms += &arm(i, program.input_rows());
    }
    let main = main_source(&format!("#![allow(dead_code)]\n{modules}"), &arms);
    write(&folder.path().join("src/main.rs"), &main);
    write(&folder.path().join("Cargo.toml"), &manifest("", 1));
    cargo_build(&folder);
    Host::new(folder, "target/debug/host").run_each(programs, images)
}

/// Writes the crate of `program` as module `net{i}` of the one in `folder`, and gives its
/// declaration.
pub fn write_modules(folder: &Path, i: usize, program: &Program) -> String {
    for (path, text) in rust::generate(program) {
        let Some(path) = path.strip_prefix("src/") else {
            continue;
        };
        let path = if path == "lib.rs" { "mod.rs" } else { path };
        // What a crate says of itself, a module cannot.
        let text = text.replacen("#![no_std]\n", "", 1);
        write(&folder.join(format!("src/net{i}")).join(path), &text);
    }
    format!("mod net{i};\n")
}

/// The answer to a record for network `i`, which may take so many rows.
fn arm(i: usize, rows: Option<usize>) -> String {
    let fill = |input: &str| {
        format!(
            "for v in n.{input}() {{ let mut b = [0_u8]; i.read_exact(&mut b)?; *v = b[0] as _; }}"
        )
    };
    let write = "{ o.write_all(&v.to_le_bytes())?; }";
    let run = match rows {
        None => format!("{} for v in n.run() {write}", fill("input_mut")),
        Some(rows) => format!(
            "for _ in 0..{rows} {{ {} for v in n.push_row().into_iter().flatten() {write} }}",
            fill("row_mut")
        ),
    };
    format!(
        "{i} => {{ let mut n = net{i}::Network::new(); {run} \
         o.write_all(&[n.self_test() as u8])?; }}\n"
    )
}

fn main_source(head: &str, arms: &str) -> String {
    format!(
        "{head}use std::io::{{Read, Write}};\nfn main() -> std::io::Result<()> {{\n\
         let (mut i, mut o) = (std::io::stdin().lock(), std::io::stdout().lock());\n\
         let mut which = [0; 2];\n\
         while i.read_exact(&mut which).is_ok() {{ match u16::from_le_bytes(which) {{\n\
         {arms} _ => unreachable!() }} }}\nOk(()) }}\n"
    )
}

fn manifest(dependencies: &str, optimize: u8) -> String {
    format!(
        "[package]\nname = \"host\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
         [lints.rust]\nunexpected_cfgs = \"allow\"\n\
         [dependencies]\n{dependencies}[profile.dev]\nopt-level = {optimize}\n\
         debug = false\nincremental = false\n[workspace]\n"
    )
}

fn cargo_build(folder: &tempfile::TempDir) {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline"])
        .current_dir(folder.path())
        .env_remove("CARGO_TARGET_DIR")
        .env("RUSTFLAGS", "-D warnings")
        .status()
        .unwrap();
    assert!(
        built.success(),
        "generated code does not build without warnings"
    );
}

#[test]
fn generated_rust_computes_the_interpreters_bits() {
    let programs = programs();
    let host = build(&programs.iter().map(crate_of).collect::<Vec<_>>());
    for (which, program) in programs.iter().enumerate() {
        let images = images(program.image_len(), 20);
        assert_eq!(
            host.run(which, &images),
            interpreted(program, &images),
            "{}",
            program.name()
        );
    }
}

/// The comparison above is worth something only if it notices the smallest change.
#[test]
fn one_bit_of_one_generated_weight_is_noticed() {
    let program = &programs()[0];
    let (package, mut files) = crate_of(program);
    let (_, weights) = files
        .iter_mut()
        .find(|(path, _)| path == "src/weights.rs")
        .unwrap();
    let list = weights.find("= [").unwrap() + 3;
    let end = list + weights[list..].find(',').unwrap();
    let weight: f32 = weights[list..end].trim().parse().unwrap();
    let changed = f32::from_bits(weight.to_bits() ^ 1);
    weights.replace_range(list..end, &format!("\n    {changed:?}"));

    let images = images(784, 20);
    let host = build(&[(package, files)]);
    assert_ne!(host.run(0, &images), interpreted(program, &images));
}
