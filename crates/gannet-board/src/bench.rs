//! What one inference costs on a board: an image and its stages go in; instructions, cycles by
//! the core's timing table, code and memory come out, stage by stage.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::error::BoardError;
use crate::host::Host;
use crate::image::Image;
use crate::toolchain::Toolchain;
use crate::trace::{Code, Function, account, record};

/// What an image calls to run its network once.
const RUN: &str = "Network::run";

/// How long the emulator may take until one inference is through.
const PATIENCE: Duration = Duration::from_secs(300);

/// The report's section `bench`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bench {
    /// The board.
    pub board: String,
    /// Its core.
    pub core: String,
    /// Core clock that milliseconds are counted at.
    pub clock_hz: u32,
    /// Where the cycles of an instruction are from.
    pub timing: String,
    /// Instructions of one inference, counted in the emulator.
    pub instructions: u64,
    /// Their cycles by the timing table, flash and RAM without wait states: an estimate.
    pub estimated_cycles: u64,
    /// Estimated cycles at the board's clock, in milliseconds.
    pub estimated_ms: f64,
    /// What the operations of the compiled network cost by the same table, without any trace.
    pub static_estimated_cycles: Option<u64>,
    /// What a cycle counter on the board itself told.
    pub measured_cycles: Option<u64>,
    /// Weights and tables in flash.
    pub weights_bytes: u64,
    /// The network's own code.
    pub code_bytes: u64,
    /// All of the image's flash but the weights.
    pub image_code_bytes: u64,
    /// The image's flash.
    pub flash_bytes: u64,
    /// The image's RAM: the network's arena and every other static.
    pub static_ram_bytes: u64,
    /// The most stack that was in use.
    pub stack_bytes: Option<u64>,
    /// Stage by stage, in the order in which they run.
    pub layers: Vec<Stage>,
}

/// What one stage of the network costs, and layers that are fused are one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name in generated code.
    pub name: String,
    /// Instructions, those of functions that it calls included.
    pub instructions: u64,
    /// Their cycles by the timing table.
    pub estimated_cycles: u64,
    /// What its operations cost by the same table, without any trace.
    pub static_estimated_cycles: Option<u64>,
    /// Its own code.
    pub code_bytes: u64,
}

/// Traces one inference of `image` in the emulator that stands in for `board`. `stages` are the
/// names of the network's stages; `folder` keeps the compiled tracer.
///
/// # Errors
/// As [`record`]; [`BoardError::Image`] for an image that has not got these stages,
/// [`BoardError::Trace`] for one that executes unknown instructions.
pub fn bench(
    host: &Host,
    toolchain: &Toolchain,
    board: &Board,
    image: &Image,
    stages: &[&str],
    folder: &Path,
) -> Result<Bench, BoardError> {
    let code = Code::read(&image.path)?;
    let run = code.expect_function(RUN)?;
    let functions = stages
        .iter()
        .map(|stage| code.expect_function(&format!("stages::compute_{stage}")))
        .collect::<Result<Vec<&Function>, _>>()?;
    let record = record(
        host,
        toolchain,
        board,
        &image.path,
        (RUN, run.start),
        folder,
        PATIENCE,
    )?;
    let timing = board.core.timing();
    let starts: Vec<u32> = functions.iter().map(|function| function.start).collect();
    let traced = account(&code, &record, timing, &starts)?;

    let layers: Vec<Stage> = stages
        .iter()
        .zip(&functions)
        .zip(&traced.stages)
        .map(|((&name, function), stage)| Stage {
            name: name.to_owned(),
            instructions: stage.instructions,
            estimated_cycles: stage.cycles,
            static_estimated_cycles: None,
            code_bytes: function.len_bytes.into(),
        })
        .collect();
    let clock_hz = board.clock.core_hz();
    Ok(Bench {
        board: board.name.clone(),
        core: board.core.name().into(),
        clock_hz,
        timing: timing.source.into(),
        instructions: traced.total.instructions,
        estimated_cycles: traced.total.cycles,
        estimated_ms: traced.total.cycles as f64 / f64::from(clock_hz) * 1e3,
        static_estimated_cycles: None,
        measured_cycles: None,
        weights_bytes: image.sizes.weights_bytes,
        code_bytes: own_code(&code, run),
        image_code_bytes: image.sizes.code_bytes,
        flash_bytes: image.sizes.flash_bytes,
        static_ram_bytes: image.sizes.static_ram_bytes,
        stack_bytes: image.sizes.stack_bytes,
        layers,
    })
}

/// The code of every function of the crate that `run` belongs to.
fn own_code(code: &Code, run: &Function) -> u64 {
    let network = run.name.strip_suffix(RUN).unwrap_or_default();
    code.functions()
        .iter()
        .filter(|function| function.name.starts_with(network))
        .map(|function| u64::from(function.len_bytes))
        .sum()
}
