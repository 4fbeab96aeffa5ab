//! `gannet analyze`: what a network costs on a board, and whether it fits.

use clap::Args;
use gannet_board::Board;
use gannet_compile::analysis::Analysis;
use gannet_compile::compile;
use gannet_formats::Model;

use crate::budget::{self, Budget};
use crate::cmd::analyze_integers;
use crate::cmd::boards::{self, DEFAULT_BOARD};
use crate::cmd::generate::{InputArg, OptimizeArg};
use crate::compression::{self, CompressArg, Compressed};
use crate::draw::number::{count, kib, percent, seconds};
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::model;
use crate::report::{JsonArg, erased};
use crate::screen::Screen;

/// What a network costs on a board, layer by layer, and whether it fits.
#[derive(Debug, Args)]
pub struct Analyze {
    /// A model file, a gannet.toml, or a built-in network such as mnist-small.
    model: String,
    /// The board; `gannet boards` lists them. The project's, or nucleo-f446re, without it.
    #[arg(long)]
    board: Option<String>,
    /// What the device is given for a picture.
    #[arg(long, value_enum, default_value = "u8")]
    pub input: InputArg,
    #[command(flatten)]
    pub optimize: OptimizeArg,
    #[command(flatten)]
    compress: CompressArg,
    /// The data set for --compress: `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist", requires = "compress")]
    data: String,
    /// Less than all of the board: flash=64k,ram=8k,cycles=1M, or some of them.
    #[arg(long, value_name = "LIMITS")]
    budget: Option<Budget>,
    #[command(flatten)]
    pub json: JsonArg,
}

pub fn run(args: &Analyze) -> Result<(), Failure> {
    let board = match &args.board {
        Some(board) => Some(board.clone()),
        None => model::board(&args.model)?,
    };
    let board = boards::find(board.as_deref().unwrap_or(DEFAULT_BOARD))?;
    let budget = args.budget.unwrap_or_default();
    let wanted = args.compress.told_by(&args.data);
    if wanted.level.is_some() {
        // Values are those of trained weights.
        model::has_weights(&args.model)?;
    }
    let (screen, options) = (args.json.screen()?, args.optimize.options(args.input));
    let (graph, program, compression) = match (model::structure_any(&args.model)?, wanted.level) {
        (Model::Quantized(_), Some(_)) => return Err(compression::of_integers(&args.model)),
        (Model::Quantized(graph), None) => {
            return analyze_integers::run(&graph, board, budget, args);
        }
        (Model::Float(graph), Some(level)) => {
            let compressed = Compressed::new(&graph, (level, wanted.data), &options, screen)?;
            (
                compressed.graph,
                compressed.program,
                Some(compressed.section),
            )
        }
        (Model::Float(graph), None) => {
            let program = compile(&graph, &options)?;
            (graph, program, None)
        }
    };
    let analysis = Analysis::new(&graph, &program, board.core);
    show(&analysis, board, screen);
    let mut sections: Vec<(&str, &dyn erased::Section)> = vec![("analysis", &analysis)];
    sections.extend(compression::section(compression.as_ref()));
    args.json.write(&sections)?;
    budget::keep(&analysis.misfits(&budget.limits(board)))
}

/// Whether what was analysed fits `board`.
pub fn fit(analysis: &Analysis, board: &Board) -> Result<(), Failure> {
    budget::keep(&analysis.misfits(&Budget::default().limits(board)))
}

/// Draws the tables.
pub fn show(analysis: &Analysis, board: &Board, screen: Screen) {
    let mut layers = table(&[
        Column::Text("layer"),
        Column::Text("kind"),
        Column::Text("output"),
        Column::Number("params"),
        Column::Number("MACs"),
        Column::Number("weights B"),
        Column::Number("activations B"),
        Column::Number("cycles (estimated)"),
    ]);
    let mut before: Option<&str> = None;
    for layer in &analysis.layers {
        let stage = layer.stage.as_deref();
        let fused = stage.is_some() && stage == before;
        before = stage;
        let shape: Vec<String> = layer.output_shape.iter().map(usize::to_string).collect();
        layers.add_row([
            layer.name.clone(),
            layer.kind.to_owned(),
            shape.join("×"),
            count(layer.params as u64),
            count(layer.macs),
            count(layer.weights_bytes as u64),
            match (fused, stage) {
                (true, _) => "fused ↑".to_owned(),
                (false, None) if layer.kind == "Flatten" => "a view".to_owned(),
                // Folded into the weights before it, or left out.
                (false, None) => "none".to_owned(),
                (false, Some(_)) => count(layer.activations_bytes as u64),
            },
            match layer.estimated_cycles {
                Some(cycles) if cycles > 0 => count(cycles),
                _ => String::new(),
            },
        ]);
    }
    screen.line(format_args!("{} on {}", analysis.network, board.title));
    screen.line(layers);

    let (flash, ram) = (board.flash.len_bytes as usize, board.ram.len_bytes as usize);
    let share = |bytes: usize, of: usize| percent(bytes as f64 / of as f64);
    let mut totals = table(&[
        Column::Text("in all"),
        Column::Number("Gannet"),
        Column::Number("X-CUBE-AI's way of counting"),
        Column::Text("of the board"),
    ]);
    totals.add_row([
        "weights".to_owned(),
        format!(
            "{} B, {}",
            count(analysis.weights_bytes as u64),
            kib(analysis.weights_bytes)
        ),
        format!(
            "{} B, {}",
            count(analysis.st.weights_bytes as u64),
            kib(analysis.st.weights_bytes)
        ),
        format!(
            "{} of {} flash",
            share(analysis.weights_bytes, flash),
            kib(flash)
        ),
    ]);
    totals.add_row([
        "activations".to_owned(),
        format!(
            "{} B, {}",
            count(analysis.activations_bytes as u64),
            kib(analysis.activations_bytes)
        ),
        format!(
            "{} B, {}",
            count(analysis.st.activations_bytes as u64),
            kib(analysis.st.activations_bytes)
        ),
        format!(
            "{} of {} RAM",
            share(analysis.activations_bytes, ram),
            kib(ram)
        ),
    ]);
    totals.add_row([
        "operations".to_owned(),
        format!("{} MACs", count(analysis.macs)),
        format!("{} MACC", count(analysis.macc_st)),
        String::new(),
    ]);
    totals.add_row([
        "cycles (estimated)".to_owned(),
        analysis
            .estimated_cycles
            .map_or("not known for this core".to_owned(), count),
        String::new(),
        analysis.estimated_cycles.map_or(String::new(), |cycles| {
            let hz = board.clock.core_hz();
            format!(
                "{} at {} MHz",
                seconds(cycles as f64 / f64::from(hz)),
                hz / 1_000_000
            )
        }),
    ]);
    totals.add_row([
        "parameters".to_owned(),
        count(analysis.params as u64),
        String::new(),
        String::new(),
    ]);
    screen.line(totals);
    screen.note("Activations include input and output. Code and stack come on top: `gannet build` measures them. `gannet bench` counts instructions, and cycles more closely.");
}
