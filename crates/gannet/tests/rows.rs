//! Pictures that never lie on the device as a whole: a row at a time over the link, to the same
//! bits, in real numbers and integers, in Rust and C, on this machine and in the emulator.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gannet_data::{ImageShape, Images};
use gannet_formats::ModelRef;
use gannet_graph::networks;
use gannet_quantize::{Method, quantize};
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn written<'m>(model: impl Into<ModelRef<'m>>, file: &str) -> PathBuf {
    let path = folder(file);
    gannet_formats::write(model, &path).unwrap();
    path
}

/// The tutorial's network with random weights, in real numbers and in integers.
fn models() -> [PathBuf; 2] {
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 7);
    let shape = ImageShape::new(28, 28, 1).unwrap();
    let pixels = (0..8 * 784_u32).map(|i| (i * i / 7 % 256) as u8).collect();
    let images = Images::new(shape, pixels).unwrap();
    let integers = quantize(&graph, &images, &Method::default()).unwrap().graph;
    [
        written(&graph, "rows.h5"),
        written(&integers, "rows.tflite"),
    ]
}

fn validate(model: &Path, on: &str, lang: &str, input: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args(["validate", "--json", "-", "--images", "20", "--on", on])
        .args(["--lang", lang, "--input", input, "--folder"])
        .arg(folder(&format!("rows-{on}-{lang}-{input}")))
        .arg(model)
        .output()
        .unwrap()
}

fn report(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_output_is_the_hosts_and_no_picture_lies_in_memory() {
    for model in models() {
        for (on, lang) in [("host", "rust"), ("emulator", "rust"), ("emulator", "c")] {
            let rows = report(&validate(&model, on, lang, "rows"));
            let section = &rows["validate"];
            let place = format!("{} {on} {lang}", model.display());
            assert_eq!(section["images"], 20, "{place}");
            assert_eq!(section["mismatches_vs_host"], 0, "{place}");
            assert_eq!(section["resent"], 0, "{place}");
            if on == "host" {
                continue;
            }
            let whole = report(&validate(&model, on, lang, "u8"));
            let ram = |report: &Value| report["firmware"]["static_ram_bytes"].as_u64().unwrap();
            // A picture of 784 bytes in the network, of which it keeps some rows, and two requests
            // with a picture each on their way.
            let saved = ram(&whole) - ram(&rows);
            assert!((2 * 750..3 * 784).contains(&saved), "{place}: {saved}");
        }
    }
}
