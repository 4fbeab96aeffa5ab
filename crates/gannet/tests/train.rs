//! Training as a person meets it: projects, pausing, repeating, and being killed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use gannet_data::{Dataset, Split};
use serde_json::Value;
use tempfile::TempDir;

fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gannet"));
    command
        .args(arguments.split_whitespace())
        .current_dir(folder);
    command
}

fn gannet(folder: &Path, arguments: &str) -> Output {
    command(folder, arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a run that has to succeed printed.
fn run(folder: &Path, arguments: &str) -> String {
    let output = gannet(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The report's `train` section of a run.
fn report(folder: &Path, arguments: &str) -> Value {
    run(folder, &format!("{arguments} --json report.json"));
    let text = fs::read_to_string(folder.join("report.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["train"].clone()
}

/// Writes the first `train` and `test` pictures of MNIST as IDX files.
fn write_digits(folder: &Path, train: usize, test: usize) {
    let mnist = Dataset::open("mnist").unwrap();
    fs::create_dir_all(folder).unwrap();
    for (part, split, count) in [
        ("train", mnist.train(), train),
        ("t10k", mnist.test(), test),
    ] {
        write_idx(folder, part, split, count);
    }
}

/// The headers are IDX's: type 8 (bytes), the rank, and each extent in four bytes.
fn write_idx(folder: &Path, part: &str, split: &Split, count: usize) {
    let extents = |rank: u8, extents: &[u32]| {
        let mut header = vec![0, 0, 8, rank];
        header.extend(extents.iter().flat_map(|extent| extent.to_be_bytes()));
        header
    };
    let mut images = extents(3, &[count as u32, 28, 28]);
    images.extend(&split.images().pixels()[..count * 784]);
    let mut labels = extents(1, &[count as u32]);
    labels.extend(&split.labels()[..count]);
    fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).unwrap();
    fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
}

/// A project in a small network and few pictures.
fn project(train: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_digits(&folder.path().join("digits"), train, 200);
    fs::write(
        folder.path().join("gannet.toml"),
        r#"name = "tiny"
board = "nucleo-f446re"
[data]
set = "digits"
[network]
layers = [
  { kind = "InputLayer", shape = [28, 28, 1] },
  { kind = "AveragePooling2D", pool = 4 },
  { kind = "Conv2D", filters = 4, kernel = 3, activation = "relu" },
  { kind = "Dropout", rate = 0.1 },
  { kind = "Flatten" },
  { kind = "Dense", units = 10, activation = "softmax" },
]
[recipe]
epochs = 6
batch = 50
loss = "categorical-cross-entropy"
average = 0.9
[recipe.augmentation]
shift = 1.0
"#,
    )
    .unwrap();
    folder
}

fn file(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn exists(folder: &TempDir, name: &str) -> bool {
    folder.path().join(name).exists()
}

const CHECKPOINT: &str = "tiny.checkpoint.safetensors";

#[test]
fn a_new_project_trains_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = run(folder.path(), "new first");
    assert!(text.contains("first/gannet.toml"), "{text}");
    write_digits(&folder.path().join("digits"), 2000, 500);
    let project = folder.path().join("first");
    let train = report(&project, "train --epochs 1 --data ../digits");
    assert_eq!(train["epochs"], 1);
    // The same as the built-in network with the built-in recipe.
    let built_in = report(
        folder.path(),
        "train --network mnist-small --epochs 1 --data digits",
    );
    assert_eq!(train["loss"], built_in["loss"]);
    assert_eq!(train["val_loss"], built_in["val_loss"]);
    assert!(project.join("first.h5").exists() && folder.path().join("mnist-small.h5").exists());

    let again = gannet(folder.path(), "new first");
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("first"), "{}", stderr(&again));
}

#[test]
fn a_project_stands_where_a_structure_suffices() {
    let folder = project(100);
    let text = run(folder.path(), "summary gannet.toml");
    assert!(
        text.contains("average_pooling2d (AveragePooling2D)"),
        "{text}"
    );
    let text = run(folder.path(), "analyze .");
    assert!(text.contains("tiny on ST Nucleo-F446RE"), "{text}");
    let untrained = gannet(folder.path(), "eval gannet.toml --data digits");
    assert_eq!(untrained.status.code(), Some(2));
    assert!(stderr(&untrained).contains("gannet train gannet.toml"));
}

#[test]
fn a_faulty_project_is_shown_with_line_column_and_hint() {
    let folder = project(100);
    let path = folder.path().join("gannet.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("epochs", "epoch").replace("f446re", "f446er"),
    )
    .unwrap();
    let output = gannet(folder.path(), "train");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "error: no board is named `nucleo-f446er`",
        "gannet.toml:2:9",
        "did you mean `nucleo-f446re`?",
        "error: the recipe has no key `epoch` here",
        "gannet.toml:15:1",
        "did you mean `epochs`?",
    ] {
        assert!(text.contains(part), "'{part}' in:\n{text}");
    }
    let output = gannet(
        folder.path(),
        "train --set recipe.epoch=5 --network mnist-small",
    );
    assert!(
        stderr(&output).contains("--set recipe.epoch=5: the recipe has no key `epoch`"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn validation_pictures_are_taken_out_and_the_test_set_waits() {
    let folder = project(300);
    let on_test = report(folder.path(), "train --epochs 2");
    assert!(on_test["test_accuracy"].is_null());
    let taken_out = report(folder.path(), "train --epochs 2 --val 100");
    assert_ne!(on_test["val_loss"], taken_out["val_loss"]);
    // 200 test pictures and 100 validation pictures: shares of whole numbers.
    let whole = |share: &Value, of: f64| {
        let count = share.as_f64().unwrap() * of;
        assert!((count - count.round()).abs() < 1e-9, "{share}");
    };
    whole(&taken_out["test_accuracy"], 200.0);
    whole(&taken_out["val_accuracy"], 100.0);
    assert!(taken_out["test_loss"].as_f64().unwrap() > 0.0);
    let all = gannet(folder.path(), "train --val 300");
    assert!(stderr(&all).contains("300 of 300"), "{}", stderr(&all));
}

#[test]
fn settings_and_arguments_go_on_top_of_the_project() {
    let folder = project(100);
    let train = report(
        folder.path(),
        "train --set recipe.epochs=2 --seed 5 -o other.h5",
    );
    assert_eq!((&train["epochs"], &train["seed"]), (&2.into(), &5.into()));
    assert!(exists(&folder, "other.h5") && !exists(&folder, "tiny.h5"));
}

#[test]
fn numbers_that_are_none_stop_the_training_with_their_place() {
    let folder = project(100);
    let steep = "train --set recipe.optimizer={kind=\"sgd\",rate=1e30,momentum=0.0}";
    let output = gannet(folder.path(), steep);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in ["epoch 1", "batch ", "layer '", "learning rate"] {
        assert!(text.contains(part), "'{part}' in: {text}");
    }
}

#[test]
fn several_seeds_are_reported_by_median_and_range() {
    let folder = project(200);
    let train = report(
        folder.path(),
        "train --seeds 3 --seed 7 --epochs 2 --val 50",
    );
    let runs = train["runs"].as_array().unwrap();
    let accuracy = |run: &Value| run["val_accuracy"].as_f64().unwrap();
    let mut accuracies: Vec<f64> = runs.iter().map(accuracy).collect();
    accuracies.sort_by(f64::total_cmp);
    let spread = ["min", "median", "max"].map(|of| train["val_accuracy"][of].as_f64().unwrap());
    assert_eq!(accuracies, spread);
    let seeds: Vec<&Value> = runs.iter().map(|run| &run["seed"]).collect();
    assert_eq!(seeds, [7, 8, 9]);
    assert!(train["test_accuracy"]["median"].as_f64().is_some());
    let median = format!("tiny-seed{}.h5", train["median_seed"]);
    assert_eq!(file(&folder, "tiny.h5"), file(&folder, &median));
    assert!(!exists(&folder, "tiny-seed7.checkpoint.safetensors"));

    // Each is what it is alone.
    run(
        folder.path(),
        "train --seed 8 --epochs 2 --val 50 -o alone.h5",
    );
    assert_eq!(file(&folder, "alone.h5"), file(&folder, "tiny-seed8.h5"));
}

#[test]
fn a_checkpoint_of_another_recipe_is_refused() {
    let folder = project(2000);
    killed(&folder, "train --set recipe.epochs=1000", |folder| {
        exists(folder, CHECKPOINT)
    });
    let output = gannet(folder.path(), "train --resume");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("its epochs was 1000 and is 6 now"), "{text}");
}

/// Starts a training and kills it as soon as `now` says so.
fn killed(folder: &TempDir, arguments: &str, now: impl Fn(&TempDir) -> bool) {
    let mut child = command(folder.path(), arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !now(folder) {
        assert!(Instant::now() < patience, "it never came to this");
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_checkpoint_to_go_on_from() {
    let folder = project(2000);
    let whole = "train --epochs 40 -o whole.h5";
    run(folder.path(), whole);
    let child = command(folder.path(), "train --epochs 40")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !exists(&folder, CHECKPOINT) {
        assert!(Instant::now() < patience, "no epoch ended");
        sleep(Duration::from_millis(1));
    }
    // Twice at once, as from a wrapper that passes the signal on.
    for _ in 0..2 {
        let id = child.id().to_string();
        let interrupt = Command::new("kill").args(["-INT", &id]).status();
        assert!(interrupt.unwrap().success());
    }
    let output = child.wait_with_output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.contains("--resume") && text.contains(CHECKPOINT),
        "{text}"
    );
    assert!(!exists(&folder, "tiny.h5"));

    run(folder.path(), "train --epochs 40 --resume");
    assert_eq!(file(&folder, "tiny.h5"), file(&folder, "whole.h5"));
    assert!(!exists(&folder, CHECKPOINT));
}

/// Kills a training fifty times at moments drawn by chance, goes on each time, and holds every
/// model file that comes of it against that of a training that nobody disturbed.
#[test]
fn fifty_kills_lose_nothing() {
    let folder = project(400);
    run(folder.path(), "train -o whole.h5");
    let expected = file(&folder, "whole.h5");
    let begin = Instant::now();
    run(folder.path(), "train -o whole.h5");
    let whole = begin.elapsed();

    // Knuth's generator of MMIX, its upper bits.
    let mut state = 1_u64;
    let mut share = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let (mut kills, mut ends) = (0, 0);
    while kills < 50 || ends < 5 {
        let mut child = command(folder.path(), "train --resume")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if kills < 50 {
            sleep(whole.mul_f64(share()));
            child.kill().unwrap();
        }
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            // Killed, with the last whole checkpoint left, or none.
            None => kills += 1,
            Some(0) => {
                assert!(
                    file(&folder, "tiny.h5") == expected,
                    "other bits after {kills} kills"
                );
                fs::remove_file(folder.path().join("tiny.h5")).unwrap();
                assert!(!exists(&folder, CHECKPOINT));
                ends += 1;
            }
            Some(code) => panic!("exit code {code}: {}", stderr(&output)),
        }
    }
}
