//! `gannet firmware` and `gannet build`: a project for a board, and its images.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use gannet_board::{
    Board, BoardError, CProject, ExampleRun, Feed, Firmware as Sizes, Host, Images, Project,
    Toolchain, doctor,
};
use gannet_compile::c::{self, Api, Prefix};
use gannet_compile::ir::Program;
use gannet_compile::rust;
use gannet_data::{Dataset, ImageRef};

use crate::cmd::boards::BoardArgs;
use crate::cmd::generate::{CodeArgs, InputArg, Language};
use crate::compiled::Compiled;
use crate::compression::CompressArg;
use crate::draw::number::{count, kib};
use crate::draw::table::pairs;
use crate::failure::Failure;
use crate::report::JsonArg;
use crate::screen::Screen;

/// How long the emulator may take to print ten numbers.
const EXAMPLE_PATIENCE: Duration = Duration::from_secs(60);

/// Write a firmware project that is yours: the network, the board's start-up, two programs.
#[derive(Debug, Args)]
pub struct Firmware {
    /// A model file.
    model: String,
    #[command(flatten)]
    board: BoardArgs,
    /// The picture that the program `example` runs: DATASET:SPLIT/INDEX.
    #[arg(long, default_value = "mnist:train/2")]
    picture: ImageRef,
    /// What the network is given for a picture.
    #[arg(long, value_enum, default_value = "u8")]
    input: PixelsArg,
    /// The language of the project.
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    #[command(flatten)]
    code: CodeArgs,
    #[command(flatten)]
    compress: CompressArg,
    /// The data set for --compress: `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist", requires = "compress")]
    data: String,
    /// The folder to write.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

/// What the network of firmware is given for a picture.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PixelsArg {
    /// Its pixels as bytes.
    U8,
    /// Its pixels as bytes, a row at a time: the picture need not lie in memory.
    Rows,
}

impl From<PixelsArg> for InputArg {
    fn from(pixels: PixelsArg) -> InputArg {
        match pixels {
            PixelsArg::U8 => InputArg::U8,
            PixelsArg::Rows => InputArg::Rows,
        }
    }
}

/// Build a firmware project and measure what it takes of the board.
#[derive(Debug, Args)]
pub struct Build {
    /// The project's folder.
    folder: PathBuf,
    /// Boot the program `example` in the emulator and show what it prints.
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    json: JsonArg,
}

pub fn write(args: &Firmware) -> Result<(), Failure> {
    let board = args.board.find()?;
    let options = args.code.options(args.input.into());
    let compiled = Compiled::read(
        &args.model,
        &options,
        args.compress.told_by(&args.data),
        Screen::LIT,
    )?;
    compiled.check(&board)?;
    let program = compiled.program;
    let dataset = Dataset::open(&args.picture.dataset)?;
    let picture = args.picture.find_in(&dataset)?.image.pixels();
    project(args.lang, &program, &board, picture, &args.out)?;
    Screen::LIT.line(format_args!(
        "{0}: firmware for {1}; build it with `gannet build {0}`",
        args.out.display(),
        board.title
    ));
    Ok(())
}

pub fn build(args: &Build) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let (lang, board) = kind(&args.folder)?;
    let (host, images) = images(lang, board, &args.folder, screen)?;
    let mut sizes = images.validate.sizes;
    if args.run {
        let run = example(&host, board, &images)?;
        screen.line(run.text.trim_end());
        sizes.stack_bytes = Some(run.peak_stack_bytes.into());
    }
    show(&sizes, board, screen);
    screen.line(format_args!("{}", images.example.path.display()));
    screen.line(format_args!("{}", images.validate.path.display()));
    args.json.write(&[("firmware", &sizes)])
}

/// The language and the board of the project in `folder`.
pub fn kind(folder: &Path) -> Result<(Language, &'static Board), Failure> {
    Ok(match CProject::board_of(folder)? {
        Some(board) => (Language::C, board),
        None => (Language::Rust, Project::board_of(folder)?),
    })
}

/// Writes the project of `program` for `board`; `example` runs `picture`.
pub fn project(
    lang: Language,
    program: &Program,
    board: &Board,
    picture: &[u8],
    folder: &Path,
) -> Result<(), Failure> {
    if picture.len() != program.image_len() {
        return Err(Failure::new(format!(
            "the picture has {} values, but network '{}' takes {}: name another with --picture",
            picture.len(),
            program.name(),
            program.image_len()
        )));
    }
    match lang {
        Language::Rust => Project {
            board,
            network: &rust::package_name(program),
            network_files: &rust::generate(program),
            feed: feed(program),
            image: picture,
        }
        .write(folder)?,
        Language::C => {
            let prefix = Prefix::of(program);
            CProject {
                board,
                prefix: prefix.lower(),
                network_files: &c::generate(program, &prefix, Api::Native)?,
                feed: feed(program),
                image: picture,
            }
            .write(folder)?;
        }
    }
    Ok(())
}

/// How `program` takes its images.
pub fn feed(program: &Program) -> Feed {
    match program.input_rows() {
        None => Feed::Whole,
        Some(_) => Feed::Rows,
    }
}

/// Where a project goes when nobody says: NETWORK-BOARD in the present folder, in C NETWORK-BOARD-c.
pub fn folder(lang: Language, program: &Program, board: &str) -> PathBuf {
    let end = match lang {
        Language::Rust => "",
        Language::C => "-c",
    };
    Path::new(".").join(format!("{}-{board}{end}", rust::package_name(program)))
}

/// Whether firmware for `board` can be built and booted here.
pub fn ready(board: &Board) -> Result<(), Failure> {
    match doctor::first_missing(&Host::current(), board.core.rust_target()) {
        None => Ok(()),
        Some(check) => Err(Failure::new(format!(
            "firmware for {} needs something that is missing here: {}. `gannet doctor --fix` installs it",
            board.name, check.what
        ))),
    }
}

/// Builds the project in `folder`, with the compiler's last line as a sign of life.
pub fn images(
    lang: Language,
    board: &Board,
    folder: &Path,
    screen: Screen,
) -> Result<(Host, Images), Failure> {
    let host = Host::current();
    let spinner = screen.spinner("building the firmware");
    let progress =
        |line: &str| spinner.set_message(format!("building the firmware: {}", line.trim()));
    let images = match lang {
        Language::Rust => Toolchain::find(&host, board.core.rust_target())
            .and_then(|rust| gannet_board::build(&host, &rust, board, folder, progress)),
        Language::C => gannet_board::build_c(&host, board, folder, progress),
    };
    spinner.finish_and_clear();
    match images {
        Ok(images) => Ok((host, images)),
        Err(error @ BoardError::DoesNotFit { .. }) => Err(Failure::limit(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Boots the program `example` in the emulator.
pub fn example(host: &Host, board: &Board, images: &Images) -> Result<ExampleRun, Failure> {
    Ok(gannet_board::run_example(
        host,
        board,
        &images.example.path,
        EXAMPLE_PATIENCE,
    )?)
}

/// Draws what an image takes of its board.
pub fn show(sizes: &Sizes, board: &Board, screen: Screen) {
    let of = |bytes: u64| format!("{} B", count(bytes));
    let mut rows = vec![
        (
            "flash".to_owned(),
            format!(
                "{} of {}",
                of(sizes.flash_bytes),
                kib(board.flash.len_bytes as usize)
            ),
        ),
        ("  weights".to_owned(), of(sizes.weights_bytes)),
        ("  code and constants".to_owned(), of(sizes.code_bytes)),
        (
            "static RAM".to_owned(),
            format!(
                "{} of {}",
                of(sizes.static_ram_bytes),
                kib(board.ram.len_bytes as usize)
            ),
        ),
    ];
    rows.extend(
        sizes
            .stack_bytes
            .map(|bytes| ("peak stack".to_owned(), of(bytes))),
    );
    screen.line(pairs(rows));
}
