//! The C core: held to the vectors, and beside the Rust server on any stream of bytes.

mod bench;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench::{Queues, RowSum, Sum};
use gannet_link::{C_SOURCES, Engine, Server};

/// Builds the vectors' device from the C sources that projects are given.
fn build(folder: &Path) -> PathBuf {
    for (name, text) in C_SOURCES {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::write(folder.join("bench.c"), include_str!("c_bench.c")).unwrap();
    let strict = ["-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"];
    let built = Command::new("cc")
        .args(["-std=c99", "-O2", "gannet_link.c", "bench.c", "-o", "bench"])
        .args(strict)
        .args(["-fsanitize=undefined", "-fno-sanitize-recover"])
        .current_dir(folder)
        .status()
        .unwrap();
    assert!(built.success(), "the C compiler objects");
    folder.join("bench")
}

/// What the C device answers to `wire`, the one of rows with an argument.
fn answers(bench: &Path, arguments: &[&str], wire: &[u8]) -> Vec<u8> {
    let mut child = Command::new(bench)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let wire = wire.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&wire));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    output.stdout
}

/// What the Rust server answers to `wire`, with the same device.
fn rust_answers(mut engine: impl Engine, wire: &[u8]) -> Vec<u8> {
    let (mut server, mut port) = (Server::new(), Queues::default());
    Server::announce(&mut port, &engine);
    port.input.extend(wire);
    server.poll(&mut port, &mut engine);
    port.output.into_iter().collect()
}

#[test]
fn the_c_core_answers_as_the_vectors_say() {
    let folder = tempfile::tempdir().unwrap();
    let bench = build(folder.path());
    for (device, arguments) in [("", &[][..]), ("rows-", &["rows"])] {
        let (wire, expected) = conversation(device);
        assert_eq!(answers(&bench, arguments, &wire), expected, "{device}");
    }
}

/// All that a device of the vectors is sent, and all that it answers.
fn conversation(device: &str) -> (Vec<u8>, Vec<u8>) {
    let kinds = ["announcement", "exchange"].map(|kind| format!("{device}{kind}"));
    let (mut wire, mut answers) = (Vec::new(), Vec::new());
    let mut is_the_devices = false;
    for line in include_str!("vectors.txt").lines() {
        match line.split_once(' ') {
            Some(("wire", bytes)) if is_the_devices => wire.extend(unhex(bytes)),
            Some(("reply", bytes)) if is_the_devices => answers.extend(unhex(bytes)),
            Some(("wire" | "reply" | "plain", _)) | None => {}
            Some((kind, _)) => is_the_devices = kinds.iter().any(|own| own == kind),
        }
    }
    assert!(wire.len() > 100 && answers.len() > 100);
    (wire, answers)
}

/// Noise, valid requests and requests with a byte changed, cut or doubled, mixed by a generator
/// of fixed seed.
#[test]
fn the_c_core_answers_any_stream_as_the_rust_core_does() {
    let folder = tempfile::tempdir().unwrap();
    let bench = build(folder.path());
    let run = unhex("000401020202070101020a0714036e8c366e00");
    let hello = unhex("0004010101050fe3218100");
    let of_parts = |name: &str| {
        let text = include_str!("vectors.txt");
        let (_, rest) = text.split_once(&format!("exchange {name}\nwire ")).unwrap();
        unhex(rest.lines().next().unwrap())
    };
    let frames = [
        run,
        hello,
        of_parts("first-part"),
        of_parts("second-part"),
        of_parts("run-parts"),
        of_parts("run-until-0"),
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        // Knuth's 64-bit linear congruential generator (MMIX); the high bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut wire = Vec::new();
    for _ in 0..2_000 {
        let mut frame = frames[random(frames.len())].clone();
        let at = random(frame.len());
        match random(6) {
            0 => frame[at] ^= 1 << random(8),
            1 => frame.truncate(at),
            2 => frame.insert(at, random(256) as u8),
            3 => frame = (0..random(600)).map(|_| random(256) as u8).collect(),
            _ => {}
        }
        wire.extend(frame);
    }
    assert!(answers(&bench, &[], &wire) == rust_answers(Sum::of(4), &wire));
    assert!(answers(&bench, &["rows"], &wire) == rust_answers(RowSum::of(2, 2), &wire));
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).expect("a hex digit") as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
