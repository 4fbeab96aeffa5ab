//! What cannot be read is told in a sentence that says what to do.

use std::{fs, path::PathBuf};

use gannet_formats::{FormatError, read_float, write};
use gannet_graph::networks;

/// The error of reading a file `name` with `content`.
fn refusal(name: &str, content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    read_float(&path).unwrap_err().to_string()
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "'{part}' is not in: {text}");
    }
}

#[test]
fn a_text_file_is_told_as_such() {
    let text = refusal("model.h5", b"epoch,loss\n1,0.3\n");
    says(&text, &["model.h5", "byte 0", "looks like text", "save"]);
}

#[test]
fn an_empty_file_is_told_as_such() {
    says(&refusal("model.h5", b""), &["model.h5", "empty"]);
}

#[test]
fn a_folder_and_a_missing_file_are_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.h5");
    says(
        &read_float(&path).unwrap_err().to_string(),
        &["no such file"],
    );
    fs::create_dir(&path).unwrap();
    says(&read_float(&path).unwrap_err().to_string(), &["folder"]);
    let error = write(&networks::mnist_small(), &path).unwrap_err();
    says(&error.to_string(), &["folder"]);
}

#[test]
fn an_unknown_extension_tells_the_known_formats() {
    let text = refusal("model.xyz", b"anything");
    says(&text, &["'.xyz'", "Keras HDF5", ".h5"]);
    let folder = tempfile::tempdir().unwrap();
    let error = write(&networks::mnist_small(), folder.path().join("model")).unwrap_err();
    says(&error.to_string(), &["no extension", ".h5"]);
}

#[test]
fn content_tells_the_format_where_the_name_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let graph = networks::mnist_small();
    let path = folder.path().join("model.h5");
    write(&graph, &path).unwrap();
    let unnamed = folder.path().join("model.bin");
    fs::rename(&path, &unnamed).unwrap();
    assert_eq!(read_float(&unnamed).unwrap(), graph);
}

#[test]
fn a_file_cut_short_is_told_with_its_length() {
    let bytes = gannet_formats::keras::to_h5(&networks::mnist_small()).unwrap();
    let half = bytes.len() / 2;
    let text = refusal("model.h5", &bytes[..half]);
    says(&text, &["damaged", &format!("ends at byte {half}")]);
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let path = PathBuf::from("no/such/folder/model.h5");
    let error = write(&networks::mnist_small(), &path).unwrap_err();
    let FormatError::InFile { error, .. } = error else {
        panic!("the error names no file");
    };
    assert!(
        matches!(
            *error,
            FormatError::Io {
                action: "written",
                ..
            }
        ),
        "{error}"
    );
}
