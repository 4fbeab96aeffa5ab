//! Gannet's automation, started as `cargo xtask COMMAND`.
//!
//! One file a command; each takes what stands behind its name and returns a sentence when it
//! fails. What the commands share is in `process` (running programs) and `workspace` (what Cargo
//! knows of it).

mod bench;
mod boards;
mod demo;
mod fuzz;
mod layers;
mod licences;
mod oracle;
mod process;
mod python;
mod setup;
mod spell;
mod suites;
mod test;
mod workspace;

use std::process::ExitCode;

/// What a command or a check comes to; the error is one or more sentences for the user.
type Outcome = Result<(), String>;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo [-- ARGS]         set up, build and run `gannet demo ARGS`
  test                   set up and run every check and every test
  setup                  install what is missing, and nothing else
  boards                 build firmware for every board, boot it where there is an emulator
  spell                  check the spelling (Python)
  oracle [-- ARGS]       compare with the programs that Gannet must agree with (Python)
  fuzz NAME [SECONDS]    look for files that a parser cannot bear; NAME is a program in fuzz/
  bench NAME [-- ARGS]   measure; NAME is `train`";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(separator) = arguments.iter().position(|argument| argument == "--") {
        arguments.remove(separator);
    }
    let Some((command, rest)) = arguments.split_first() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let outcome = match (command.as_str(), rest) {
        ("demo", rest) => demo::run(rest),
        ("test", []) => test::run(),
        ("setup", []) => setup::run(),
        ("boards", []) => boards::run(),
        ("spell", []) => spell::run(),
        ("oracle", rest) => oracle::run(rest),
        ("fuzz", [name, rest @ ..]) => fuzz::run_target(name, rest),
        ("bench", [name, rest @ ..]) => bench::run(name, rest),
        ("help" | "--help" | "-h", []) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!(
                "`cargo xtask {}` is not a command.\n{USAGE}",
                arguments.join(" ")
            );
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
