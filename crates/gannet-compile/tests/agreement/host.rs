//! A program that contains generated code, on the host or on an emulated board: what it
//! computes, and what it must.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::compiler::Compiler;
use crate::{generated_c, generated_rust, integers, suite};
use gannet_compile::ir::Program;
use gannet_compile::{InputFormat, Interpreter, Options, compile};

/// A program that reads `network index, image` records and answers each with the outputs and
/// with one byte, 1 if the network's self-test succeeded.
pub struct Host {
    folder: tempfile::TempDir,
    /// The program and its arguments.
    command: Vec<String>,
}

/// QEMU's Cortex-M4F, whose semihosting calls read and write its own standard streams.
const EMULATOR: [&str; 11] = [
    "qemu-system-arm",
    "-machine",
    "mps2-an386",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "none",
    "-semihosting-config",
    "enable=on,target=native",
];

impl Host {
    /// The program at `path` inside `folder`, which lives as long as the host.
    pub fn new(folder: tempfile::TempDir, path: &str) -> Host {
        let program = folder.path().join(path).display().to_string();
        Host {
            folder,
            command: vec![program],
        }
    }

    /// The program at `path` inside `folder`, built for the emulated Cortex-M4F.
    pub fn emulated(folder: tempfile::TempDir, path: &str) -> Host {
        let mut host = Host::new(folder, path);
        let words = EMULATOR.into_iter().chain(["-kernel"]).map(str::to_owned);
        host.command.splice(..0, words);
        host
    }

    /// What network `which` gives for each of `images`.
    pub fn run(&self, which: usize, images: &[Vec<u8>]) -> Vec<u8> {
        let index = u16::try_from(which).unwrap().to_le_bytes();
        let records = images
            .iter()
            .flat_map(|image| index.iter().chain(image).copied())
            .collect();
        self.answer(records)
    }

    /// What each of `programs` gives for its images, the first of them network 0: all in one start
    /// of the program.
    pub fn run_each(&self, programs: &[&Program], images: &[Vec<Vec<u8>>]) -> Vec<Vec<u8>> {
        let indices = (0..u16::MAX).map(u16::to_le_bytes);
        let records = indices.zip(images).flat_map(|(index, images)| {
            let record = move |image: &Vec<u8>| [&index[..], image].concat();
            images.iter().flat_map(record)
        });
        let answers = self.answer(records.collect());
        let mut rest = &answers[..];
        let answers = programs.iter().zip(images).map(|(program, images)| {
            let (own, behind) = rest.split_at(images.len() * (program.output().bytes() + 1));
            rest = behind;
            own.to_vec()
        });
        answers.collect()
    }

    /// What the program writes to its output for what it reads from its input.
    pub fn answer(&self, input: Vec<u8>) -> Vec<u8> {
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success(), "{:?}", output.status);
        output.stdout
    }
}

/// What [`Host::run`] has to give: the interpreter's outputs, and self-tests that succeed.
pub fn interpreted(program: &Program, images: &[Vec<u8>]) -> Vec<u8> {
    let mut interpreter = Interpreter::new(program);
    images
        .iter()
        .flat_map(|image| [interpreter.run(image), &[1]].concat())
        .collect()
}

/// The suite's networks, compiled for pixels, and those of integers.
pub fn programs() -> Vec<Program> {
    let input = InputFormat::PIXELS;
    let networks = suite::networks();
    let floats = networks
        .iter()
        .map(|graph| compile(graph, &Options::new(input)).unwrap());
    floats
        .chain(integers::networks().iter().map(integers::program))
        .collect()
}

/// Made-up pictures, the same in every test.
pub fn images(len: usize, count: usize) -> Vec<Vec<u8>> {
    let mut random = suite::Random::new(11);
    (0..count).map(|_| random.pixels(len)).collect()
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Holds Rust, and C built by those of `compilers` that are here, to the interpreter's bits for
/// five images of each program.
pub fn hold_to_interpreter(programs: &[&Program], compilers: &[Compiler]) {
    let images: Vec<_> = (programs.iter())
        .map(|program| images(program.image_len(), 5))
        .collect();
    let expected: Vec<_> = (programs.iter().zip(&images))
        .map(|(program, images)| interpreted(program, images))
        .collect();
    assert!(
        generated_rust::run_all(programs, &images) == expected,
        "Rust"
    );
    for &compiler in compilers {
        if compiler.is_here() {
            let found = generated_c::run_all(programs, &images, compiler);
            assert!(found == expected, "C built by {compiler:?}");
        }
    }
}
