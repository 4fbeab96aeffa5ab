//! Reads every `.tflite` file in the folder that the first argument names and writes its network
//! into the folder that the second names, the `.json` beside it with it, so that LiteRT can be
//! asked whether it still gives the same. A quantized network is written as `.onnx` too, if it
//! has a form there, for onnxruntime.

#![expect(clippy::print_stdout, reason = "what has no form is for a person")]

use std::{error::Error, fs, path::PathBuf};

use gannet_formats::Model;

fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (folders.next(), folders.next()) else {
        return Err("name the folder to read and the folder to write into".into());
    };
    fs::create_dir_all(&to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path
            .extension()
            .is_some_and(|extension| extension == "tflite")
        {
            let model = gannet_formats::read(&path)?;
            gannet_formats::write(&model, &target)?;
            let onnx = target.with_extension("onnx");
            match (&model, gannet_formats::write(&model, onnx)) {
                (Model::Quantized(_), Err(error)) => println!("{error}"),
                (_, written) => written?,
            }
        } else {
            fs::copy(path, target)?;
        }
    }
    Ok(())
}
