//! Writes the firmware project in C: a board, a network's C files and one image go in, a folder
//! with a Makefile comes out. The sources are the files in `firmware-c/`, word for word; only
//! names and the board's numbers are filled in.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gannet_target::Core;

use crate::board::{Board, Boot, Registers, Step, UartKind};
use crate::error::BoardError;
use crate::project::{Feed, flash_line, write_if_changed};

/// Files with `{{names}}` to fill in, or without any.
const TEMPLATES: [(&str, &str); 29] = [
    ("Makefile", include_str!("../firmware-c/Makefile.in")),
    (
        "CMakeLists.txt",
        include_str!("../firmware-c/CMakeLists.txt.in"),
    ),
    (
        "toolchain.cmake",
        include_str!("../firmware-c/toolchain.cmake.in"),
    ),
    ("memory.ld", include_str!("../firmware-c/memory.ld.in")),
    ("README.md", include_str!("../firmware-c/README.md.in")),
    (".gitignore", "/build\n/build-cmake\n"),
    ("src/board.h", include_str!("../firmware-c/board.h.in")),
    ("src/clock.h", include_str!("../firmware-c/clock.h")),
    ("src/clock.c", include_str!("../firmware-c/clock.c")),
    ("src/uart.h", include_str!("../firmware-c/uart.h")),
    ("src/timer.h", include_str!("../firmware-c/timer.h")),
    ("src/timer.c", include_str!("../firmware-c/timer.c")),
    ("src/stack.h", include_str!("../firmware-c/stack.h")),
    ("src/stack.c", include_str!("../firmware-c/stack.c")),
    ("src/startup.c", include_str!("../firmware-c/startup.c")),
    ("src/queue.h", include_str!("../firmware-c/queue.h")),
    ("src/queue.c", include_str!("../firmware-c/queue.c")),
    ("src/interrupt.h", include_str!("../firmware-c/interrupt.h")),
    ("src/interrupt.c", include_str!("../firmware-c/interrupt.c")),
    ("src/text.h", include_str!("../firmware-c/text.h")),
    ("src/text.c", include_str!("../firmware-c/text.c")),
    ("src/element.h", include_str!("../firmware-c/element.h.in")),
    (
        "src/identity.c",
        include_str!("../firmware-c/identity.c.in"),
    ),
    ("src/example.c", include_str!("../firmware-c/example.c.in")),
    (
        "src/validate.c",
        include_str!("../firmware-c/validate.c.in"),
    ),
    (
        "src/tutorial.h",
        include_str!("../firmware-c/tutorial.h.in"),
    ),
    (
        "src/tutorial.c",
        include_str!("../firmware-c/tutorial.c.in"),
    ),
    (
        "src/tutorial_validate.c",
        include_str!("../firmware-c/tutorial_validate.c.in"),
    ),
    (
        "src/tutorial_single.c",
        include_str!("../firmware-c/tutorial_single.c.in"),
    ),
];

/// How a Makefile of ours begins.
const MAKEFILE_MARK: &str = "# Firmware of Gannet's making:";
/// How its line with the board begins.
const BOARD_LINE: &str = "BOARD := ";

/// What a firmware project in C is made from.
#[derive(Clone, Copy, Debug)]
pub struct CProject<'a> {
    /// Where it will run.
    pub board: &'a Board,
    /// What the names of the network's files and functions begin with, for example
    /// `mnist_small`. Its interface is Gannet's own.
    pub prefix: &'a str,
    /// The network's files: name, text.
    pub network_files: &'a [(String, String)],
    /// How the network takes its images.
    pub feed: Feed,
    /// The image that `example` runs: one `u8` for each element of the network's input.
    pub image: &'a [u8],
}

impl CProject<'_> {
    /// Writes the project into `folder`, which is made if need be. Files whose text is already
    /// right are left alone, so that nothing is rebuilt without reason.
    ///
    /// # Errors
    /// [`BoardError::OtherMakefile`] for a folder whose Makefile is not of Gannet's making,
    /// [`BoardError::File`] with the path that could not be written.
    pub fn write(&self, folder: &Path) -> Result<(), BoardError> {
        let makefile = folder.join("Makefile");
        match fs::read_to_string(&makefile) {
            Ok(text) if text.starts_with(MAKEFILE_MARK) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => {
                return Err(BoardError::OtherMakefile {
                    folder: folder.to_owned(),
                });
            }
        }
        for (path, text) in self.files() {
            write_if_changed(&folder.join(path), &text)?;
        }
        Ok(())
    }

    /// The project's files: path inside its folder, text.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let values = self.values();
        let fill = |template: &str| {
            let replace = |text: String, (name, value): &(&str, String)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            };
            values.iter().fold(template.to_owned(), replace)
        };
        let mut files: Vec<(PathBuf, String)> = (TEMPLATES.iter())
            .chain(templates_of(self.feed))
            .map(|&(path, text)| (PathBuf::from(path), fill(text)))
            .collect();
        files.push(("src/uart.c".into(), uart_source(self.board).to_owned()));
        files.push(("src/board.c".into(), board_source(self.board)));
        files.push(("src/image.h".into(), self.image_source()));
        if let Some(boot) = self.board.boot {
            files.push(("src/boot.c".into(), boot.c_source()));
        }
        files.extend(
            (self.network_files.iter())
                .map(|(name, text)| (Path::new("network").join(name), text.clone())),
        );
        files.extend(
            (gannet_link::C_SOURCES.iter())
                .map(|&(name, text)| (Path::new("link").join(name), text.to_owned())),
        );
        files
    }

    /// The board that the project in `folder` was written for; `None` if there is no project in
    /// C of Gannet's making.
    ///
    /// # Errors
    /// [`BoardError::UnknownBoard`] if the project's board is not known here.
    pub fn board_of(folder: &Path) -> Result<Option<&'static Board>, BoardError> {
        let makefile = fs::read_to_string(folder.join("Makefile")).unwrap_or_default();
        if !makefile.starts_with(MAKEFILE_MARK) {
            return Ok(None);
        }
        let board = makefile
            .lines()
            .find_map(|line| line.strip_prefix(BOARD_LINE));
        Board::find(board.unwrap_or_default().trim()).map(Some)
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        let board = self.board;
        let uart = board.uart();
        let float = board.core.has_float();
        vec![
            ("name", self.prefix.to_owned()),
            ("NAME", self.prefix.to_ascii_uppercase()),
            ("network", self.prefix.replace('_', "-")),
            ("board", board.name.clone()),
            ("title", board.title.clone()),
            ("cpu", board.core.llvm_cpu().to_owned()),
            ("float_flags", float_flags(board.core).to_owned()),
            ("flash", flash_line(board, "build/example.elf")),
            ("uart", uart.name.clone()),
            ("tx", uart.tx.clone()),
            ("rx", uart.rx.clone()),
            ("baud", uart.baud.to_string()),
            ("reset_hz", board.clock.reset_hz.to_string()),
            ("uart_base", format!("{:#010x}", uart.base)),
            ("uart_interrupt", uart.interrupt.to_string()),
            ("uart_divider", uart.divider.to_string()),
            ("uart_reset_divider", uart.reset_divider.to_string()),
            (
                "cycle_counter",
                u8::from(board.core.has_cycle_counter()).to_string(),
            ),
            ("has_float", u8::from(float).to_string()),
            ("flash_start", format!("{:#010x}", board.flash.start)),
            ("flash_len", board.flash.len_bytes.to_string()),
            ("ram_start", format!("{:#010x}", board.ram.start)),
            ("ram_len", board.ram.len_bytes.to_string()),
            (
                "first_section",
                board.boot.map_or("", Boot::c_section).to_owned(),
            ),
        ]
    }

    /// The image as an array; square images row by row.
    fn image_source(&self) -> String {
        let side = self.image.len().isqrt();
        let width = if side * side == self.image.len() && side > 0 {
            side
        } else {
            16
        };
        let rows: String = self
            .image
            .chunks(width)
            .map(|row| {
                let pixels: Vec<String> = row.iter().map(|pixel| format!("{pixel:3}")).collect();
                format!("    {},\n", pixels.join(", "))
            })
            .collect();
        format!(
            "/* The image that example runs, row by row. */\n#include \"{name}.h\"\n\n\
             static const {name}_input_element image[{}] = {{\n{rows}}};\n",
            self.image.len(),
            name = self.prefix,
        )
    }
}

fn float_flags(core: Core) -> &'static str {
    match core {
        Core::CortexM4F => "-mfloat-abi=hard -mfpu=fpv4-sp-d16",
        Core::CortexM7 | Core::CortexM33 => "-mfloat-abi=hard -mfpu=fpv5-sp-d16",
        Core::CortexM0 | Core::CortexM0Plus | Core::CortexM3 | Core::CortexM4 => "-mfloat-abi=soft",
    }
}

/// How the network takes its images: from flash, and from the link.
fn templates_of(feed: Feed) -> &'static [(&'static str, &'static str); 2] {
    match feed {
        Feed::Whole => &[
            ("src/feed.h", include_str!("../firmware-c/feed/whole.h.in")),
            (
                "src/device.h",
                include_str!("../firmware-c/device/whole.h.in"),
            ),
        ],
        Feed::Rows => &[
            ("src/feed.h", include_str!("../firmware-c/feed/rows.h.in")),
            (
                "src/device.h",
                include_str!("../firmware-c/device/rows.h.in"),
            ),
        ],
    }
}

fn uart_source(board: &Board) -> &'static str {
    match board.uart().kind {
        UartKind::Stm32V1 => include_str!("../firmware-c/uart/stm32_v1.c"),
        UartKind::Stm32V2 => include_str!("../firmware-c/uart/stm32_v2.c"),
        UartKind::Cmsdk => include_str!("../firmware-c/uart/cmsdk.c"),
        UartKind::Nrf => include_str!("../firmware-c/uart/nrf.c"),
        UartKind::Pl011 => include_str!("../firmware-c/uart/pl011.c"),
    }
}

/// The text of `src/board.c`: every list of steps under its name.
fn board_source(board: &Board) -> String {
    let mut text = String::from("/* See board.h. */\n#include \"board.h\"\n");
    let mut list = |name: &str, steps: &[Step]| -> String {
        if steps.is_empty() {
            return "{ 0, 0 }".to_owned();
        }
        let lines: String = steps
            .iter()
            .map(|each| format!("    {},\n", step(each, &board.registers)))
            .collect();
        // Writing to a String cannot fail.
        let _ = write!(text, "\nstatic const step {name}[] = {{\n{lines}}};\n");
        format!("{{ {name}, {} }}", steps.len())
    };
    let answers = list("answers", board.clock.answers.as_slice());
    let ways: Vec<String> = (board.clock.ways.iter().enumerate())
        .map(|(i, way)| {
            let steps = list(&format!("way_{i}"), &way.steps);
            format!("    {{ {}u, {steps} }},\n", way.core_hz)
        })
        .collect();
    let uart = list("uart_steps", &board.uart().steps);
    let count = ways.len();
    // C has no array without elements.
    let ways = if count == 0 {
        "    { 0, { 0, 0 } },\n".to_owned()
    } else {
        ways.concat()
    };
    text + &format!(
        "\nconst step_list board_clock_answers = {answers};\n\
         const clock_way board_clock_ways[] = {{\n{ways}}};\n\
         const uint32_t board_clock_way_count = {count};\n\
         const step_list board_uart_steps = {uart};\n"
    )
}

fn step(step: &Step, registers: &Registers) -> String {
    // A board's file is refused when a step's register is not in its list.
    let at = registers.get(step.register()).copied().unwrap_or_default();
    let (kind, a, b) = match step {
        Step::Modify { clear, set, .. } => ("STEP_MODIFY", clear, set),
        Step::Write { value, .. } => ("STEP_WRITE", value, &0),
        Step::Wait { mask, value, .. } => ("STEP_WAIT", mask, value),
    };
    format!(
        "{{ {kind}, {at:#010x}u, {a:#010x}u, {b:#010x}u }} /* {} */",
        step.register()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_template_is_filled_in() {
        for board in Board::all() {
            for feed in [Feed::Whole, Feed::Rows] {
                let project = CProject {
                    board,
                    prefix: "tiny",
                    network_files: &[],
                    feed,
                    image: &[7; 784],
                };
                for (path, text) in project.files() {
                    assert!(!text.contains("{{"), "{}: {text}", path.display());
                }
            }
        }
    }

    #[test]
    fn a_folder_says_which_board_it_is_for_and_strangers_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let board = Board::find("nucleo-f446re").unwrap();
        let project = CProject {
            board,
            prefix: "tiny",
            network_files: &[],
            feed: Feed::Whole,
            image: &[1],
        };
        assert_eq!(CProject::board_of(folder.path()).unwrap(), None);
        project.write(folder.path()).unwrap();
        assert_eq!(CProject::board_of(folder.path()).unwrap(), Some(board));
        fs::write(folder.path().join("Makefile"), "all:\n").unwrap();
        let message = project.write(folder.path()).unwrap_err().to_string();
        assert!(message.contains("Makefile"), "{message}");
    }
}
