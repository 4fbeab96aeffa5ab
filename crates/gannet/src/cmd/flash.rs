//! `gannet flash`: a project's firmware onto its board.

use std::path::PathBuf;

use clap::Args;
use gannet_board::FlashError;
use gannet_board::validate::Failure as Reason;
use serde::Serialize;

use crate::cmd::firmware;
use crate::failure::Failure;
use crate::report::JsonArg;

/// Build a firmware project, write one of its programs to the board with probe-rs, and start it.
#[derive(Debug, Args)]
pub struct Flash {
    /// The project's folder.
    folder: PathBuf,
    /// Which of its programs: validate, example, in C also tutorial_validate or tutorial_single.
    #[arg(long, default_value = "validate")]
    program: String,
    /// One of several debug probes, as VID:PID or VID:PID:SERIAL.
    #[arg(long)]
    probe: Option<String>,
    #[command(flatten)]
    json: JsonArg,
}

/// What the report tells of a board that was not flashed.
#[derive(Serialize)]
struct NotFlashed<'a> {
    board: &'a str,
    failure: Reason,
}

pub fn run(args: &Flash) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let (lang, board) = firmware::kind(&args.folder)?;
    let (host, images) = firmware::images(lang, board, &args.folder, screen)?;
    let mut image = images.validate.path.with_file_name(&args.program);
    if let Some(extension) = images.validate.path.extension() {
        image.set_extension(extension);
    }
    if !image.is_file() {
        return Err(Failure::usage(format!(
            "{} has no program {}; there are validate and example, and in C tutorial_validate and \
             tutorial_single",
            args.folder.display(),
            args.program
        )));
    }
    let spinner = screen.spinner(&format!("writing to {}", board.title));
    let flashed = gannet_board::flash(&host, board, &image, args.probe.as_deref());
    spinner.finish_and_clear();
    match flashed {
        Ok(flashed) => {
            screen.line(format_args!(
                "{} runs {}, written by the probe {}",
                board.title, args.program, flashed.probe
            ));
            if args.program == "validate" {
                screen.line(format_args!(
                    "`gannet validate MODEL --board {} --on serial:PORT` talks to it",
                    board.name
                ));
            }
            args.json.write(&[("flash", &flashed)])
        }
        Err(error) => Err(args.tell(&board.name, &error)),
    }
}

impl Flash {
    /// Puts into the report why the board was not flashed.
    fn tell(&self, board: &str, error: &FlashError) -> Failure {
        let failure = Reason::new(error.code(), error.to_string());
        let section = NotFlashed { board, failure };
        let written = self.json.write(&[("flash", &section)]);
        written
            .err()
            .unwrap_or_else(|| Failure::named(error.code(), error.to_string()))
    }
}
