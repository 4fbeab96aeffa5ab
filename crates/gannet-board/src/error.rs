//! Everything that can go wrong between a board's name and a validated device.

use std::path::PathBuf;

/// What went wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// No board has this name.
    #[error("there is no board called {name:?}; nearest is {nearest}; `gannet boards` lists all")]
    UnknownBoard {
        /// What was asked for.
        name: String,
        /// Known boards, the most alike first.
        nearest: String,
    },
    /// A folder is no firmware project of ours.
    #[error(
        "{} does not say which board it is for, so it is no firmware project of Gannet's; \
         `gannet firmware MODEL -o DIR` writes one",
        path.display()
    )]
    NoProject {
        /// Its manifest.
        path: PathBuf,
    },
    /// A folder that a project should go to holds a package that is not ours to overwrite.
    #[error(
        "{} already holds a package that is not of Gannet's making, and nothing was written; \
         name another folder, or remove its Cargo.toml",
        folder.display()
    )]
    OtherPackage {
        /// The folder.
        folder: PathBuf,
    },
    /// The same for a project in C.
    #[error(
        "{} already holds a Makefile that is not of Gannet's making, and nothing was written; \
         name another folder, or remove it",
        folder.display()
    )]
    OtherMakefile {
        /// The folder.
        folder: PathBuf,
    },
    /// A program that builds C for the board is missing.
    #[error(
        "{program} is not on the search path, and firmware in C is built with it; Debian has it in \
         the packages gcc-arm-none-eabi, libnewlib-arm-none-eabi and make"
    )]
    NoCompiler {
        /// The program.
        program: String,
    },
    /// There is no compiler for the host itself.
    #[error(
        "the network cannot be compiled for this machine, because cargo is not on the search \
         path; install Rust from https://rustup.rs"
    )]
    CargoMissing,
    /// A board does not run at this rate.
    #[error("{board} does not run at {hz} Hz; it can run at {rates}")]
    NoClock {
        /// The board.
        board: String,
        /// What was asked for.
        hz: u32,
        /// What there is, in Hz.
        rates: String,
    },
    /// A board has no serial port of this name.
    #[error("{board} has no serial port {name}; it has {uarts}")]
    NoUart {
        /// The board.
        board: String,
        /// What was asked for.
        name: String,
        /// What there is.
        uarts: String,
    },
    /// A board's description cannot be used.
    #[error("the board's description is wrong: {reason}")]
    BoardFile {
        /// What and where.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A program that should have run did not start.
    #[error("{program} did not start: {error}")]
    Start {
        /// Which.
        program: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// No Rust for the board's core.
    #[error(
        "no Rust toolchain for {target} was found; looked for {looked_for}; \
         `gannet doctor --fix` installs one"
    )]
    NoToolchain {
        /// The target triple.
        target: String,
        /// Each candidate and what it lacks.
        looked_for: String,
    },
    /// A project does not compile or link.
    #[error("the program in {} does not build; the compiler's last words:\n{tail}", folder.display())]
    Build {
        /// The project.
        folder: PathBuf,
        /// The last lines of the compiler's messages.
        tail: String,
    },
    /// The image is larger than the board's memory.
    #[error(
        "the firmware does not fit {board}: {section} overflows by {overflow_bytes} bytes; take a \
         smaller network or a board with more memory"
    )]
    DoesNotFit {
        /// The board.
        board: String,
        /// `FLASH` or `RAM`.
        section: String,
        /// By how much.
        overflow_bytes: u64,
    },
    /// The linker's output is no image of ours.
    #[error("{} is no firmware image of Gannet's: {reason}; build it with `gannet build`", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The emulator is not installed.
    #[error(
        "qemu-system-arm is not installed, so no emulated board can run; on Debian and Ubuntu it \
         is in the package qemu-system-arm, and `gannet doctor --fix` installs it"
    )]
    EmulatorMissing,
    /// No emulator has this board.
    #[error("no emulator has the board {board}: run it on the board itself, --on serial:PORT")]
    NoEmulator {
        /// The board.
        board: String,
    },
    /// The emulator ended although it should run until it is told to stop.
    #[error("the emulator ended by itself ({status}); it said: {said}")]
    EmulatorEnded {
        /// Its exit status.
        status: String,
        /// What it wrote to standard error.
        said: String,
    },
    /// The example did not come to its end.
    #[error(
        "the example printed no {marker:?} within {seconds} s; what it printed so far:\n{printed}"
    )]
    ExampleTimeout {
        /// The line that should have come.
        marker: &'static str,
        /// How long was waited.
        seconds: u64,
        /// All that came.
        printed: String,
    },
    /// The example's text lacks a line that it always has.
    #[error("the example's output has no line {line:?}; it printed:\n{printed}")]
    ExampleText {
        /// How the line begins.
        line: &'static str,
        /// All that came.
        printed: String,
    },
    /// What counts in the emulator does not compile.
    #[error(
        "the tracer for the emulator does not build with {}; the compiler's last words:\n{tail}",
        rustc.display()
    )]
    Tracer {
        /// The compiler.
        rustc: PathBuf,
        /// The last lines of its messages.
        tail: String,
    },
    /// The function that should be traced did not run to its end.
    #[error(
        "{function} was not called, or did not return, within {seconds} s in the emulator{said}"
    )]
    TraceTimeout {
        /// The function.
        function: String,
        /// How long was waited.
        seconds: u64,
        /// What the emulator said, if anything.
        said: String,
    },
    /// A trace and its image do not fit together.
    #[error("the trace of {} cannot be read: {reason}", path.display())]
    Trace {
        /// The image.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What is missing cannot be installed from here.
    #[error("cannot install {what} here: {reason}; {advice}")]
    CannotFix {
        /// What is missing.
        what: String,
        /// Why not.
        reason: String,
        /// What a person can do.
        advice: String,
    },
}

impl BoardError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> BoardError {
        let path = path.into();
        move |error| BoardError::File { path, error }
    }
}
