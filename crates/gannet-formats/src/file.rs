//! Model files on disk: a path in, a [`Model`] out, and the other way. The format is chosen
//! by the file's name and checked by its content; a file is written whole or not at all.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use gannet_graph::Graph;

use crate::{FormatError, Model, ModelRef, Supported, keras, onnx, tflite};

/// A format of model files.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What it is called.
    pub name: &'static str,
    /// How its files end, without the dot.
    pub extensions: &'static [&'static str],
    /// From which byte on its files hold what.
    signature: (usize, &'static [u8]),
    /// What is to be known of the attributes of its layers, in a sentence or two.
    pub notes: &'static str,
    /// What it has for layers, in the order in which they are best told.
    pub layers: fn() -> Vec<Supported>,
    read: fn(&[u8]) -> Result<Model, FormatError>,
    write: fn(ModelRef<'_>) -> Result<Vec<u8>, FormatError>,
}

/// Every format that is read and written.
pub const FORMATS: &[Format] = &[
    Format {
        name: "Keras HDF5",
        extensions: &["h5", "hdf5"],
        signature: (0, crate::hdf5::SIGNATURE),
        notes: keras::NOTES,
        layers: keras::supported,
        read: |file| keras::from_h5(file).map(Model::Float),
        write: |model| keras::to_h5(float(model)?),
    },
    Format {
        name: "Keras archive",
        extensions: &["keras"],
        signature: (0, crate::zip::SIGNATURE),
        notes: keras::NOTES,
        layers: keras::supported,
        read: |file| keras::from_archive(file).map(Model::Float),
        write: |model| keras::to_archive(float(model)?),
    },
    Format {
        name: "TFLite",
        extensions: &["tflite"],
        signature: (4, tflite::SIGNATURE),
        notes: tflite::NOTES,
        layers: tflite::supported,
        read: tflite::from_tflite,
        write: tflite::to_tflite,
    },
    Format {
        name: "ONNX",
        extensions: &["onnx"],
        // A protocol buffer has none; but every program writes the version of the form first.
        signature: (0, &[0x08]),
        notes: onnx::NOTES,
        layers: onnx::supported,
        read: |file| onnx::from_bytes(file).map(|imported| imported.network),
        write: |model| match model {
            ModelRef::Float(graph) => Ok(onnx::to_bytes(graph)),
            ModelRef::Quantized(graph) => onnx::quantized_to_bytes(graph),
        },
    },
];

impl Format {
    /// The network in the bytes of a file.
    ///
    /// # Errors
    /// If the file is damaged, or the network has something that Gannet does not have:
    /// [`FormatError::Unsupported`] then lists all of it.
    pub fn from_bytes(&self, file: &[u8]) -> Result<Model, FormatError> {
        (self.read)(file)
    }

    /// The bytes of a file with the network.
    ///
    /// # Errors
    /// If the format has no form for something in the network.
    pub fn to_bytes<'a>(&self, model: impl Into<ModelRef<'a>>) -> Result<Vec<u8>, FormatError> {
        (self.write)(model.into())
    }
}

/// The network, for a format that has no form for integers.
fn float(model: ModelRef<'_>) -> Result<&Graph, FormatError> {
    match model {
        ModelRef::Float(graph) => Ok(graph),
        ModelRef::Quantized(_) => Err(FormatError::NoIntegers),
    }
}

/// More than any network for a microcontroller has, optimizer state included.
const LIMIT_BYTES: u64 = 512 << 20;

/// Reads the network in the file at `path`.
///
/// # Errors
/// If there is no such file, its format is not known, or it cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Model, FormatError> {
    let path = path.as_ref();
    in_file(path, || {
        let bytes = load(path)?;
        let format = by_extension(path)
            .or_else(|| by_content(&bytes))
            .ok_or_else(|| unknown(path))?;
        format.from_bytes(&bytes)
    })
}

/// Reads the network in the file at `path`, for a purpose that needs real numbers.
///
/// # Errors
/// As [`read`], and [`FormatError::Quantized`] if the network computes in integers.
pub fn read_float(path: impl AsRef<Path>) -> Result<Graph, FormatError> {
    let path = path.as_ref();
    match read(path)? {
        Model::Float(graph) => Ok(graph),
        Model::Quantized(_) => in_file(path, || Err(FormatError::Quantized)),
    }
}

/// Writes a network to `path`, in the format that the path's extension names.
///
/// # Errors
/// If the extension names no known format or the file cannot be written; what stood at
/// `path` before is then untouched.
pub fn write<'a>(
    model: impl Into<ModelRef<'a>>,
    path: impl AsRef<Path>,
) -> Result<(), FormatError> {
    let (model, path) = (model.into(), path.as_ref());
    in_file(path, || {
        let format = by_extension(path).ok_or_else(|| unknown(path))?;
        store(path, &format.to_bytes(model)?)
    })
}

/// Runs `work` and says in its error which file it was about.
pub(crate) fn in_file<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, FormatError>,
) -> Result<T, FormatError> {
    work().map_err(|error| FormatError::InFile {
        path: path.to_owned(),
        error: Box::new(error),
    })
}

/// The content of the file at `path`.
pub(crate) fn load(path: &Path) -> Result<Vec<u8>, FormatError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FormatError::Missing,
        _ => FormatError::Io {
            action: "read",
            source,
        },
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(FormatError::Folder);
    }
    if metadata.len() > LIMIT_BYTES {
        return Err(FormatError::TooLarge {
            len_bytes: metadata.len(),
            limit_bytes: LIMIT_BYTES,
        });
    }
    let bytes = fs::read(path).map_err(failed)?;
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    Ok(bytes)
}

/// Puts `bytes` at `path` in one step: through a temporary file beside it and a rename.
pub(crate) fn store(path: &Path, bytes: &[u8]) -> Result<(), FormatError> {
    if path.is_dir() {
        return Err(FormatError::Folder);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    store_in(folder, path, bytes).map_err(|source| FormatError::Io {
        action: "written",
        source,
    })
}

fn store_in(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gannet-");
    // A temporary file is private by default, but a model file is an ordinary one; the
    // process' umask still applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The extension of a path in small letters.
pub(crate) fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn by_extension(path: &Path) -> Option<&'static Format> {
    let extension = extension(path)?;
    FORMATS
        .iter()
        .find(|format| format.extensions.contains(&extension.as_str()))
}

fn by_content(bytes: &[u8]) -> Option<&'static Format> {
    FORMATS.iter().find(|format| {
        let (from, signature) = format.signature;
        bytes
            .get(from..)
            .is_some_and(|rest| rest.starts_with(signature))
    })
}

fn unknown(path: &Path) -> FormatError {
    let known = FORMATS.iter().map(|format| {
        let extensions: Vec<String> = format.extensions.iter().map(|e| format!(".{e}")).collect();
        format!("{} ({})", format.name, extensions.join(", "))
    });
    FormatError::UnknownFormat {
        found: match path.extension() {
            Some(extension) => format!(
                "'.{}' names no format of model files",
                extension.to_string_lossy()
            ),
            None => "the file's name has no extension that tells its format".to_owned(),
        },
        known: known.collect::<Vec<_>>().join(", "),
    }
}
