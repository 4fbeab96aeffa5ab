//! `cargo xtask bench train`: training speed beside PyTorch's and Keras'.
//!
//! All programs stay in memory and take turns, a round each, so that whatever else the machine
//! does hits all of them alike; what counts is the ratio within a turn.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::Outcome;
use crate::process::{self, cargo, program, run_silently};
use crate::python::Environment;
use crate::workspace::Workspace;

/// Each measured network with the images of a round.
const NETWORKS: [(&str, usize); 2] = [("mnist-small", 60_000), ("separable", 6_000)];

/// The data set lies with the crate that bundles it.
const MNIST: &str = "crates/gannet-data/mnist";

/// Runs the measurement of that name: `[--with-keras] [--rounds N] [--threads N]`.
pub fn run(name: &str, arguments: &[String]) -> Outcome {
    if name != "train" {
        return Err(format!("There is no measurement `{name}`, only: train."));
    }
    let options = Options::parse(arguments)?;
    let environment = Environment::prepare(
        "bench",
        &["--requirement", "benches/train/requirements.txt"],
    )?;
    if options.with_keras {
        let requirements = ["--requirement", "benches/train/requirements-keras.txt"];
        Environment::prepare("bench", &requirements)?;
    }
    run_silently(cargo(&[
        "build",
        "--release",
        "--package",
        "gannet-train",
        "--example",
        "bench_train",
    ]))?;
    let own = Workspace::read()?
        .target
        .join("release/examples/bench_train");
    for (network, images) in NETWORKS {
        measure(network, images, &options, &own, &environment)?;
    }
    Ok(())
}

struct Options {
    with_keras: bool,
    rounds: usize,
    threads: usize,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Options {
            with_keras: false,
            rounds: 5,
            threads: 2,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().and_then(|value| value.parse().ok());
                value
                    .filter(|&value| value > 0)
                    .ok_or(format!("{word} takes a number above 0."))
            };
            match &word[..] {
                "--with-keras" => options.with_keras = true,
                "--rounds" => options.rounds = number()?,
                "--threads" => options.threads = number()?,
                other => {
                    return Err(format!(
                        "`{other}` is unknown; there are --with-keras, --rounds N, --threads N."
                    ));
                }
            }
        }
        Ok(options)
    }
}

/// A program that trains a round whenever it is told to.
struct Peer {
    name: &'static str,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    seconds: Vec<f64>,
}

impl Peer {
    fn start(name: &'static str, mut command: std::process::Command) -> Result<Self, String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{name} did not start: {error}."))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{name} has no pipes."));
        };
        let answers = BufReader::new(answers);
        let mut peer = Peer {
            name,
            child,
            orders,
            answers,
            seconds: Vec::new(),
        };
        println!("  {name}: {}", peer.answer()?);
        // The first round warms up and does not count.
        peer.round()?;
        Ok(peer)
    }

    fn round(&mut self) -> Result<f64, String> {
        let name = self.name;
        writeln!(self.orders, "go").map_err(|error| format!("{name} takes no orders: {error}."))?;
        let answer = self.answer()?;
        answer
            .parse()
            .map_err(|_| format!("{name} answered {answer:?}, which is no time."))
    }

    fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(count) if count > 0 => Ok(line.trim().to_owned()),
            _ => Err(format!("{} ended before it answered.", self.name)),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn measure(
    network: &'static str,
    images: usize,
    options: &Options,
    own: &PathBuf,
    environment: &Environment,
) -> Outcome {
    println!(
        "{network}, {images} images a round, batches of 128, {} threads",
        options.threads
    );
    let (images_word, threads) = (images.to_string(), options.threads.to_string());
    let mut peers = vec![Peer::start(
        "gannet",
        process::program(own, &[network, &images_word, &threads]),
    )?];
    let mut libraries = vec!["pytorch", "pytorch-channels-last"];
    libraries.extend(options.with_keras.then_some("keras"));
    for library in libraries {
        let python = environment.program("python");
        let mut command = program(
            python,
            &[
                "benches/train/peer.py",
                network,
                library,
                MNIST,
                "--images",
                &images_word,
            ],
        );
        command.args(["--threads", &threads]);
        peers.push(Peer::start(library, command)?);
    }
    for _ in 0..options.rounds {
        for peer in &mut peers {
            let seconds = peer.round()?;
            peer.seconds.push(seconds);
        }
    }
    println!(
        "  {:<22} {:>26} {:>12} {:>24}",
        "", "seconds a round", "images/s", "times gannet's"
    );
    let gannet = peers[0].seconds.clone();
    for peer in &peers {
        let ratios = peer
            .seconds
            .iter()
            .zip(&gannet)
            .map(|(own, gannet)| own / gannet)
            .collect();
        let (seconds, ratios) = (Spread::of(peer.seconds.clone()), Spread::of(ratios));
        println!(
            "  {:<22} {:>8.3} [{:>6.3} – {:>6.3}] {:>12.0} {:>6.2} [{:>5.2} – {:>5.2}]",
            peer.name,
            seconds.median,
            seconds.least,
            seconds.greatest,
            images as f64 / seconds.median,
            ratios.median,
            ratios.least,
            ratios.greatest
        );
    }
    Ok(())
}

/// Median and range of some numbers, of which there is at least one.
struct Spread {
    median: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[half]
        } else {
            (values[half - 1] + values[half]) / 2.0
        };
        Spread {
            median,
            least: values[0],
            greatest: values[values.len() - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_and_the_ends() {
        let spread = Spread::of(vec![3.0, 1.0, 2.0, 10.0]);
        assert_eq!(
            (spread.median, spread.least, spread.greatest),
            (2.5, 1.0, 10.0)
        );
    }

    #[test]
    fn options_are_checked() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let options = Options::parse(&words("--rounds 3 --with-keras"))
            .ok()
            .unwrap();
        assert!(options.with_keras && options.rounds == 3 && options.threads == 2);
        assert!(Options::parse(&words("--rounds none")).is_err());
        assert!(Options::parse(&words("--keras")).is_err());
    }
}
