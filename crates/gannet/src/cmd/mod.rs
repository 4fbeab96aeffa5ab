//! One file a subcommand.

pub mod analyze;
mod analyze_integers;
mod bench;
mod boards;
mod convert;
mod data;
mod demo;
mod doctor;
pub mod eval;
pub mod firmware;
mod flash;
pub mod generate;
mod image;
mod layers;
mod new;
mod prune;
mod quantize;
mod summary;
mod train;
mod validate;

use clap::Subcommand;

use crate::failure::Failure;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole way on the built-in network: train, analyse, build, boot, validate
    Demo(demo::Demo),
    /// What firmware needs of this machine, what is missing, and how to get it
    Doctor(doctor::Doctor),
    /// Look at a data set
    #[command(subcommand)]
    Data(data::Data),
    /// One picture as an array for C or Rust, or as PNG
    Image(image::Image),
    /// Begin a project: a folder with a commented gannet.toml
    New(new::New),
    /// Train a network and write it as a Keras model file
    Train(train::Train),
    /// Accuracy, confusion matrix and worst pictures of a network on a data set
    Eval(eval::Eval),
    /// A network's layers, shapes, parameters and multiply-accumulates
    Summary(summary::Summary),
    /// A trained network as one of 8-bit integers, and what that costs
    Quantize(quantize::Quantize),
    /// A trained network with fewer filters and units
    Prune(prune::Prune),
    /// Convert a model file, or weights and a network, to another format
    Convert(convert::Convert),
    /// What a network costs on a board, layer by layer, and whether it fits
    Analyze(analyze::Analyze),
    /// A network as source code: a Rust crate or C files, without heap or libraries
    Generate(generate::Generate),
    /// Write a firmware project that is yours
    Firmware(firmware::Firmware),
    /// Build a firmware project and measure what it takes of the board
    Build(firmware::Build),
    /// Write firmware to a board with probe-rs, and start it
    Flash(flash::Flash),
    /// What one inference costs on a board: instructions, estimated cycles, memory
    Bench(bench::Bench),
    /// Run test pictures on a device and compare every output with the host's
    Validate(validate::Validate),
    /// The boards that are known
    Boards,
    /// The layer kinds and activation functions that are known
    Layers(layers::Layers),
    /// A completion script for a shell, on standard output
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Carries a command out; `cli` is the whole command line's definition.
pub fn run(command: Command, cli: impl FnOnce() -> clap::Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Firmware(args) => firmware::write(&args),
        Command::Build(args) => firmware::build(&args),
        Command::Flash(args) => flash::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Data(args) => data::run(args),
        Command::Image(args) => image::run(&args),
        Command::New(args) => new::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Quantize(args) => quantize::run(&args),
        Command::Prune(args) => prune::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Analyze(args) => analyze::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Boards => boards::run(),
        Command::Layers(args) => layers::run(&args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut cli(), "gannet", &mut std::io::stdout());
            Ok(())
        }
    }
}
