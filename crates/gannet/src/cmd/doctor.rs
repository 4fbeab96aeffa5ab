//! `gannet doctor`: what firmware needs of this machine, and what of it is here.

use clap::Args;
use gannet_board::Host;
use gannet_board::doctor::{Check, Need, State, checks, set_up};

use crate::cmd::boards::{self, DEFAULT_BOARD};
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::report::JsonArg;

/// What building and emulating firmware needs, what is missing, and how to get it.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Install what is missing.
    #[arg(long)]
    fix: bool,
    /// The board whose firmware is to be built.
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
    #[command(flatten)]
    json: JsonArg,
}

pub fn run(args: &Doctor) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let host = Host::current();
    let target = boards::find(&args.board)?.core.rust_target();
    if args.fix {
        set_up(&host, target, |line| screen.note(line))?;
    }
    let found = checks(&host, target);
    let mut rows = table(&[
        Column::Text("what"),
        Column::Text("state"),
        Column::Text("where"),
    ]);
    for check in &found {
        rows.add_row(match &check.state {
            State::Found { version, path } => [
                check.what.clone(),
                version.clone(),
                path.display().to_string(),
            ],
            State::Missing { advice, .. } => {
                let state = match check.need {
                    Need::Required => "missing",
                    Need::Optional => "missing, not needed for Rust in the emulator",
                };
                [check.what.clone(), state.to_owned(), advice.clone()]
            }
        });
    }
    screen.line(rows);
    args.json.write(&[("doctor", &found)])?;
    if found.iter().any(Check::is_lacking) {
        return Err(Failure::new(
            "something that firmware needs is missing: `gannet doctor --fix` installs it",
        ));
    }
    Ok(())
}
