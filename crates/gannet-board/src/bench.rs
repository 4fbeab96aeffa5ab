//! What one inference costs on a board: an image and its stages go in; instructions, cycles by
//! the core's timing table, code and memory come out, layer by layer.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::error::BoardError;
use crate::host::Host;
use crate::image::Image;
use crate::toolchain::Toolchain;
use crate::trace::{Code, account, record};

/// What of an image is traced.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The image.
    pub image: &'a Image,
    /// The function that runs its network once, such as `Network::run`.
    pub run: &'a str,
    /// The layers in the order in which they run: name, and names of the stages that compute it.
    /// A stage is the function `compute_STAGE`.
    pub layers: &'a [(String, Vec<String>)],
}

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
    /// The network's multiply-accumulates, where they are told.
    pub macs: Option<u64>,
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
    /// The same of the program `validate`, which has room for what arrives over the link too;
    /// nothing where that is not built.
    pub link_static_ram_bytes: Option<u64>,
    /// The most stack that was in use.
    pub stack_bytes: Option<u64>,
    /// Layer by layer, in the order in which they run.
    pub layers: Vec<Layer>,
}

/// What one layer costs, or several that are computed together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Its name in the network, or theirs.
    pub name: String,
    /// Instructions, those of functions that it calls included.
    pub instructions: u64,
    /// Their cycles by the timing table.
    pub estimated_cycles: u64,
    /// What its operations cost by the same table, without any trace.
    pub static_estimated_cycles: Option<u64>,
    /// What a cycle counter on the board itself told.
    pub measured_cycles: Option<u64>,
    /// Its own code.
    pub code_bytes: u64,
}

/// Traces one inference in the emulator that stands in for `board`. `folder` keeps the compiled
/// tracer.
///
/// # Errors
/// As [`record`]; [`BoardError::Image`] for an image that has not got these functions,
/// [`BoardError::Trace`] for one that executes unknown instructions.
pub fn bench(
    host: &Host,
    toolchain: &Toolchain,
    board: &Board,
    subject: Subject<'_>,
    folder: &Path,
) -> Result<Bench, BoardError> {
    let Subject { image, run, layers } = subject;
    let code = Code::read(&image.path)?;
    let start = code.expect_function(run)?;
    let mut functions = Vec::new();
    for stage in layers.iter().flat_map(|(_, stages)| stages) {
        functions.push(code.expect_function(&format!("compute_{stage}"))?);
    }
    let from = (run, start.start);
    let record = record(host, toolchain, board, &image.path, from, folder, PATIENCE)?;
    let timing = board.core.timing();
    let starts: Vec<u32> = functions.iter().map(|function| function.start).collect();
    let traced = account(&code, &record, timing, &starts)?;

    let own = functions
        .iter()
        .map(|function| u64::from(function.len_bytes));
    let code_bytes = u64::from(start.len_bytes) + own.sum::<u64>();
    let mut parts = functions.iter().zip(&traced.stages);
    let layers = layers
        .iter()
        .map(|(name, stages)| {
            let mut layer = Layer::named(name);
            for (function, account) in parts.by_ref().take(stages.len()) {
                layer.instructions += account.instructions;
                layer.estimated_cycles += account.cycles;
                layer.code_bytes += u64::from(function.len_bytes);
            }
            layer
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
        macs: None,
        weights_bytes: image.sizes.weights_bytes,
        code_bytes,
        image_code_bytes: image.sizes.code_bytes,
        flash_bytes: image.sizes.flash_bytes,
        static_ram_bytes: image.sizes.static_ram_bytes,
        link_static_ram_bytes: None,
        stack_bytes: image.sizes.stack_bytes,
        layers,
    })
}

impl Bench {
    /// Puts what was estimated without a trace beside what was traced: cycles of each layer, in
    /// their order.
    pub fn estimate(&mut self, layers: &[u64]) {
        self.static_estimated_cycles = Some(layers.iter().sum());
        for (layer, &cycles) in self.layers.iter_mut().zip(layers) {
            layer.static_estimated_cycles = Some(cycles);
        }
    }

    /// Puts what a board counted beside both: cycles of the whole, and of each layer in their
    /// order, as far as they are known.
    pub fn measure(&mut self, cycles: u64, layers: &[u64]) {
        self.measured_cycles = Some(cycles);
        for (layer, &cycles) in self.layers.iter_mut().zip(layers) {
            layer.measured_cycles = Some(cycles);
        }
    }
}

impl Layer {
    fn named(name: &str) -> Layer {
        Layer {
            name: name.to_owned(),
            instructions: 0,
            estimated_cycles: 0,
            static_estimated_cycles: None,
            measured_cycles: None,
            code_bytes: 0,
        }
    }
}
