//! Reads every `.tflite` file in the folder that the first argument names and writes its network
//! into the folder that the second names, the `.json` beside it with it, so that LiteRT can be
//! asked whether it still gives the same.

use std::{error::Error, fs, path::PathBuf};

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
            gannet_formats::write(&gannet_formats::read(&path)?, target)?;
        } else {
            fs::copy(path, target)?;
        }
    }
    Ok(())
}
