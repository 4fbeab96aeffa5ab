//! `gannet bench`: what one inference costs on a board, counted in the emulator, and measured on a
//! board at a serial port.

use std::path::{Path, PathBuf};

use clap::Args;
use gannet_board::{Bench as Section, Subject, Toolchain, measured};
use gannet_compile::analysis::Limits;
use gannet_compile::c::Prefix;
use gannet_compile::cost;
use gannet_compile::ir::Program;
use gannet_data::{Dataset, ImageRef};

use crate::budget::{Budget, Taken, keep_all};
use crate::cmd::boards::BoardArgs;
use crate::cmd::firmware::{self, PixelsArg};
use crate::cmd::generate::{CodeArgs, Language};
use crate::compiled::Compiled;
use crate::compression::{self, CompressArg};
use crate::device::{Deployment, On};
use crate::draw::number::{count, percent, seconds};
use crate::draw::table::{Column, pairs, table};
use crate::failure::Failure;
use crate::report::{JsonArg, erased};
use crate::screen::Screen;

/// What one inference costs on a board, counted in the emulator: instructions, estimated cycles,
/// flash, RAM and stack, layer by layer.
#[derive(Debug, Args)]
pub struct Bench {
    /// A model file.
    model: String,
    #[command(flatten)]
    board: BoardArgs,
    /// What the network is given for a picture.
    #[arg(long, value_enum, default_value = "u8")]
    input: PixelsArg,
    /// The language of the firmware.
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    #[command(flatten)]
    code: CodeArgs,
    #[command(flatten)]
    compress: CompressArg,
    /// The data set for --compress: `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist", requires = "compress")]
    data: String,
    /// The picture that is run: DATASET:SPLIT/INDEX; one that has every value, if left out.
    #[arg(long)]
    picture: Option<ImageRef>,
    /// Measure on a board too, which runs the firmware `validate`: serial:PORT or serial:PORT:BAUD.
    #[arg(long, value_name = "serial:PORT")]
    on: Option<On>,
    /// Where the project is written and built; NETWORK-BOARD in this folder without it.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// What the firmware may take of the board: flash=64k,ram=8k,cycles=1M, or some of them.
    #[arg(long, value_name = "LIMITS")]
    budget: Option<Budget>,
    #[command(flatten)]
    json: JsonArg,
}

pub fn run(args: &Bench) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let board = &args.board.find()?;
    let options = args.code.options(args.input.into());
    let compiled = Compiled::read(
        &args.model,
        &options,
        args.compress.told_by(&args.data),
        screen,
    )?;
    compiled.check(board)?;
    let (macs, program) = (compiled.macs(), compiled.program);
    let compression = compiled.compression;
    let folder = args
        .folder
        .clone()
        .unwrap_or_else(|| firmware::folder(args.lang, &program, &board.name));
    let picture: Vec<u8> = match &args.picture {
        Some(picture) => {
            let dataset = Dataset::open(&picture.dataset)?;
            picture.find_in(&dataset)?.image.pixels().to_vec()
        }
        // Each value of a pixel in turn: what is computed on matters little to what it costs.
        None => (0..=u8::MAX).cycle().take(program.image_len()).collect(),
    };
    let layers = Layers::of(&program);
    let deployment = Deployment {
        lang: args.lang,
        program: &program,
        board,
        picture: &picture,
        folder: Some(folder.clone()),
    };
    let mut section = trace(&deployment, &layers, &folder, screen)?;
    if let Some(on) = &args.on {
        let mut client = deployment.connect(on, screen)?.client;
        match measured(&mut client, board, &picture)? {
            Some(measured) => {
                let stages = measured.stages.unwrap_or_default();
                section.measure(measured.cycles, &layers.sums(&stages));
            }
            None => screen.note(format_args!(
                "No cycles were measured: what answers has no counter that runs at the {} MHz of \
                 this board, as an emulator has none.",
                board.clock.core_hz() / 1_000_000
            )),
        }
    }
    section.macs = Some(macs);
    show(&section, screen);
    let mut sections: Vec<(&str, &dyn erased::Section)> = vec![("bench", &section)];
    sections.extend(compression::section(compression.as_ref()));
    args.json.write(&sections)?;
    keep(
        &section,
        &program,
        &args.budget.unwrap_or_default().limits(board),
    )
}

/// A failure if what was measured is more than `limits`.
fn keep(section: &Section, program: &Program, limits: &Limits) -> Result<(), Failure> {
    let taken = [
        Taken {
            what: "its firmware takes",
            amount: section.flash_bytes,
            unit: "bytes of flash",
            limit: Some(limits.flash_bytes as u64),
        },
        Taken {
            what: "its firmware takes",
            amount: section.static_ram_bytes + section.stack_bytes.unwrap_or(0),
            unit: "bytes of RAM with its stack",
            limit: Some(limits.ram_bytes as u64),
        },
        Taken {
            what: "one inference takes an estimated",
            amount: section.estimated_cycles,
            unit: "cycles",
            limit: limits.cycles,
        },
    ];
    keep_all(program.name(), &taken, &limits.given_by)
}

/// Builds the firmware in `folder` and traces its program `example`.
fn trace(
    deployment: &Deployment<'_>,
    layers: &Layers,
    folder: &Path,
    screen: Screen,
) -> Result<Section, Failure> {
    let &Deployment {
        lang,
        program,
        board,
        picture,
        ..
    } = deployment;
    firmware::project(lang, program, board, picture, folder)?;
    let (host, mut images) = firmware::images(lang, board, folder, screen)?;
    let run = firmware::example(&host, board, &images)?;
    images.example.sizes.stack_bytes = Some(run.peak_stack_bytes.into());
    let run = match lang {
        Language::Rust => "Network::run".to_owned(),
        Language::C => format!("{}_run", Prefix::of(program).lower()),
    };
    let subject = Subject {
        image: &images.example,
        run: &run,
        layers: &layers.named,
    };
    let toolchain = Toolchain::find(&host, board.core.rust_target())?;
    let spinner = screen.spinner("counting instructions");
    let traces = folder.join("target/trace");
    let section = gannet_board::bench(&host, &toolchain, board, subject, &traces);
    spinner.finish_and_clear();
    let mut section = section?;
    section.link_static_ram_bytes = Some(images.validate.sizes.static_ram_bytes);
    let compiler = match lang {
        Language::Rust => cost::Compiler::Rustc,
        Language::C => cost::Compiler::Gcc,
    };
    if let Some(stages) = cost::estimated_cycles(program, board.core, compiler) {
        section.estimate(&layers.sums(&stages));
    }
    Ok(section)
}

/// The layers that are computed together, in the order of the network. A stage that begins rows
/// and one that goes on with them are of the same layers.
struct Layers {
    /// A name, and the names of the stages that compute it.
    named: Vec<(String, Vec<String>)>,
    /// The places of these stages in the Program.
    members: Vec<Vec<usize>>,
}

impl Layers {
    fn of(program: &Program) -> Layers {
        let mut named: Vec<(String, Vec<String>)> = Vec::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (place, stage) in program.stages().iter().enumerate() {
            let name = stage.layers.join(", ");
            match named.iter().position(|(other, _)| *other == name) {
                Some(known) => {
                    named[known].1.push(stage.name.clone());
                    members[known].push(place);
                }
                None => {
                    named.push((name, vec![stage.name.clone()]));
                    members.push(vec![place]);
                }
            }
        }
        Layers { named, members }
    }

    /// Of figures of the Program's stages those of the layers; nothing if a stage has none.
    fn sums(&self, stages: &[u64]) -> Vec<u64> {
        let figures = |members: &Vec<usize>| members.iter().map(|&stage| stages.get(stage)).sum();
        let sums: Option<Vec<u64>> = self.members.iter().map(figures).collect();
        sums.unwrap_or_default()
    }
}

fn unless_unknown(cycles: Option<u64>) -> String {
    cycles.map_or("–".to_owned(), count)
}

/// Draws the tables.
fn show(section: &Section, screen: Screen) {
    let mut layers = table(&[
        Column::Text("layers"),
        Column::Number("instructions"),
        Column::Number("cycles (estimated)"),
        Column::Number("without trace"),
        Column::Number("measured"),
        Column::Number("share"),
        Column::Number("code B"),
    ]);
    for layer in &section.layers {
        layers.add_row([
            layer.name.clone(),
            count(layer.instructions),
            count(layer.estimated_cycles),
            unless_unknown(layer.static_estimated_cycles),
            unless_unknown(layer.measured_cycles),
            percent(layer.estimated_cycles as f64 / section.estimated_cycles as f64),
            count(layer.code_bytes),
        ]);
    }
    screen.line(layers);
    let bytes = |bytes: u64| format!("{} B", count(bytes));
    let mut rows = vec![
        ("instructions".to_owned(), count(section.instructions)),
        (
            "cycles (estimated)".to_owned(),
            count(section.estimated_cycles),
        ),
        (
            "  a multiply-accumulate".to_owned(),
            match section.macs {
                None | Some(0) => "–".to_owned(),
                Some(macs) => format!("{:.2}", section.estimated_cycles as f64 / macs as f64),
            },
        ),
        (
            format!("  at {} MHz", section.clock_hz / 1_000_000),
            seconds(section.estimated_ms / 1e3),
        ),
        (
            "  without trace".to_owned(),
            unless_unknown(section.static_estimated_cycles),
        ),
        (
            "cycles (measured)".to_owned(),
            unless_unknown(section.measured_cycles),
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
    rows.extend((section.link_static_ram_bytes).map(|ram| {
        let name = "  with what arrives over the link".to_owned();
        (name, bytes(ram))
    }));
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
