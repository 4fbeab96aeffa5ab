//! Runs on the real MNIST: that they learn, and that they can be repeated to the bit.

use std::num::NonZero;

use gannet_data::{Classes, Dataset, Images, Split};
use gannet_graph::{Graph, networks};
use gannet_train::{Control, Event, Recipe, Threads, Trained, fit};

/// The first images of a split.
fn first(split: &Split, count: usize) -> Split {
    let shape = split.images().shape();
    let pixels = split.images().pixels()[..count * shape.elements()].to_vec();
    let images = Images::new(shape, pixels).unwrap();
    Split::new(images, split.labels()[..count].to_vec(), &Classes::digits()).unwrap()
}

fn data() -> (Split, Split) {
    let mnist = Dataset::open("mnist").unwrap();
    (first(mnist.train(), 5000), first(mnist.test(), 1000))
}

fn run(graph: Graph, recipe: &Recipe, threads: usize, (train, test): &(Split, Split)) -> Trained {
    let threads = Threads::Count(NonZero::new(threads).unwrap());
    fit(graph, train, test, recipe, threads, &mut |_| {
        Control::Continue
    })
    .unwrap()
}

fn bits(trained: &Trained) -> Vec<u32> {
    trained
        .graph
        .weights()
        .flatten()
        .map(|weight| weight.to_bits())
        .collect()
}

#[test]
fn threads_change_nothing_and_the_seed_does() {
    let data = data();
    // 5,000 is 39 batches of 128 and one of 8: half a chunk.
    let recipe = Recipe {
        epochs: 2,
        seed: 1,
        ..Recipe::default()
    };
    let one = run(networks::mnist_small(), &recipe, 1, &data);
    let three = run(networks::mnist_small(), &recipe, 3, &data);
    assert_eq!(bits(&one), bits(&three));
    let figures = |trained: &Trained| {
        let history = trained.history.iter();
        history
            .map(|e| [e.loss, e.accuracy, e.val_loss, e.val_accuracy])
            .collect::<Vec<_>>()
    };
    assert_eq!(figures(&one), figures(&three));

    let other = run(
        networks::mnist_small(),
        &Recipe { seed: 2, ..recipe },
        3,
        &data,
    );
    assert_ne!(bits(&one), bits(&other));
}

/// The network of one recipe, seed and data, on whatever processor.
#[test]
fn the_bits_are_these() {
    let data = data();
    let recipe = Recipe {
        epochs: 1,
        seed: 42,
        ..Recipe::default()
    };
    let trained = run(networks::mnist_small(), &recipe, 2, &data);
    assert_eq!(
        trained.graph.hash().to_string(),
        "177ca0d2ef14eca79293f19e2334ebe24bbbc1ab25973207628caa985e346c3f"
    );
}

#[test]
fn a_stop_ends_the_run_with_whole_epochs() {
    let (train, test) = data();
    let mut batches = 0;
    let mut on_event = |event: Event<'_>| match event {
        Event::Batch(batch) => {
            batches += 1;
            assert_eq!(batch.batches, 40);
            if batch.epoch == 2 && batch.batch == 5 {
                Control::Stop
            } else {
                Control::Continue
            }
        }
        Event::Epoch(_) => Control::Continue,
    };
    let recipe = Recipe::default();
    let graph = networks::mnist_small();
    let trained = fit(graph, &train, &test, &recipe, Threads::All, &mut on_event).unwrap();
    assert_eq!((batches, trained.history.len()), (45, 1));
}

/// One epoch of the whole set; a network that guesses has 0.1.
#[test]
fn an_epoch_of_mnist_teaches_the_digits() {
    let mnist = Dataset::open("mnist").unwrap();
    let data = (mnist.train().clone(), mnist.test().clone());
    let recipe = Recipe {
        epochs: 1,
        ..Recipe::default()
    };
    let trained = run(networks::mnist_small(), &recipe, 2, &data);
    let epoch = trained.history[0];
    assert!(
        epoch.val_accuracy > 0.92 && epoch.val_loss < 0.02,
        "{epoch:?}"
    );
}
