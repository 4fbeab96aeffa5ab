//! Flashing, with a script that stands in for the `probe-rs` command: no board is connected where
//! these tests run. The script says what the real tool says of such a probe and chip, and writes
//! down how it was called.
#![cfg(unix)]

mod alone;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use alone::alone;
use gannet_board::{Board, FlashError, Flashed, Host, flash};

const NUCLEO: &str = "[0]: STLink V2-1 -- 0483:374b:066BFF (ST-LINK)";
const OTHER: &str = "[1]: Debugprobe on Pico (CMSIS-DAP) -- 2e8a:000c:E6616 (CMSIS-DAP)";

/// What the stand-in does.
#[derive(Clone, Copy)]
struct Script<'a> {
    /// The lines of `probe-rs list`.
    probes: &'a [&'a str],
    /// What reading the chip's word gives on standard output, or else the error.
    word: Result<&'a str, &'a str>,
    /// What writing says if it fails.
    download: Result<(), &'a str>,
}

const GOOD: Script = Script {
    probes: &[NUCLEO],
    // Revision A of an STM32F446.
    word: Ok("10006421 "),
    download: Ok(()),
};

/// Flashes a Nucleo-F446RE; gives the outcome and how the tool was called, a line each.
fn run(script: Script, board: &str, probe: Option<&str>) -> (Result<Flashed, FlashError>, String) {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let said = |outcome: Result<&str, &str>| match outcome {
        Ok(text) => format!("echo '{text}'"),
        Err(text) => format!("echo '{text}' >&2; exit 1"),
    };
    let probes = match script.probes {
        [] => "No debug probes were found.".to_owned(),
        probes => format!(
            "The following debug probes were found:\n{}",
            probes.join("\n")
        ),
    };
    let text = format!(
        "#!/bin/sh\necho \"$@\" >> '{}/calls'\ncase $1 in\nlist) {};;\nread) {};;\ndownload) {};;\nesac\n",
        folder.path().display(),
        said(Ok(&probes)),
        said(script.word),
        said(script.download.map(|()| "Finished")),
    );
    let tool = folder.path().join("probe-rs");
    fs::write(&tool, text).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let host = Host::current().with_path(vec![folder.path().to_owned(), "/bin".into()]);
    let board = Board::find(board).unwrap();
    let outcome = flash(&host, board, Path::new("validate.elf"), probe);
    let calls = fs::read_to_string(folder.path().join("calls")).unwrap_or_default();
    (outcome, calls)
}

#[test]
fn an_image_is_written_read_back_and_started() {
    let (outcome, calls) = run(GOOD, "nucleo-f446re", None);
    let flashed = outcome.unwrap();
    assert_eq!(
        (&*flashed.probe, &*flashed.chip),
        ("0483:374b:066BFF", "STM32F446RETx")
    );
    let at = "--non-interactive --chip STM32F446RETx --probe 0483:374b:066BFF";
    let expected = format!(
        "list\nread {at} b32 0xe0042000 1\ndownload {at} --verify --disable-progressbars validate.elf\n\
         reset {at}\n"
    );
    assert_eq!(calls, expected);
}

/// The failure's code, if its sentence has all of `parts` and nothing was written.
fn code(script: Script, board: &str, probe: Option<&str>, parts: &[&str]) -> &'static str {
    let (outcome, calls) = run(script, board, probe);
    assert!(!calls.contains("download"), "{calls}");
    let error = outcome.unwrap_err();
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "'{part}' in: {text}");
    }
    error.code()
}

#[test]
fn whatever_is_in_the_way_is_told_before_anything_is_written() {
    let board = "nucleo-f446re";
    let none = Script {
        probes: &[],
        ..GOOD
    };
    assert_eq!(code(none, board, None, &["no debug probe"]), "no-probe");

    let two = Script {
        probes: &[NUCLEO, OTHER],
        ..GOOD
    };
    let both = [
        "2 debug probes",
        "0483:374b:066BFF",
        "2e8a:000c:E6616",
        "--probe",
    ];
    assert_eq!(code(two, board, None, &both), "several-probes");
    assert_eq!(
        code(two, board, Some("1366:0101"), &both[1..3]),
        "other-probe"
    );

    let f401 = Script {
        word: Ok("10006433 "),
        ..GOOD
    };
    let parts = ["0x433", "0x421", "nothing was written"];
    assert_eq!(code(f401, board, None, &parts), "other-chip");

    let dead = "Error: Connecting to the chip was unsuccessful.";
    let unpowered = Script {
        word: Err(dead),
        ..GOOD
    };
    assert_eq!(code(unpowered, board, None, &[dead]), "unreachable");

    let old = Script {
        word: Err("Error: The chip \"STM32F446RETx\" was not found in the database."),
        ..GOOD
    };
    assert_eq!(code(old, board, None, &["a newer one"]), "unknown-chip");

    assert_eq!(
        code(GOOD, "mps2-an385", None, &["--on emulator"]),
        "no-chip"
    );
}

#[test]
fn one_of_two_probes_is_chosen_by_the_begin_of_its_name() {
    let two = Script {
        probes: &[OTHER, NUCLEO],
        ..GOOD
    };
    let (outcome, _) = run(two, "nucleo-f446re", Some("0483:374B"));
    assert_eq!(outcome.unwrap().probe, "0483:374b:066BFF");
}

#[test]
fn a_write_that_fails_is_told_in_the_tools_words() {
    let worn = Script {
        download: Err("Error: The execution of 'program_page' failed with code 1."),
        ..GOOD
    };
    let error = run(worn, "nucleo-f446re", None).0.unwrap_err();
    assert_eq!(error.code(), "flash-failed");
    assert!(error.to_string().contains("program_page"), "{error}");
}

#[test]
fn a_tool_that_is_not_installed_is_a_sentence() {
    let host = Host::current().with_path(Vec::new());
    let board = Board::find("nucleo-f446re").unwrap();
    let error = flash(&host, board, Path::new("any.elf"), None).unwrap_err();
    assert_eq!(error.code(), "probe-rs-missing");
    assert!(error.to_string().contains("https://probe.rs"), "{error}");
}
