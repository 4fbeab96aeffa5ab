//! One file a subcommand.

mod analyze;
mod boards;
mod data;
mod eval;
mod generate;
mod image;
mod layers;
mod summary;
mod train;

use clap::Subcommand;

use crate::failure::Failure;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at a data set
    #[command(subcommand)]
    Data(data::Data),
    /// One picture as an array for C or Rust, or as PNG
    Image(image::Image),
    /// Train a network and write it as a Keras model file
    Train(train::Train),
    /// Accuracy, confusion matrix and worst pictures of a network on a data set
    Eval(eval::Eval),
    /// A network's layers, shapes, parameters and multiply-accumulates
    Summary(summary::Summary),
    /// What a network costs on a board, layer by layer, and whether it fits
    Analyze(analyze::Analyze),
    /// A network as a crate of Rust without heap, dependencies or standard library
    Generate(generate::Generate),
    /// The boards that are known
    Boards,
    /// The layer kinds and activation functions that are known
    Layers,
    /// A completion script for a shell, on standard output
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Carries a command out; `cli` is the whole command line's definition.
pub fn run(command: Command, cli: impl FnOnce() -> clap::Command) -> Result<(), Failure> {
    match command {
        Command::Data(args) => data::run(args),
        Command::Image(args) => image::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Analyze(args) => analyze::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Boards => boards::run(),
        Command::Layers => layers::run(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut cli(), "gannet", &mut std::io::stdout());
            Ok(())
        }
    }
}
