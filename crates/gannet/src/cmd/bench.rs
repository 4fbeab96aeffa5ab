//! `gannet bench`: what one inference costs on a board, counted in the emulator.

use std::path::{Path, PathBuf};

use clap::Args;
use gannet_board::{Bench as Section, Board, Toolchain};
use gannet_compile::compile;
use gannet_compile::ir::Program;

use crate::cmd::boards::BoardArgs;
use crate::cmd::generate::{InputArg, Language};
use crate::cmd::{analyze, firmware};
use crate::draw::number::{count, percent, seconds};
use crate::draw::table::{Column, pairs, table};
use crate::failure::Failure;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// What one inference costs on a board, counted in the emulator: instructions, estimated cycles,
/// flash, RAM and stack, stage by stage.
#[derive(Debug, Args)]
pub struct Bench {
    /// A model file.
    model: String,
    #[command(flatten)]
    board: BoardArgs,
    /// The language of the firmware.
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    /// Where the firmware project is written; NETWORK-BOARD in the present folder without it.
    #[arg(long, value_name = "DIR")]
    project: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArg,
}

pub fn run(args: &Bench) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let board = &args.board.find()?;
    let graph = model::trained(&args.model)?;
    let program = compile(&graph, &InputArg::U8.options())?;
    analyze::check(&graph, &program, board)?;
    let folder = args
        .project
        .clone()
        .unwrap_or_else(|| firmware::folder(args.lang, &program, &board.name));
    let section = measure(args.lang, &program, board, &folder, screen)?;
    show(&section, &program, screen);
    args.json.write(&[("bench", &section)])
}

/// Builds the firmware in `folder` and traces its program `example`.
fn measure(
    lang: Language,
    program: &Program,
    board: &Board,
    folder: &Path,
    screen: Screen,
) -> Result<Section, Failure> {
    // Each value of a pixel in turn: what is computed on matters little to what it costs.
    let picture: Vec<u8> = (0..=u8::MAX).cycle().take(program.input().len()).collect();
    firmware::project(lang, program, board, &picture, folder)?;
    let (host, mut images) = firmware::images(lang, board, folder, screen)?;
    let run = firmware::example(&host, board, &images)?;
    images.example.sizes.stack_bytes = Some(run.peak_stack_bytes.into());
    let stages: Vec<&str> = program.stages().iter().map(|stage| &*stage.name).collect();
    let spinner = screen.spinner("counting instructions");
    let section = gannet_board::bench(
        &host,
        &Toolchain::find(&host, board.core.rust_target())?,
        board,
        &images.example,
        &stages,
        &folder.join("target/trace"),
    );
    spinner.finish_and_clear();
    Ok(section?)
}

/// Draws the tables.
fn show(section: &Section, program: &Program, screen: Screen) {
    let mut stages = table(&[
        Column::Text("stage"),
        Column::Text("layers"),
        Column::Number("instructions"),
        Column::Number("cycles (estimated)"),
        Column::Number("share"),
        Column::Number("code B"),
    ]);
    for (stage, described) in section.layers.iter().zip(program.stages()) {
        stages.add_row([
            stage.name.clone(),
            described.layers.join(", "),
            count(stage.instructions),
            count(stage.estimated_cycles),
            percent(stage.estimated_cycles as f64 / section.estimated_cycles as f64),
            count(stage.code_bytes),
        ]);
    }
    screen.line(stages);
    let bytes = |bytes: u64| format!("{} B", count(bytes));
    let mut rows = vec![
        ("instructions".to_owned(), count(section.instructions)),
        (
            "cycles (estimated)".to_owned(),
            count(section.estimated_cycles),
        ),
        (
            format!("  at {} MHz", section.clock_hz / 1_000_000),
            seconds(section.estimated_ms / 1e3),
        ),
        ("flash".to_owned(), bytes(section.flash_bytes)),
        ("  weights".to_owned(), bytes(section.weights_bytes)),
        ("  the network's code".to_owned(), bytes(section.code_bytes)),
        (
            "  all code and constants".to_owned(),
            bytes(section.image_code_bytes),
        ),
        ("static RAM".to_owned(), bytes(section.static_ram_bytes)),
    ];
    rows.extend(
        section
            .stack_bytes
            .map(|stack| ("peak stack".to_owned(), bytes(stack))),
    );
    screen.line(pairs(rows));
    screen.note(format_args!(
        "Cycles are estimated from the counted instructions and the core's manual ({}); flash and \
         RAM without wait states.",
        section.timing
    ));
}
