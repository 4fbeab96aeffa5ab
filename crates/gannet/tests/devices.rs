//! Boards that are not reached, as scripts meet it: a distinct name in the report for each way to
//! fail, and a sentence.

#[path = "../../gannet-board/tests/alone/mod.rs"]
mod alone;
#[cfg(unix)]
mod stand_in;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use alone::alone;
use gannet_graph::networks;
use serde_json::Value;

/// The tutorial's network with random weights.
fn model(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 0);
    gannet_formats::write(&graph, &path).unwrap();
    path
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_port_that_does_not_open_is_in_the_report() {
    let _alone = alone();
    let model = model("unreached.h5");
    for protocol in ["link", "tutorial"] {
        let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
            .args([
                "validate",
                "--on",
                "serial:/dev/no-such-port",
                "--json",
                "-",
            ])
            .args(["--protocol", protocol])
            .arg(&model)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let section = &report(&output)["validate"];
        assert_eq!(section["failure"]["code"], "port-missing");
        assert_eq!(
            (&section["images"], &section["top1"]),
            (&0.into(), &Value::Null)
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("is the board plugged in"), "{said}");
    }
}

/// Whose board takes whole pictures cannot send it rows, and is told before the first.
#[cfg(unix)]
#[test]
fn a_board_that_takes_pictures_in_another_way_is_told() {
    use gannet_compile::{InputFormat, Options, compile};
    use serialport::SerialPort;

    let _alone = alone();
    let path = model("other-way.h5");
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 0);
    let program = compile(&graph, &Options::new(InputFormat::PIXELS)).unwrap();
    let port = stand_in::plug_in(stand_in::StandIn::of(program, 0));
    let validate = |input: &str| {
        Command::new(env!("CARGO_BIN_EXE_gannet"))
            .args(["validate", "--json", "-", "--images", "2", "--input", input])
            .args(["--on", &format!("serial:{}", port.name().unwrap())])
            .arg(&path)
            .output()
            .unwrap()
    };
    let output = validate("rows");
    assert_eq!(output.status.code(), Some(1));
    let section = &report(&output)["validate"];
    assert_eq!(section["failure"]["code"], "other-input");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("takes whole pictures"), "{said}");

    let output = validate("u8");
    assert!(output.status.success());
    let section = &report(&output)["validate"];
    assert_eq!(
        (&section["failure"], &section["images"]),
        (&Value::Null, &2.into())
    );
    assert_eq!(section["mismatches_vs_host"], 0);
}

/// With a script that stands in for `probe-rs`, as no board is connected where this runs.
#[cfg(unix)]
#[test]
fn firmware_is_flashed_and_what_is_in_the_way_is_in_the_report() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    let _alone = alone();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flashed");
    let gannet = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gannet"));
        command.args(arguments).arg(&folder);
        command
    };
    let made = Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args(["firmware", "--lang", "c", "--board", "nucleo-f446re", "-o"])
        .args([&folder, &model("flashed.h5")])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );

    let tools = tempfile::tempdir().unwrap();
    let tool = tools.path().join("probe-rs");
    let path = format!("{}:{}", tools.path().display(), env!("PATH"));
    let flash = |word: &str, arguments: &[&str]| {
        let text = format!(
            "#!/bin/sh\ncase $1 in\nlist) echo '[0]: STLink -- 0483:374b:066BFF (ST-LINK)';;\n\
             read) echo {word};;\ndownload) for image; do :; done; test -f \"$image\";;\nesac\n"
        );
        fs::write(&tool, text).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        gannet(&["flash", "--json", "-"])
            .args(arguments)
            .env("PATH", &path)
            .output()
            .unwrap()
    };
    for program in ["validate", "tutorial_single"] {
        let output = flash("10006421", &["--program", program]);
        assert_eq!(report(&output)["flash"]["probe"], "0483:374b:066BFF");
        assert!(output.status.success());
    }
    let output = flash("10006433", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(report(&output)["flash"]["failure"]["code"], "other-chip");
    let output = flash("10006421", &["--program", "blink"]);
    assert_eq!(output.status.code(), Some(2));
}
