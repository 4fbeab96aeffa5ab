//! Generated Rust, compiled for the host, against the interpreter: the same bits.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::suite;
use gannet_compile::ir::Program;
use gannet_compile::{InputFormat, Interpreter, Options, SourceFile, compile, rust};

/// A host program that reads `network index, image` records and answers with outputs.
struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    /// Builds the crates, each given by its name and files.
    fn build(crates: &[(String, Vec<SourceFile>)]) -> Host {
        let folder = tempfile::tempdir().unwrap();
        let mut dependencies = String::new();
        let mut arms = String::new();
        for (i, (package, files)) in crates.iter().enumerate() {
            for (path, text) in files {
                write(&folder.path().join(format!("net{i}")).join(path), text);
            }
            dependencies += &format!("net{i} = {{ path = \"net{i}\", package = \"{package}\" }}\n");
            arms += &format!(
                "{i} => {{ let mut n = net{i}::Network::new(); i.read_exact(n.input_mut())?; \
                 for v in n.run() {{ o.write_all(&v.to_le_bytes())?; }} }}\n"
            );
        }
        write(
            &folder.path().join("Cargo.toml"),
            &format!(
                "[package]\nname = \"host\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                 [dependencies]\n{dependencies}[profile.dev]\nopt-level = 3\n[workspace]\n"
            ),
        );
        write(
            &folder.path().join("src/main.rs"),
            &format!(
                "use std::io::{{Read, Write}};\nfn main() -> std::io::Result<()> {{\n\
                 let (mut i, mut o) = (std::io::stdin().lock(), std::io::stdout().lock());\n\
                 let mut which = [0];\n\
                 while i.read(&mut which)? == 1 {{ match which[0] {{ {arms} _ => unreachable!() }} }}\n\
                 Ok(()) }}\n"
            ),
        );
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
        Host { folder }
    }

    /// What network `which` gives for each of `images`.
    fn run(&self, which: usize, images: &[Vec<u8>]) -> Vec<u8> {
        let mut child = Command::new(self.folder.path().join("target/debug/host"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let records: Vec<u8> = images
            .iter()
            .flat_map(|image| std::iter::once(which as u8).chain(image.iter().copied()))
            .collect();
        let writer = std::thread::spawn(move || stdin.write_all(&records));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success());
        output.stdout
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn crate_of(program: &Program) -> (String, Vec<SourceFile>) {
    (rust::package_name(program), rust::generate(program))
}

fn images(len: usize, count: usize) -> Vec<Vec<u8>> {
    let mut random = suite::Random::new(11);
    (0..count).map(|_| random.pixels(len)).collect()
}

fn interpreted(program: &Program, images: &[Vec<u8>]) -> Vec<u8> {
    let mut interpreter = Interpreter::new(program);
    images
        .iter()
        .flat_map(|image| interpreter.run(image).to_vec())
        .collect()
}

#[test]
fn generated_rust_computes_the_interpreters_bits() {
    let programs: Vec<Program> = suite::networks()
        .iter()
        .map(|graph| {
            compile(
                graph,
                &Options {
                    input: InputFormat::PIXELS,
                },
            )
            .unwrap()
        })
        .collect();
    let host = Host::build(&programs.iter().map(crate_of).collect::<Vec<_>>());
    for (which, program) in programs.iter().enumerate() {
        let images = images(program.input().len(), 20);
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
    let program = compile(
        &suite::networks()[0],
        &Options {
            input: InputFormat::PIXELS,
        },
    )
    .unwrap();
    let (package, mut files) = crate_of(&program);
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
    let host = Host::build(&[(package, files)]);
    assert_ne!(host.run(0, &images), interpreted(&program, &images));
}
