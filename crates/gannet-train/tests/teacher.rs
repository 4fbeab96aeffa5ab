//! Learning from another network.

use gannet_data::{Classes, ImageShape, Images, Split};
use gannet_graph::{BatchNormalization, Dense, Flatten, Function, Graph};
use gannet_train::{
    Checkpoint, Control, Loss, Optimizer, Recipe, Start, Teacher, Threads, TrainError, Training,
    initialize,
};

fn split(count: usize) -> Split {
    let shape = ImageShape::new(3, 3, 1).unwrap();
    let pixels = (0..count * 9).map(|i| (i * i * 7 % 251) as u8).collect();
    let labels = (0..count).map(|i| (i % 4) as u8).collect();
    let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let classes = Classes::named(names).unwrap();
    Split::new(Images::new(shape, pixels).unwrap(), labels, &classes).unwrap()
}

/// `hidden` says whether a normalization stands before the last layer.
fn network(seed: u64, hidden: bool, function: Function) -> Graph {
    let mut graph = Graph::new("pupil", [3, 3, 1]).unwrap();
    graph.push("flatten", Flatten).unwrap();
    if hidden {
        graph.push("norm", BatchNormalization::identity(9)).unwrap();
    }
    let out = Dense::zeros(9, 4).with_activation(function);
    graph.push("out", out).unwrap();
    initialize(&mut graph, seed);
    graph
}

fn recipe(share: f32) -> Recipe {
    Recipe {
        epochs: 2,
        batch: 20,
        loss: Loss::CategoricalCrossEntropy,
        optimizer: Optimizer::Sgd {
            rate: 0.5,
            momentum: 0.0,
        },
        start: Start::Given,
        teacher: Some(Teacher {
            models: vec!["teacher.h5".to_owned()],
            share,
        }),
        ..Recipe::default()
    }
}

fn run(graph: &Graph, data: &Split, recipe: Recipe, teacher: Option<&Graph>) -> Graph {
    let mut training = Training::new(graph.clone(), data, data, recipe, Threads::All).unwrap();
    if let Some(teacher) = teacher {
        training = training.taught_by(std::slice::from_ref(teacher)).unwrap();
    }
    training.run(&mut |_| Control::Continue).unwrap();
    training.into_trained().graph
}

/// The gradient of a cross-entropy by the sums is outputs minus targets.
#[test]
fn who_learns_from_itself_alone_stays_as_it_is() {
    let (data, graph) = (split(50), network(1, false, Function::Softmax));
    assert_eq!(run(&graph, &data, recipe(1.0), Some(&graph)), graph);
    assert_ne!(run(&graph, &data, recipe(0.5), Some(&graph)), graph);
}

/// The gradient is linear in the targets: a step towards half of each is the middle of the
/// steps towards one and the other.
#[test]
fn half_a_share_is_half_the_way() {
    for normalized in [false, true] {
        let data = split(20);
        let pupil = network(2, normalized, Function::Softmax);
        let teacher = network(3, normalized, Function::Softmax);
        let step = |share: Option<f32>| {
            let recipe = Recipe {
                epochs: 1,
                ..recipe(share.unwrap_or(1.0))
            };
            let teacher = share.map(|_| &teacher);
            let recipe = Recipe {
                teacher: recipe.teacher.filter(|_| share.is_some()),
                ..recipe
            };
            run(&pupil, &data, recipe, teacher)
        };
        let [labels, half, whole] = [None, Some(0.5), Some(1.0)].map(step);
        let ends = labels.weights().flatten().zip(whole.weights().flatten());
        for (middle, (a, b)) in half.weights().flatten().zip(ends) {
            assert!((middle - (a + b) / 2.0).abs() < 1e-6, "{a} {middle} {b}");
        }
        assert_ne!(labels, whole);
    }
}

#[test]
fn a_teacher_has_to_be_there_and_to_give_shares() {
    let (data, graph) = (split(20), network(1, false, Function::Softmax));
    let training =
        |recipe| Training::new(graph.clone(), &data, &data, recipe, Threads::All).unwrap();
    let text = |error: TrainError| error.to_string();

    let error = training(recipe(0.5)).run(&mut |_| Control::Continue);
    let expected = "the recipe's teacher: teacher.h5 named, but no network was given";
    assert_eq!(text(error.unwrap_err()), expected);

    let linear = network(1, false, Function::Linear);
    let error = text(training(recipe(0.5)).taught_by(&[linear]).unwrap_err());
    assert!(error.contains("softmax or sigmoid"), "{error}");

    let alone = Recipe {
        teacher: None,
        ..recipe(0.5)
    };
    let error = text(
        training(alone)
            .taught_by(std::slice::from_ref(&graph))
            .unwrap_err(),
    );
    assert!(error.contains("no model is named"), "{error}");

    let error = Training::new(graph.clone(), &data, &data, recipe(0.0), Threads::All);
    assert!(text(error.unwrap_err()).contains("share is 0"));
}

#[test]
fn a_run_goes_on_with_its_own_teacher_only() {
    let (data, graph) = (split(20), network(1, false, Function::Softmax));
    let [mine, other] = [5, 6].map(|seed| network(seed, false, Function::Softmax));
    let training = Training::new(graph.clone(), &data, &data, recipe(0.5), Threads::All).unwrap();
    let mut training = training.taught_by(std::slice::from_ref(&mine)).unwrap();
    training.run(&mut |_| Control::Stop).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    training.checkpoint().write(&path).unwrap();

    let resumed = || {
        let checkpoint = Checkpoint::read(&path).unwrap();
        Training::resume(graph.clone(), &data, &data, checkpoint, Threads::All).unwrap()
    };
    assert!(resumed().taught_by(std::slice::from_ref(&mine)).is_ok());
    let error = resumed().taught_by(&[other]).unwrap_err().to_string();
    assert!(error.contains("another teacher"), "{error}");
}

/// What several teachers say is averaged, and the gradient is linear in the targets.
#[test]
fn two_teachers_lead_to_the_middle_of_where_each_leads() {
    let (data, pupil) = (split(20), network(1, false, Function::Softmax));
    let teachers = [7, 8].map(|seed| network(seed, false, Function::Softmax));
    let step = |teachers: &[Graph]| {
        let recipe = Recipe {
            epochs: 1,
            teacher: Some(Teacher {
                models: vec![String::new(); teachers.len()],
                share: 1.0,
            }),
            ..recipe(1.0)
        };
        let training = Training::new(pupil.clone(), &data, &data, recipe, Threads::All).unwrap();
        let mut training = training.taught_by(teachers).unwrap();
        training.run(&mut |_| Control::Continue).unwrap();
        training.into_trained().graph
    };
    let [one, other] = [0, 1].map(|i| step(&teachers[i..=i]));
    let both = step(&teachers);
    let ends = one.weights().flatten().zip(other.weights().flatten());
    for (middle, (a, b)) in both.weights().flatten().zip(ends) {
        assert!((middle - (a + b) / 2.0).abs() < 1e-6, "{a} {middle} {b}");
    }
    assert_ne!(one, other);
}
