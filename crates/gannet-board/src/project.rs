//! Writes the firmware project: a board, a network crate's files and one image go in, a folder
//! that builds on its own comes out. The sources are the files in `firmware/`, word for word; only
//! names and the board's numbers are filled in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::board::{Board, Boot, UartKind};
use crate::embassy;
use crate::error::BoardError;
use crate::source::board_source;

/// Files that are the same in every project.
const FIXED: [(&str, &str); 17] = [
    ("build.rs", include_str!("../firmware/build.rs")),
    ("src/lib.rs", include_str!("../firmware/src/lib.rs")),
    (
        "src/register.rs",
        include_str!("../firmware/src/register.rs"),
    ),
    ("src/clock.rs", include_str!("../firmware/src/clock.rs")),
    ("src/timer.rs", include_str!("../firmware/src/timer.rs")),
    ("src/stack.rs", include_str!("../firmware/src/stack.rs")),
    ("src/queue.rs", include_str!("../firmware/src/queue.rs")),
    (
        "src/interrupt.rs",
        include_str!("../firmware/src/interrupt.rs"),
    ),
    ("src/text.rs", include_str!("../firmware/src/text.rs")),
    ("src/decimal.rs", include_str!("../firmware/src/decimal.rs")),
    ("src/element.rs", include_str!("../firmware/src/element.rs")),
    (
        "src/identity.rs",
        include_str!("../firmware/src/identity.rs"),
    ),
    INTRODUCTION,
    ("src/stop.rs", include_str!("../firmware/src/stop.rs")),
    (
        "src/bin/example.rs",
        include_str!("../firmware/src/bin/example.rs"),
    ),
    (
        "src/bin/validate.rs",
        include_str!("../firmware/src/bin/validate.rs"),
    ),
    (".gitignore", "/target\n"),
];

/// How a device introduces itself, a board or this machine.
pub(crate) const INTRODUCTION: (&str, &str) = (
    "src/introduction.rs",
    include_str!("../firmware/src/introduction.rs"),
);

/// Files with `{{names}}` to fill in.
const TEMPLATES: [(&str, &str); 4] = [
    ("Cargo.toml", include_str!("../firmware/Cargo.toml.in")),
    ("memory.x", include_str!("../firmware/memory.x.in")),
    (
        ".cargo/config.toml",
        include_str!("../firmware/config.toml.in"),
    ),
    ("README.md", include_str!("../firmware/README.md.in")),
];

/// How the network of a project takes its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Whole: one lies in the network's memory before an inference.
    Whole,
    /// A row at a time.
    Rows,
}

/// What a firmware project is made from.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a> {
    /// Where it will run.
    pub board: &'a Board,
    /// The network crate's package name, for example `mnist-small`.
    pub network: &'a str,
    /// The network crate's files: path inside the crate, text.
    pub network_files: &'a [(String, String)],
    /// How the network takes its images.
    pub feed: Feed,
    /// The image that `example` runs: one `u8` for each element of the network's input.
    pub image: &'a [u8],
}

impl Project<'_> {
    /// Writes the project into `folder`, which is made if need be. Files whose text is already
    /// right are left alone, so that nothing is rebuilt without reason.
    ///
    /// # Errors
    /// [`BoardError::OtherPackage`] for a folder that holds a package that is not of Gannet's
    /// making, [`BoardError::File`] with the path that could not be written.
    pub fn write(&self, folder: &Path) -> Result<(), BoardError> {
        write_all(folder, self.files())
    }

    /// The project's files: path inside its folder, text.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let own = FIXED
            .iter()
            .map(|&(path, text)| (PathBuf::from(path), text.to_owned()));
        let of_embassy = embassy::chip(self.board).map(|_| embassy::TEMPLATES);
        let filled = (TEMPLATES.iter())
            .chain(of_embassy.iter().flatten())
            .map(|&(path, text)| (PathBuf::from(path), self.fill(text)));
        let made = [
            (
                "src/uart.rs",
                uart_source(self.board.uart().kind).to_owned(),
            ),
            ("src/feed.rs", feed_source(self.feed).to_owned()),
            ("src/device.rs", device_source(self.feed).to_owned()),
            ("src/board.rs", board_source(self.board)),
            ("src/image.rs", image_source(self.image)),
        ];
        let made = made
            .into_iter()
            .map(|(path, text)| (PathBuf::from(path), text));
        own.chain(filled)
            .chain(made)
            .chain(dependencies(self.network_files))
            .collect()
    }

    /// The board that the project in `folder` was written for, as its manifest tells.
    ///
    /// # Errors
    /// [`BoardError::File`] if there is no manifest, [`BoardError::NoProject`] if it is not one
    /// of ours, [`BoardError::UnknownBoard`] if its board is not known here.
    pub fn board_of(folder: &Path) -> Result<&'static Board, BoardError> {
        let path = folder.join("Cargo.toml");
        let manifest = fs::read_to_string(&path).map_err(BoardError::file(&path))?;
        let manifest: toml::Table =
            toml::from_str(&manifest).map_err(|_| BoardError::NoProject { path: path.clone() })?;
        let board = ["package", "metadata", "gannet"]
            .iter()
            .try_fold(&manifest, |table, key| table.get(*key)?.as_table())
            .and_then(|gannet| gannet.get("board")?.as_str())
            .ok_or(BoardError::NoProject { path })?;
        Board::find(board)
    }

    fn fill(&self, template: &str) -> String {
        let board = self.board;
        let flash = board.program_flash();
        let boot = |part: fn(Boot) -> &'static str| board.boot.map_or("", part);
        let embassy_chip = embassy::chip(board);
        let embassy_line = embassy_chip.as_ref().map_or("", |_| embassy::README_LINE);
        let values = [
            ("network", self.network.to_owned()),
            ("board", board.name.clone()),
            ("title", board.title.clone()),
            ("target", board.core.rust_target().into()),
            ("rustflags", rustflags(board)),
            ("uart", board.uart().name.clone()),
            ("tx", board.uart().tx.clone()),
            ("rx", board.uart().rx.clone()),
            ("baud", board.uart().baud.to_string()),
            (
                "flash",
                flash_line(
                    board,
                    &format!("target/{}/release/example", board.core.rust_target()),
                ),
            ),
            ("flash_start", format!("{:#010x}", flash.start)),
            ("flash_len", flash.len_bytes.to_string()),
            ("ram_start", format!("{:#010x}", board.ram.start)),
            ("ram_len", board.ram.len_bytes.to_string()),
            ("embassy_line", embassy_line.into()),
            ("embassy_chip", embassy_chip.unwrap_or_default()),
            ("boot_dependency", boot(Boot::dependency).into()),
            ("boot_sections", boot(Boot::sections).into()),
            (
                "boot_memory",
                board
                    .boot
                    .map_or(String::new(), |boot| boot.memory(board.flash)),
            ),
        ];
        values
            .iter()
            .fold(template.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            })
    }
}

/// How a project's README says that its `program` gets onto the board.
pub(crate) fn flash_line(board: &Board, program: &str) -> String {
    match &board.probe_rs_chip {
        Some(chip) => format!(
            "`gannet flash .`, or `probe-rs run --chip {chip} {program}`; the same file runs in the \
             emulator, where there is one."
        ),
        None => "there is no such board: `gannet build . --run` runs it in the emulator.".into(),
    }
}

/// What the compiler is told of the core. It lets no assembly use the registers of a float unit
/// unless it hears that there is one with `vfp2`, of which single precision is a part.
fn rustflags(board: &Board) -> String {
    let cpu = format!("target-cpu={}", board.core.llvm_cpu());
    let mut flags = vec!["-C", &cpu];
    if board.core.rust_target().ends_with("eabihf") {
        let features = match board.core.llvm_cpu() {
            "cortex-m7" => "target-feature=+vfp2",
            _ => "target-feature=+vfp2,-fp64",
        };
        flags.extend(["-C", features, "--cfg", "gannet_float_registers"]);
    }
    if board.core.has_dsp() {
        flags.extend(["--cfg", "gannet_dsp"]);
    }
    let quoted: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    quoted.join(", ")
}

/// The crates that every project brings along: the network and the link.
pub(crate) fn dependencies(
    network_files: &[(String, String)],
) -> impl Iterator<Item = (PathBuf, String)> {
    let network = network_files
        .iter()
        .map(|(path, text)| (Path::new("network").join(path), text.clone()));
    let link = gannet_link::SOURCES
        .iter()
        .map(|&(path, text)| (Path::new("gannet-link").join(path), text.to_owned()));
    network.chain(link)
}

/// Writes a project's files into a folder, unless it holds a package of somebody else's.
pub(crate) fn write_all(folder: &Path, files: Vec<(PathBuf, String)>) -> Result<(), BoardError> {
    let manifest = folder.join("Cargo.toml");
    match fs::read_to_string(&manifest) {
        Ok(text) if is_ours(&text) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        // Text that is not UTF-8 is no manifest of ours either.
        Err(error) if error.kind() != io::ErrorKind::InvalidData => {
            return Err(BoardError::file(manifest)(error));
        }
        _ => {
            return Err(BoardError::OtherPackage {
                folder: folder.to_owned(),
            });
        }
    }
    for (path, text) in files {
        write_if_changed(&folder.join(path), &text)?;
    }
    Ok(())
}

/// Whether it is the manifest of a project that was written here: those alone bring the network
/// and the link along in folders of these names.
fn is_ours(manifest: &str) -> bool {
    let manifest: toml::Table = toml::from_str(manifest).unwrap_or_default();
    let dependencies = manifest
        .get("dependencies")
        .and_then(|table| table.as_table());
    let brings = |folder| {
        let mut paths = dependencies
            .into_iter()
            .flat_map(|table| table.values())
            .filter_map(|dependency| dependency.get("path")?.as_str());
        paths.any(|path| path == folder)
    };
    brings("network") && brings("gannet-link")
}

/// Writes a file of a project, unless its text is already right: nothing is rebuilt without
/// reason.
pub(crate) fn write_if_changed(path: &Path, text: &str) -> Result<(), BoardError> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(BoardError::file(parent))?;
    }
    fs::write(path, text).map_err(BoardError::file(path))
}

fn feed_source(feed: Feed) -> &'static str {
    match feed {
        Feed::Whole => include_str!("../firmware/src/feed/whole.rs"),
        Feed::Rows => include_str!("../firmware/src/feed/rows.rs"),
    }
}

/// The network as the link sees it, on a board or on this machine.
pub(crate) fn device_source(feed: Feed) -> &'static str {
    match feed {
        Feed::Whole => include_str!("../firmware/src/device/whole.rs"),
        Feed::Rows => include_str!("../firmware/src/device/rows.rs"),
    }
}

fn uart_source(kind: UartKind) -> &'static str {
    match kind {
        UartKind::Stm32V1 => include_str!("../firmware/src/uart/stm32_v1.rs"),
        UartKind::Stm32V2 => include_str!("../firmware/src/uart/stm32_v2.rs"),
        UartKind::Cmsdk => include_str!("../firmware/src/uart/cmsdk.rs"),
        UartKind::Nrf => include_str!("../firmware/src/uart/nrf.rs"),
        UartKind::Pl011 => include_str!("../firmware/src/uart/pl011.rs"),
    }
}

/// The image as an array of rows; square images get their own width.
fn image_source(image: &[u8]) -> String {
    let side = image.len().isqrt();
    let width = if side * side == image.len() && side > 0 {
        side
    } else {
        16
    };
    let mut text =
        String::from("//! The image that `example` runs.\n\n/// Row by row.\n#[rustfmt::skip]\n");
    text.push_str(&format!(
        "pub static IMAGE: [network::Input; {}] = [\n",
        image.len()
    ));
    for row in image.chunks(width) {
        let pixels: Vec<String> = row.iter().map(|pixel| format!("{pixel:3}")).collect();
        text.push_str(&format!("    {},\n", pixels.join(", ")));
    }
    text.push_str("];\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(board: &Board) -> Vec<(PathBuf, String)> {
        project_fed(Feed::Whole, board)
    }

    fn project_fed(feed: Feed, board: &Board) -> Vec<(PathBuf, String)> {
        let network_files = [("src/lib.rs".to_owned(), "#![no_std]".to_owned())];
        Project {
            board,
            network: "tiny",
            network_files: &network_files,
            feed,
            image: &[7; 784],
        }
        .files()
    }

    #[test]
    fn every_name_in_a_template_is_filled_in() {
        for board in Board::all() {
            let fed = [Feed::Whole, Feed::Rows].map(|feed| project_fed(feed, board));
            for (path, text) in fed.into_iter().flatten() {
                assert!(!text.contains("{{"), "{}", path.display());
            }
        }
    }

    #[test]
    fn each_path_is_written_once_and_the_parts_have_their_folders() {
        let files = project(Board::find("nucleo-f446re").unwrap());
        let mut paths: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
        paths.sort();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count);
        assert!(paths.contains(&PathBuf::from("network/src/lib.rs")));
        assert!(paths.contains(&PathBuf::from("gannet-link/Cargo.toml")));
    }

    /// The package names in a project's manifests.
    fn packages(manifests: impl Iterator<Item = String>) -> Vec<String> {
        let name = |manifest: String| {
            let manifest: toml::Table = toml::from_str(&manifest).unwrap();
            manifest["package"]["name"].as_str().unwrap().to_owned()
        };
        manifests.map(name).collect()
    }

    #[test]
    fn no_network_takes_the_name_of_a_package_around_it() {
        for network in ["firmware", "native", "gannet-link"] {
            let manifest = format!("[package]\nname = {network:?}\n");
            let network_files = [("Cargo.toml".to_owned(), manifest)];
            let project = Project {
                board: Board::find("nucleo-f446re").unwrap(),
                network,
                network_files: &network_files,
                feed: Feed::Whole,
                image: &[],
            };
            // The example for Embassy is a workspace of its own.
            let is_manifest =
                |path: &PathBuf| path.ends_with("Cargo.toml") && !path.starts_with("embassy");
            let firmware = project.files().into_iter();
            let native = crate::native::files(network, &network_files, Feed::Whole);
            for files in [firmware.collect(), native] {
                let manifests = files.into_iter().filter(|(path, _)| is_manifest(path));
                let mut names = packages(manifests.map(|(_, text)| text));
                names.sort();
                assert_eq!(names.len(), 3, "the project, the network and the link");
                assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
                assert!(names.iter().any(|name| name == network), "{names:?}");
            }
        }
    }

    #[test]
    fn a_package_of_somebody_elses_is_left_as_it_is() {
        let theirs = [
            &b"[package]\nname = \"weather-station\"\n[dependencies]\nnetwork = \"1\"\n"[..],
            b"half a manifest [",
            b"\xff",
        ];
        for theirs in theirs {
            let folder = tempfile::tempdir().unwrap();
            let manifest = folder.path().join("Cargo.toml");
            fs::write(&manifest, theirs).unwrap();
            let files = project(Board::find("nucleo-f446re").unwrap());
            let sentence = write_all(folder.path(), files).unwrap_err().to_string();
            let name = folder.path().display().to_string();
            assert!(sentence.contains(&name), "{sentence}");
            assert_eq!(fs::read(&manifest).unwrap(), theirs);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_project_that_was_written_before_is_written_again() {
        let board = Board::find("nucleo-f446re").unwrap();
        for files in [
            project(board),
            crate::native::files("tiny", &[], Feed::Whole),
        ] {
            let folder = tempfile::tempdir().unwrap();
            write_all(folder.path(), files.clone()).unwrap();
            // Its owner may add to it.
            let manifest = folder.path().join("Cargo.toml");
            let written = fs::read_to_string(&manifest).unwrap();
            fs::write(&manifest, format!("{written}# mine\n")).unwrap();
            write_all(folder.path(), files).unwrap();
            assert_eq!(fs::read_to_string(&manifest).unwrap(), written);
        }
    }

    #[test]
    fn an_image_is_written_row_by_row() {
        let text = image_source(&[0, 1, 22, 255]);
        assert!(
            text.ends_with("; 4] = [\n      0,   1,\n     22, 255,\n];\n"),
            "{text}"
        );
    }
}
