//! Trains a built-in network on MNIST and prints a line an epoch:
//! `cargo run --release -p gannet-train --example train_mnist -- [epochs] [seed] [threads]`.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use gannet_data::Dataset;
use gannet_graph::networks;
use gannet_train::{Control, Event, Recipe, Threads, fit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<usize> = std::env::args()
        .skip(1)
        .map(|word| word.parse())
        .collect::<Result<_, _>>()?;
    let number = |place: usize| numbers.get(place).copied();
    let recipe = Recipe {
        epochs: number(0).unwrap_or(30),
        seed: number(1).unwrap_or(0) as u64,
        ..Recipe::default()
    };
    let threads = number(2)
        .and_then(|count| count.try_into().ok())
        .map_or(Threads::All, Threads::Count);

    let mnist = Dataset::open("mnist")?;
    let mut on_event = |event: Event<'_>| {
        if let Event::Epoch(epoch) = event {
            println!(
                "epoch {:2}  loss {:.5}  accuracy {:.4}  val_loss {:.5}  val_accuracy {:.4}  {:.2} s + {:.2} s",
                epoch.epoch,
                epoch.loss,
                epoch.accuracy,
                epoch.val_loss,
                epoch.val_accuracy,
                epoch.seconds,
                epoch.val_seconds,
            );
        }
        Control::Continue
    };
    let trained = fit(
        networks::mnist_small(),
        mnist.train(),
        mnist.test(),
        &recipe,
        threads,
        &mut on_event,
    )?;
    println!("network {}", trained.graph.hash());
    Ok(())
}
