//! Runs networks of ONNX files on given inputs and compares with given outputs:
//! `onnx_backend FOLDER`, where FOLDER/cases.json lists `{"name", "rtol", "atol"}` and each
//! case is NAME.onnx with NAME.in and NAME.out, values of float32 in the file's order.
//!
//! Prints one JSON object a case: passed, refused with all obstacles, or failed and why. The
//! inputs of a batch are computed one by one. `oracles/onnx_backend.py` makes such folders.

use std::{
    error::Error,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use gannet_formats::{
    FormatError, Model,
    onnx::{self, Imported},
};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("usage: onnx_backend FOLDER")?;
    let folder = Path::new(&folder);
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("cases.json"))?)?;
    for case in cases {
        let name = case["name"].as_str().ok_or("a case without a name")?;
        // A panic is a failure of its case and not of all that follow.
        let result = catch_unwind(AssertUnwindSafe(|| run(folder, name, &case)));
        let mut result = match result {
            Ok(result) => result?,
            Err(_) => json!({ "result": "failed", "why": "a panic" }),
        };
        result["name"] = name.into();
        say(&result);
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a program's own output")]
fn say(line: &Value) {
    println!("{line}");
}

fn run(folder: &Path, name: &str, case: &Value) -> Result<Value, Box<dyn Error>> {
    let path = |extension| folder.join(format!("{name}.{extension}"));
    let imported = match onnx::from_bytes(&fs::read(path("onnx"))?) {
        Ok(imported) => imported,
        Err(FormatError::Unsupported(obstacles)) => {
            let obstacles = obstacles.0.iter().map(|o| {
                json!({
                    "class": o.class,
                    "attribute": o.attribute,
                    "value": o.value,
                    "supported": o.supported,
                })
            });
            return Ok(json!({ "result": "refused", "obstacles": obstacles.collect::<Vec<_>>() }));
        }
        Err(error) => return Ok(json!({ "result": "failed", "why": error.to_string() })),
    };
    let (input, expected) = (floats(&path("in"))?, floats(&path("out"))?);
    let found = match outputs(&imported, &input) {
        Ok(found) => found,
        Err(why) => return Ok(json!({ "result": "failed", "why": why.to_string() })),
    };
    if found.len() != expected.len() {
        let why = format!("{} values and not {}", found.len(), expected.len());
        return Ok(json!({ "result": "failed", "why": why }));
    }
    let number = |name: &str| case[name].as_f64().unwrap_or(0.0);
    let (rtol, atol) = (number("rtol"), number("atol"));
    let far = found.iter().zip(&expected).find(|&(&found, &expected)| {
        let (found, expected) = (f64::from(found), f64::from(expected));
        let near = (found - expected).abs() <= atol + rtol * expected.abs();
        !near && found != expected && !(found.is_nan() && expected.is_nan())
    });
    Ok(match far {
        None => json!({ "result": "passed", "layers": layers(&imported) }),
        Some((found, expected)) => {
            json!({ "result": "failed", "why": format!("{found} and not {expected}"),
                    "layers": layers(&imported) })
        }
    })
}

/// What the network gives for each input of the batch, one behind the other.
fn outputs(imported: &Imported, input: &[f32]) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut outputs = Vec::new();
    for image in input.chunks(input.len() / imported.batch()) {
        outputs.extend(imported.run(image)?);
    }
    Ok(outputs)
}

fn layers(imported: &Imported) -> Vec<&'static str> {
    match &imported.network {
        Model::Float(graph) => graph.nodes().iter().map(|n| n.layer().kind()).collect(),
        Model::Quantized(graph) => graph.nodes().iter().map(|n| n.layer().kind()).collect(),
    }
}

fn floats(path: &Path) -> Result<Vec<f32>, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let values = bytes.as_chunks::<4>().0.iter().copied();
    Ok(values.map(f32::from_le_bytes).collect())
}
