//! The command as a person meets it: what it prints, and how it fails.

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

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The run failed with `code`, and its one sentence has all of `parts`.
fn assert_fails(output: &Output, code: i32, parts: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    assert!(!text.contains("panicked"), "{text}");
    for part in parts {
        assert!(text.contains(part), "'{part}' in: {text}");
    }
}

#[test]
fn summary_prints_keras_table() {
    let folder = tempfile::tempdir().unwrap();
    let text = stdout(&gannet(folder.path(), &["summary", "mnist-small"]));
    for part in [
        "conv2d_1 (Conv2D)",
        "(None, 13, 13, 4)",
        "9,280",
        "10,930",
        "301,856",
    ] {
        assert!(text.contains(part), "'{part}' in: {text}");
    }
}

#[test]
fn a_trained_network_goes_through_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = gannet(folder.path(), arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            stderr(&output)
        );
        stdout(&output)
    };
    run(&[
        "train",
        "--epochs",
        "1",
        "--json",
        "report.json",
        "-o",
        "small.h5",
    ]);
    run(&["analyze", "small.h5", "--json", "report.json"]);
    run(&[
        "eval",
        "small.h5",
        "--images",
        "500",
        "--json",
        "report.json",
    ]);
    let text = run(&[
        "quantize",
        "small.h5",
        "--images",
        "20",
        "-o",
        "small.tflite",
    ]);
    let accuracy = |text: &str, row: &str| {
        let line = text.lines().find(|line| line.contains(row)).unwrap();
        let figure = line.split_whitespace().nth_back(0).unwrap().to_owned();
        figure.parse::<f64>().unwrap()
    };
    let quantized = accuracy(&text, "top-1 accuracy, quantized");
    assert!((quantized - accuracy(&text, "top-1 accuracy, float")).abs() < 0.01);
    run(&["eval", "small.tflite", "--json", "integers.json"]);
    let report = fs::read_to_string(folder.path().join("integers.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!((report["eval"]["top1"].as_f64().unwrap() - quantized).abs() < 1e-4);
    let arguments = [
        "quantize",
        "small.h5",
        "--tolerance=-1",
        "-o",
        "none.tflite",
    ];
    let refused = gannet(folder.path(), &arguments);
    assert_fails(
        &refused,
        3,
        &["of the accuracy is lost", "nothing was written"],
    );
    assert!(!folder.path().join("none.tflite").exists());
    run(&["generate", "small.h5", "-o", "generated"]);
    assert!(folder.path().join("generated/src/weights.rs").exists());
    run(&[
        "generate", "small.h5", "--lang", "c", "--name", "Digits", "-o", "c",
    ]);
    let written = |name: &str| fs::read_to_string(folder.path().join("c").join(name)).unwrap();
    assert!(written("digits.h").contains("digits_run(digits_network *network)"));
    assert!(written("digits_weights.c").contains("digits_weights ="));
    let output = gannet(
        folder.path(),
        &["generate", "small.h5", "--api", "st-ai", "-o", "rust"],
    );
    assert_fails(&output, 2, &["--api", "--lang c"]);

    let text = run(&[
        "analyze",
        "small.h5",
        "--compress",
        "medium",
        "--json",
        "shared.json",
    ]);
    let shared = accuracy(&text, "top-1 accuracy, shared");
    let single = accuracy(&text, "top-1 accuracy, single");
    assert!((shared - single).abs() < 0.025, "{text}");
    let output = gannet(
        folder.path(),
        &[
            "generate",
            "small.tflite",
            "--compress",
            "low",
            "-o",
            "none",
        ],
    );
    assert_fails(&output, 2, &["a network of integers", "--compress"]);
    run(&[
        "prune",
        "small.h5",
        "--share",
        "0.5",
        "--json",
        "shared.json",
        "-o",
        "pruned.h5",
    ]);
    let report = fs::read_to_string(folder.path().join("shared.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    // Half a byte a dense weight, of 64 inputs' 10 in two blocks of 3 bytes, two tables of 16
    // values at most, and the convolutions and biases as they are.
    let most = 9_216 / 2 + 64 * 6 + 2 * 64 + 4 * (1_000 + 74);
    let bytes = report["analysis"]["weights_bytes"].as_u64().unwrap();
    assert!((most - 64..=most).contains(&bytes), "{bytes}");
    assert_eq!(report["compress"]["weights_bytes"], bytes);
    assert_eq!(report["prune"]["before"]["params"], 10_930);
    let params = 100 + 200 + (72 * 32 + 32) + 330;
    assert_eq!(report["prune"]["after"]["params"], params);
    assert!(run(&["summary", "pruned.h5"]).contains("2,966"));

    // Each command added its section and left the others.
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["analysis"]["params"], 10_930);
    assert_eq!(report["analysis"]["macs"], 301_856);
    assert_eq!(report["train"]["epochs"], 1);
    assert_eq!(report["eval"]["images"], 500);
    assert!(report["train"]["val_accuracy"].as_f64().unwrap() > 0.9);
    assert!(report["eval"]["top1"].as_f64().unwrap() > 0.85);

    // A report on standard output has it to itself.
    let json = run(&["analyze", "small.h5", "--json", "-"]);
    assert!(
        serde_json::from_str::<serde_json::Value>(&json).is_ok(),
        "{json}"
    );
}

#[test]
fn a_seed_repeats_a_run_to_the_bit_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let train = |seed: &str, threads: &str, out: &str| {
        let arguments = [
            "train",
            "--epochs",
            "1",
            "--seed",
            seed,
            "--threads",
            threads,
            "-o",
            out,
        ];
        let output = gannet(folder.path(), &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        fs::read(folder.path().join(out)).unwrap()
    };
    let one = train("7", "1", "one.h5");
    assert!(
        one == train("7", "3", "three.h5"),
        "another number of threads, other bits"
    );
    assert!(
        one != train("8", "3", "other.h5"),
        "another seed, the same bits"
    );
}

#[test]
fn the_array_of_a_picture_is_the_tutorials() {
    let folder = tempfile::tempdir().unwrap();
    let text = stdout(&gannet(
        folder.path(),
        &["image", "mnist:train/2", "--format", "c"],
    ));
    assert!(text.starts_with("float data[784] = {"), "{text}");
    let values: Vec<&str> = text.split([',', '{', '}']).map(str::trim).collect();
    let drawn = [
        "0.2627450980392157",
        "0.9098039215686274",
        "0.15294117647058825",
        "0.0",
    ];
    assert!(values.windows(4).any(|window| window == drawn), "{text}");
}

/// Around through every format: the last file holds the same bits as the first.
#[test]
fn a_network_goes_through_every_format_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let train = ["train", "--epochs", "1", "--out", "first.h5"];
    assert!(gannet(folder.path(), &train).status.success());
    let steps: [&[&str]; 6] = [
        &["first.h5", "a.keras"],
        &["a.keras", "b.safetensors"],
        &["b.safetensors", "c.h5", "--network", "mnist-small"],
        &["c.h5", "d.npz"],
        &["d.npz", "e.keras", "--network", "first.h5"],
        &["e.keras", "last.h5", "--json", "report.json"],
    ];
    for files in steps {
        let output = gannet(folder.path(), &[&["convert"], files].concat());
        assert!(output.status.success(), "{files:?}: {}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains("10 layers, 10,930 parameters"), "{text}");
        assert!(text.trim_end().ends_with("random inputs: 0"), "{text}");
    }
    let [first, last] = ["first.h5", "last.h5"].map(|name| fs::read(folder.path().join(name)));
    assert_eq!(first.unwrap(), last.unwrap());
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["convert"]["params"], 10_930);
    assert_eq!(report["convert"]["largest_difference"], 0.0);

    let without = gannet(folder.path(), &["convert", "b.safetensors", "x.h5"]);
    assert_fails(&without, 2, &["b.safetensors", "--network"]);
    let beside = ["convert", "c.h5", "x.h5", "--network", "mnist-small"];
    assert_fails(&gannet(folder.path(), &beside), 2, &["c.h5", "--network"]);
    let unknown = gannet(folder.path(), &["convert", "c.h5", "x.pt"]);
    assert_fails(&unknown, 1, &["'.pt'", "Keras"]);
}

/// If this fails: `cargo run -p gannet -- layers --markdown > SUPPORTED-LAYERS.md`.
#[test]
fn the_page_of_supported_layers_is_what_the_code_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("SUPPORTED-LAYERS.md")).unwrap();
    let said = stdout(&gannet(&root, &["layers", "--markdown"]));
    assert!(page == said, "make SUPPORTED-LAYERS.md anew");
}

#[test]
fn a_damaged_data_set_is_named_with_its_byte() {
    let folder = tempfile::tempdir().unwrap();
    // Two pictures of 2×2 pixels are declared behind a header of 16 bytes; three pixels follow.
    let pictures = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3];
    let labels = [0, 0, 8, 1, 0, 0, 0, 2, 1, 2];
    for part in ["train", "t10k"] {
        let path = |rest: &str| folder.path().join(format!("{part}-{rest}-ubyte"));
        fs::write(path("images-idx3"), pictures).unwrap();
        fs::write(path("labels-idx1"), labels).unwrap();
    }
    let output = gannet(folder.path(), &["data", "stats", "."]);
    assert_fails(&output, 1, &["train-images-idx3-ubyte", "byte 19"]);
}

#[test]
fn a_model_file_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("notes.h5"),
        "weights to be done on Monday",
    )
    .unwrap();
    assert_fails(
        &gannet(folder.path(), &["summary", "notes.h5"]),
        1,
        &["notes.h5"],
    );
    assert_fails(
        &gannet(folder.path(), &["summary", "absent.h5"]),
        1,
        &["absent.h5"],
    );
    let untrained = gannet(folder.path(), &["eval", "mnist-small"]);
    assert_fails(&untrained, 2, &["mnist-small", "gannet train"]);
}

#[test]
fn an_unknown_board_tells_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let output = gannet(
        folder.path(),
        &["analyze", "mnist-small", "--board", "nucleo-f446"],
    );
    assert_fails(
        &output,
        2,
        &["nucleo-f446", "nucleo-f446re", "gannet boards"],
    );
}

#[test]
fn a_foreign_report_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    fs::write(&file, "Dear all").unwrap();
    let output = gannet(
        folder.path(),
        &["analyze", "mnist-small", "--json", "letter.txt"],
    );
    assert_fails(&output, 1, &["letter.txt"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear all");
}
