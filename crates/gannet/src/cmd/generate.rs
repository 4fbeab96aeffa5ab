//! `gannet generate`: a network as source code.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use gannet_compile::c::{self, Api, Prefix};
use gannet_compile::{Feed, InputFormat, Optimize, Options, SourceFile, Zeros, rust};

use crate::budget::Budget;
use crate::cmd::boards::{self, DEFAULT_BOARD};
use crate::compiled::Compiled;
use crate::compression::CompressArg;
use crate::draw::number::count;
use crate::failure::Failure;
use crate::screen::Screen;

/// A network as source code: a Rust crate or C files, without heap or libraries.
#[derive(Debug, Args)]
pub struct Generate {
    /// A model file.
    model: String,
    /// The language.
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    /// The interface of C: Gannet's own, or one that code written for another generator calls.
    #[arg(long, value_enum, default_value = "native")]
    api: ApiArg,
    /// What the device is given for a picture; `u8` for Gannet's own interface, else `f32`.
    #[arg(long, value_enum)]
    input: Option<InputArg>,
    /// What the names of C files and functions begin with; the network's name if left out.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    code: CodeArgs,
    #[command(flatten)]
    compress: CompressArg,
    /// The data set for --compress: `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist", requires = "compress")]
    data: String,
    /// What the network may take of the board: flash=64k,ram=8k,cycles=1M, or some of them. Nothing is written if it takes more.
    #[arg(long, value_name = "LIMITS")]
    budget: Option<Budget>,
    /// The board that the budget is part of.
    #[arg(long, default_value = DEFAULT_BOARD, requires = "budget")]
    board: String,
    /// The folder to write.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

/// A language that can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// A `no_std` crate.
    Rust,
    /// C99, which is C++ as well.
    C,
}

/// An interface of generated C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ApiArg {
    /// Gannet's own, in either language.
    Native,
    /// X-CUBE-AI's `ai_NAME_…`, in C.
    StLegacy,
    /// ST Edge AI's `stai_NAME_…`, in C.
    StAi,
}

/// What the device is given for a picture.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum InputArg {
    /// Its pixels as bytes; the division by 255 is folded into the weights.
    U8,
    /// The values that the network was trained on.
    F32,
    /// Its pixels as bytes, a row at a time: the picture need not lie in memory.
    Rows,
    /// The values that the network was trained on, a row at a time.
    F32Rows,
}

impl InputArg {
    /// The compiler's options.
    pub fn options(self) -> Options {
        let input = match self {
            InputArg::U8 | InputArg::Rows => InputFormat::PIXELS,
            InputArg::F32 | InputArg::F32Rows => InputFormat::F32,
        };
        let feed = match self {
            InputArg::U8 | InputArg::F32 => Feed::Whole,
            InputArg::Rows | InputArg::F32Rows => Feed::Rows,
        };
        Options {
            feed,
            ..Options::new(input)
        }
    }
}

/// What is to be little.
#[derive(Debug, Clone, Copy, Args)]
pub struct OptimizeArg {
    /// What the compiler gives the most for where it has a choice, to the same bits.
    #[arg(long, value_enum, default_value = "balanced")]
    optimize: Aim,
}

/// What the compiler gives the most for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Aim {
    /// RAM: nothing is widened for the sake of time.
    Ram,
    /// Each as far as it costs little of the others.
    Balanced,
    /// Time: products of integers read rows and weights of 16 bits, which take twice the RAM and flash.
    Time,
}

impl OptimizeArg {
    /// The compiler's options.
    pub fn options(self, input: InputArg) -> Options {
        let optimize = match self.optimize {
            Aim::Ram => Optimize::Ram,
            Aim::Balanced => Optimize::Balanced,
            Aim::Time => Optimize::Time,
        };
        Options {
            optimize,
            ..input.options()
        }
    }
}

/// How a network becomes code.
#[derive(Debug, Clone, Copy, Args)]
pub struct CodeArgs {
    #[command(flatten)]
    optimize: OptimizeArg,
    /// Pass over blank parts of pictures in a network of integers, to the same bits: most pictures take less time, and no two the same.
    #[arg(long)]
    skip_zeros: bool,
}

impl CodeArgs {
    /// The compiler's options.
    pub fn options(self, input: InputArg) -> Options {
        let zeros = match self.skip_zeros {
            true => Zeros::Skipped,
            false => Zeros::Multiplied,
        };
        Options {
            zeros,
            ..self.optimize.options(input)
        }
    }
}

pub fn run(args: &Generate) -> Result<(), Failure> {
    let api = match args.api {
        ApiArg::Native => Api::Native,
        ApiArg::StLegacy => Api::StLegacy,
        ApiArg::StAi => Api::StAi,
    };
    let input = args.input.unwrap_or(match args.api {
        ApiArg::Native => InputArg::U8,
        ApiArg::StLegacy | ApiArg::StAi => InputArg::F32,
    });
    if matches!(args.lang, Language::Rust) && (api != Api::Native || args.name.is_some()) {
        return Err(Failure::usage(
            "--api and --name are about C: say --lang c with them",
        ));
    }
    let compiled = Compiled::read(
        &args.model,
        &args.code.options(input),
        args.compress.told_by(&args.data),
        Screen::LIT,
    )?;
    if let Some(budget) = args.budget {
        compiled.keep(budget, boards::find(&args.board)?)?;
    }
    let program = compiled.program;
    let files = match args.lang {
        Language::Rust => rust::generate(&program),
        Language::C => {
            let prefix = match &args.name {
                Some(name) => Prefix::new(name)?,
                None => Prefix::of(&program),
            };
            c::generate(&program, &prefix, api)?
        }
    };
    write(&args.out, &files)?;
    Screen::LIT.line(format_args!(
        "{}: {} files, {} bytes of weights, {} bytes of RAM",
        args.out.display(),
        files.len(),
        count(program.constant_bytes() as u64),
        count(program.ram_bytes() as u64)
    ));
    Ok(())
}

fn write(folder: &Path, files: &[SourceFile]) -> Result<(), Failure> {
    for (path, text) in files {
        let path = folder.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, text))
            .map_err(|error| {
                Failure::new(format!("{} cannot be written: {error}", path.display()))
            })?;
    }
    Ok(())
}
