//! The whole way in an empty folder: training, firmware, emulator, link, page and report.
//! Needs the emulator and a toolchain for the board; `cargo xtask setup` installs them.

use std::process::Command;

use gannet_graph::{Conv2D, Flatten, Graph, GraphError, Padding, Window};
use serde_json::Value;

/// The tutorial's example of what does not fit: 28·28·100 values of four bytes.
fn hundred_filters() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("wide", [28, 28, 1])?;
    let window = Window::new([5, 5], [1, 1], Padding::Same)?;
    graph.push("conv2d", Conv2D::zeros(window, 1, 100))?;
    graph.push("flatten", Flatten)?;
    Ok(graph)
}

#[test]
fn the_demo_works_in_an_empty_folder_and_reports_every_figure() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args([
            "demo",
            "--epochs",
            "1",
            "--images",
            "50",
            "--json",
            "report.json",
        ])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");

    let page = String::from_utf8_lossy(&output.stdout);
    for part in [
        "10,930",
        "301,856",
        "42.74 KB",
        "11.01 KB",
        "0.058855",
        "simple_outputs[9] float",
    ] {
        assert!(page.contains(part), "'{part}' in: {page}");
    }

    let text = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    let sections: [(&str, &[&str]); 4] = [
        (
            "train",
            &[
                "epochs",
                "seconds",
                "accuracy",
                "loss",
                "val_accuracy",
                "val_loss",
            ],
        ),
        (
            "analysis",
            &["params", "macs", "weights_bytes", "activations_bytes"],
        ),
        (
            "firmware",
            &[
                "flash_bytes",
                "weights_bytes",
                "code_bytes",
                "static_ram_bytes",
                "stack_bytes",
            ],
        ),
        (
            "validate",
            &[
                "images",
                "top1",
                "element_accuracy",
                "mean_abs_error",
                "mismatches_vs_host",
                "seconds",
                "seconds_wire",
                "seconds_inference",
                "resent",
            ],
        ),
    ];
    for (section, names) in sections {
        for name in names {
            assert!(
                report[section][name].is_number(),
                "{section}.{name} in {text}"
            );
        }
    }
    assert_eq!(report["validate"]["on"], "emulator");
    assert_eq!(report["validate"]["images"], 50);
    assert_eq!(report["validate"]["mismatches_vs_host"], 0);
    assert!(report["analysis"]["activations_bytes"].as_u64().unwrap() <= 11_272);
    assert!(report["validate"]["top1"].as_f64().unwrap() > 0.8);

    // The generated code, compiled for this machine, gives the same answers.
    let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args([
            "validate",
            "gannet-demo/mnist-small.h5",
            "--on",
            "host",
            "--images",
            "50",
        ])
        .args(["--json", "-"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let on_host: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(on_host["validate"]["mismatches_vs_host"], 0);
    assert_eq!(on_host["validate"]["top1"], report["validate"]["top1"]);
    assert_eq!(
        on_host["validate"]["mean_abs_error"],
        report["validate"]["mean_abs_error"]
    );
}

#[test]
fn a_network_too_large_for_the_board_is_told_before_anything_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let models = tempfile::tempdir().unwrap();
    let wide = models.path().join("wide.h5");
    gannet_formats::write(&hundred_filters().unwrap(), &wide).unwrap();
    let wide = wide.to_str().unwrap();
    for arguments in [["analyze", wide], ["validate", wide], ["firmware", wide]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gannet"));
        command.args(arguments).current_dir(folder.path());
        if arguments[0] == "firmware" {
            command.args(["-o", "firmware"]);
        }
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {errors}");
        assert!(
            errors.contains("layer 'conv2d'") && errors.contains("RAM"),
            "{errors}"
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "something was built"
    );
}
