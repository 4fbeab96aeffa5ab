//! The C compilers, for the host and for an emulated Cortex-M4F: they build generated code
//! without a word.

use std::process::Command;

use crate::host::{Host, write};

/// A compiler and what it builds for.
#[derive(Debug, Clone, Copy)]
pub struct Compiler {
    /// The command and the options of the language.
    command: &'static [&'static str],
    machine: Machine,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Machine {
    Host,
    /// QEMU's mps2-an386; the C library's streams are the emulator's, by way of semihosting.
    CortexM4F,
}

/// What generated code has to pass.
const STRICT: [&str; 7] = [
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-pedantic",
    "-Werror",
    "-O2",
];

impl Compiler {
    /// GCC, where its own language would let it fuse products and sums.
    pub const GCC: Compiler = Compiler::of_the_host(&["gcc", "-std=gnu99"]);
    /// GCC, as the standard has it.
    pub const GCC_C99: Compiler = Compiler::of_the_host(&["gcc", "-std=c99"]);
    /// Clang.
    pub const CLANG: Compiler = Compiler::of_the_host(&["clang", "-std=c99"]);
    /// GCC for C++.
    pub const CPP: Compiler = Compiler::of_the_host(&["g++", "-xc++", "-std=c++11"]);
    /// Arm's GCC.
    pub const ARM: Compiler = Compiler {
        command: &["arm-none-eabi-gcc", "-std=gnu99"],
        machine: Machine::CortexM4F,
    };

    const fn of_the_host(command: &'static [&'static str]) -> Compiler {
        Compiler {
            command,
            machine: Machine::Host,
        }
    }

    /// Whether it is installed. One that is not says so.
    #[expect(clippy::print_stderr)]
    pub fn is_here(self) -> bool {
        let version = Command::new(self.command[0]).arg("--version").output();
        let is_here = version.is_ok_and(|output| output.status.success());
        if !is_here {
            eprintln!("{} is not installed here: not compared", self.command[0]);
        }
        is_here
    }

    /// Builds `files`, names and texts, of which those in C are compiled.
    pub fn build(self, files: &[(String, String)]) -> Host {
        let folder = tempfile::tempdir().unwrap();
        let of_the_board = [
            ("boot.c", include_str!("emulated/boot.c")),
            ("memory.ld", include_str!("emulated/memory.ld")),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()));
        let (options, more) = match self.machine {
            Machine::Host => (&["-march=native", "-mtune=generic"][..], &[][..]),
            Machine::CortexM4F => (
                &[
                    "-mcpu=cortex-m4",
                    "-mfloat-abi=hard",
                    "-mfpu=fpv4-sp-d16",
                    "--specs=rdimon.specs",
                    "-Tmemory.ld",
                ][..],
                &of_the_board[..],
            ),
        };
        let mut sources = Vec::new();
        for (path, text) in files.iter().chain(more) {
            write(&folder.path().join(path), text);
            if path.ends_with(".c") {
                sources.push(path);
            }
        }
        let built = Command::new(self.command[0])
            .args(STRICT)
            .args(options)
            .args(&self.command[1..])
            .args(sources)
            .args(["-o", "program"])
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(built.success(), "{self:?} objects to the code");
        match self.machine {
            Machine::Host => Host::new(folder, "program"),
            Machine::CortexM4F => Host::emulated(folder, "program"),
        }
    }
}
