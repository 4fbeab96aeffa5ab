//! `gannet image`: one picture as an array for C or Rust, or as PNG.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gannet_data::{Dataset, ImageRef, export};

use crate::failure::Failure;
use crate::screen::put;

/// One picture as an array for C or Rust, or as PNG.
#[derive(Debug, Args)]
pub struct Image {
    /// Which picture: DATASET:SPLIT/INDEX, for example `mnist:train/2`.
    picture: ImageRef,
    /// What to make of it.
    #[arg(long, value_enum, default_value = "c")]
    format: Format,
    /// The array's name.
    #[arg(long, default_value = "data")]
    name: String,
    /// The file to write; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A form of a picture.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A C array of floats, pixel/255.
    C,
    /// A Rust array of the pixels' bytes.
    Rust,
    /// A PNG file.
    Png,
}

pub fn run(args: &Image) -> Result<(), Failure> {
    let dataset = Dataset::open(&args.picture.dataset)?;
    let image = args.picture.find_in(&dataset)?.image;
    let bytes = match args.format {
        Format::C => export::c_array(image, &args.name.parse()?).into_bytes(),
        Format::Rust => {
            export::rust_array(image, &args.name.to_ascii_uppercase().parse()?).into_bytes()
        }
        Format::Png => export::png(image)?,
    };
    match (&args.out, String::from_utf8(bytes)) {
        (None, Ok(text)) => put(text),
        (None, Err(binary)) => std::io::stdout().lock().write_all(binary.as_bytes())?,
        (Some(path), bytes) => {
            let bytes = bytes.map_or_else(|binary| binary.into_bytes(), String::into_bytes);
            fs::write(path, bytes).map_err(|error| {
                Failure::new(format!(
                    "the picture cannot be written to {}: {error}",
                    path.display()
                ))
            })?;
        }
    }
    Ok(())
}
