//! Pausing, checkpoints and breakdowns.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{
    BatchNormalization, Conv2D, Dense, Dropout, Flatten, Function, Graph, Padding, Window,
};
use gannet_train::{
    Augmentation, Checkpoint, Control, Course, Event, Keep, Loss, Optimizer, Recipe, Schedule,
    Start, Threads, TrainError, Trained, Training, Watch, fit, initialize,
};

/// Images of 6×6 that show a bright row or column, ten classes in all; as many as asked for.
fn split(count: usize) -> Split {
    let shape = ImageShape::new(6, 6, 1).unwrap();
    let label = |i: usize| i * 7 % 10;
    let pixels = (0..count * 36).map(|i| {
        let (image, y, x) = (i / 36, i / 6 % 6, i % 6);
        let line = if label(image) < 5 { y } else { x };
        if line == label(image) % 5 {
            200
        } else {
            (i * i % 61) as u8
        }
    });
    let images = Images::new(shape, pixels.collect()).unwrap();
    let labels = (0..count).map(|i| label(i) as u8).collect();
    Split::new(images, labels, &Classes::digits()).unwrap()
}

fn network(units: usize) -> Graph {
    let mut graph = Graph::new("lines", [6, 6, 1]).unwrap();
    let window = Window::new([3, 3], [1, 1], Padding::Valid).unwrap();
    graph
        .push(
            "conv",
            Conv2D::zeros(window, 1, 3).with_activation(Function::Relu),
        )
        .unwrap();
    graph.push("norm", BatchNormalization::identity(3)).unwrap();
    graph.push("flatten", Flatten).unwrap();
    graph
        .push(
            "hidden",
            Dense::zeros(48, units).with_activation(Function::Relu),
        )
        .unwrap();
    graph.push("drop", Dropout::new(0.2).unwrap()).unwrap();
    graph
        .push(
            "out",
            Dense::zeros(units, 10).with_activation(Function::Softmax),
        )
        .unwrap();
    graph
}

/// A recipe with everything that a run has to remember.
fn recipe() -> Recipe {
    Recipe {
        epochs: 4,
        batch: 24,
        loss: Loss::CategoricalCrossEntropy,
        label_smoothing: 0.1,
        class_weights: (0..10).map(|class| 1.0 + class as f32 / 10.0).collect(),
        optimizer: Optimizer::AdamW {
            rate: 0.01,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.01,
        },
        schedule: Schedule {
            warm_up: 0.5,
            course: Course::Cosine { floor: 0.01 },
        },
        augmentation: Augmentation {
            shift: 1.0,
            rotate: 5.0,
            scale: 0.1,
            shear: 0.1,
            elastic: 0.3,
            erase: 0.2,
            noise: 0.05,
            plain_epochs: 1,
        },
        average: Some(0.9),
        keep: Keep::Best,
        watch: Watch::Accuracy,
        ..Recipe::default()
    }
}

fn bits(trained: Trained) -> (Vec<u32>, Vec<[u64; 4]>) {
    let figures = |e: &gannet_train::Epoch| {
        [e.loss, e.accuracy, e.val_loss, e.val_accuracy].map(f64::to_bits)
    };
    let history = trained.history.iter().map(figures).collect();
    (
        trained
            .graph
            .weights()
            .flatten()
            .map(|weight| weight.to_bits())
            .collect(),
        history,
    )
}

#[test]
fn a_run_goes_on_from_a_file_as_if_nothing_had_been() {
    let (train, validation) = (split(150), split(40));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let graph = network(20);
    let whole = fit(
        graph.clone(),
        &train,
        &validation,
        &recipe(),
        Threads::All,
        &mut |_| Control::Continue,
    );
    let whole = bits(whole.unwrap());

    let one = Threads::Count(1.try_into().unwrap());
    let on_one = fit(
        graph.clone(),
        &train,
        &validation,
        &recipe(),
        one,
        &mut |_| Control::Continue,
    );
    assert_eq!(bits(on_one.unwrap()), whole);

    // Stop at every third event: within epochs, at their last batch, and behind validation.
    let mut training =
        Training::new(graph.clone(), &train, &validation, recipe(), Threads::All).unwrap();
    let mut pauses = 0;
    loop {
        let mut events = 0;
        let mut on_event = |_: Event<'_>| {
            events += 1;
            if events == 3 {
                Control::Stop
            } else {
                Control::Continue
            }
        };
        training.run(&mut on_event).unwrap();
        if training.is_finished() {
            break;
        }
        pauses += 1;
        training.checkpoint().write(&path).unwrap();
        let checkpoint = Checkpoint::read(&path).unwrap();
        assert_eq!(checkpoint, training.checkpoint());
        training =
            Training::resume(graph.clone(), &train, &validation, checkpoint, Threads::All).unwrap();
    }
    // Four epochs of seven batches and a validation are 32 events.
    assert_eq!(pauses, 10);
    assert_eq!(bits(training.into_trained()), whole);
}

#[test]
fn patience_ends_a_run_and_the_best_epoch_is_kept() {
    let (train, validation) = (split(150), split(40));
    // A rate of almost 0 never makes the accuracy better than in the first epoch.
    let recipe = Recipe {
        epochs: 20,
        optimizer: Optimizer::Sgd {
            rate: 1e-12,
            momentum: 0.0,
        },
        watch: Watch::Accuracy,
        patience: Some(3),
        ..recipe()
    };
    let trained = fit(
        network(20),
        &train,
        &validation,
        &recipe,
        Threads::All,
        &mut |_| Control::Continue,
    );
    assert_eq!(trained.unwrap().history.len(), 4);
}

#[test]
fn a_breakdown_names_epoch_batch_and_layer() {
    let (train, validation) = (split(150), split(40));
    let mut graph = network(20);
    initialize(&mut graph, 1);
    let hidden = graph.find("hidden").unwrap();
    graph.node_weights_mut(hidden)[0][5] = f32::NAN;
    let recipe = Recipe {
        start: Start::Given,
        ..recipe()
    };
    let error = fit(
        graph,
        &train,
        &validation,
        &recipe,
        Threads::All,
        &mut |_| Control::Continue,
    )
    .unwrap_err();
    let expected = TrainError::NotFinite {
        epoch: 1,
        batch: 1,
        layer: "hidden".to_owned(),
    };
    assert_eq!(error, expected);
}

#[test]
fn another_network_or_a_damaged_file_is_refused() {
    let (train, validation) = (split(150), split(40));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let training = Training::new(network(20), &train, &validation, recipe(), Threads::All).unwrap();
    training.checkpoint().write(&path).unwrap();

    let checkpoint = Checkpoint::read(&path).unwrap();
    let error = Training::resume(network(21), &train, &validation, checkpoint, Threads::All)
        .unwrap_err()
        .to_string();
    assert!(error.contains("'lines' has another structure"), "{error}");

    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = Checkpoint::read(&path).unwrap_err().to_string();
    assert!(error.contains("not a whole safetensors file"), "{error}");
    let missing = Checkpoint::read(&folder.path().join("none"))
        .unwrap_err()
        .to_string();
    assert!(missing.contains("cannot be read"), "{missing}");
}

const CHILD: &str = "GANNET_TEST_CHECKPOINT";

/// Kills a process that does nothing but write checkpoints, fifty times at moments that are
/// spread over one write: the last whole checkpoint is always there.
#[test]
fn a_kill_leaves_the_last_whole_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    for i in 0..50 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_checkpoints_until_killed", "--ignored"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        // The first write has to come to its end; from then on there is always a file.
        while !path.exists() && begin.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(20_000 + 377 * i));
        child.kill().unwrap();
        child.wait().unwrap();
        let checkpoint = Checkpoint::read(&path).unwrap();
        assert_eq!(checkpoint.recipe().epochs, 4);
    }
}

#[test]
#[ignore = "run by a_kill_leaves_the_last_whole_checkpoint, which kills it"]
fn write_checkpoints_until_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let (train, validation) = (split(150), split(40));
    let graph = network(4000);
    let training = Training::new(graph, &train, &validation, recipe(), Threads::All).unwrap();
    let checkpoint = training.checkpoint();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(30) {
        checkpoint.write(Path::new(&path)).unwrap();
    }
}
