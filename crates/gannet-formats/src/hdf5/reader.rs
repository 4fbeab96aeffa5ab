//! An HDF5 file in memory, read object by object as it is asked for.

use std::{
    collections::HashMap,
    panic::{self, AssertUnwindSafe},
};

use gannet_graph::Tensor;
use hdf5_pure::{AttrValue, DType, Dataset, Error, File};

use super::bounded::{Allowance, Bounded};
use crate::FormatError;

/// What an HDF5 file begins with.
pub(crate) const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// What may be made of the smallest file: compressed values, and those that are nowhere in
/// the file because they are all the same, take more bytes in memory than there.
const LEAST_LIMIT_BYTES: u64 = 64 << 20;

/// A group of a file: its members and its attributes.
#[derive(Debug)]
pub(crate) struct Reader {
    group: hdf5_pure::Group,
    path: String,
    /// `None` where the value is of a type without a name, or cannot be read.
    attributes: HashMap<String, Option<AttrValue>>,
    allowance: Allowance,
    limit_bytes: u64,
}

impl Reader {
    /// The root group of `file`.
    ///
    /// # Errors
    /// If this is not HDF5 or the root group is damaged.
    pub fn open(file: &[u8]) -> Result<Self, FormatError> {
        if !file.starts_with(SIGNATURE) {
            return Err(FormatError::NotHdf5 {
                found: if std::str::from_utf8(file).is_ok() {
                    "it looks like text"
                } else {
                    "it is something else"
                },
            });
        }
        let len = file.len() as u64;
        let source = Bounded::new(file.to_vec());
        let allowance = source.allowance();
        let file = ask(&allowance, "group", "", || File::from_source(source))?;
        let end = file.superblock().eof_address;
        if end > len {
            return Err(FormatError::Damaged {
                path: "/".to_owned(),
                what: format!("the file should have {end} bytes, but ends at byte {len}"),
            });
        }
        let limit_bytes = len.max(LEAST_LIMIT_BYTES);
        Reader::of(file.root(), String::new(), allowance, limit_bytes)
    }

    /// The group at `path` below this one; its parts are separated by `/`.
    pub fn group(&self, path: &str) -> Result<Self, FormatError> {
        let below = self.below(path);
        let group = ask(&self.allowance, "group", &below, || self.group.group(path))?;
        Reader::of(group, below, self.allowance.clone(), self.limit_bytes)
    }

    /// The `float32` dataset at `path` below this group.
    pub fn tensor(&self, path: &str) -> Result<Tensor, FormatError> {
        let below = self.below(path);
        let dataset = ask(&self.allowance, "dataset", &below, || {
            self.group.dataset(path)
        })?;
        let shape = self.shape(&dataset, &below)?;
        let values = ask(&self.allowance, "dataset", &below, || dataset.read_f32())?;
        Ok(Tensor::new(shape, values)?)
    }

    /// How many bytes of values this file may give.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// The attribute `name` as one text.
    pub fn text(&self, name: &str) -> Result<Option<String>, FormatError> {
        Ok(self.texts(name)?.map(|texts| texts.concat()))
    }

    /// The attribute `name` as a list of texts. A list that is too long for an object header
    /// is stored in pieces `name0`, `name1`, …: it is put together again.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, FormatError> {
        if let Some(whole) = self.piece(name)? {
            return Ok(Some(whole.to_vec()));
        }
        let mut texts = None;
        for i in 0.. {
            let Some(piece) = self.piece(&format!("{name}{i}"))? else {
                break;
            };
            texts.get_or_insert_with(Vec::new).extend_from_slice(piece);
        }
        Ok(texts)
    }

    /// As [`Reader::texts`], for a list that has to be there.
    pub fn texts_needed(&self, name: &str) -> Result<Vec<String>, FormatError> {
        self.texts(name)?
            .ok_or_else(|| absent(&format!("attribute '{name}'"), &self.path))
    }

    /// Whether there is a group of that name.
    pub fn has_group(&self, name: &str) -> bool {
        ask(&self.allowance, "group", name, || self.group.group(name)).is_ok()
    }

    /// Whether there is a dataset of that name.
    pub fn has_dataset(&self, name: &str) -> bool {
        let question = || self.group.dataset(name);
        ask(&self.allowance, "dataset", name, question).is_ok()
    }

    fn of(
        group: hdf5_pure::Group,
        path: String,
        allowance: Allowance,
        limit_bytes: u64,
    ) -> Result<Self, FormatError> {
        let names = ask(&allowance, "group", &path, || group.attr_datatypes())?;
        let mut values = ask(&allowance, "group", &path, || group.attrs())?;
        let attributes = names.into_keys().map(|name| {
            let value = values.remove(&name);
            (name, value)
        });
        Ok(Reader {
            attributes: attributes.collect(),
            group,
            path,
            allowance,
            limit_bytes,
        })
    }

    /// The texts of the attribute of exactly that name.
    fn piece(&self, name: &str) -> Result<Option<&[String]>, FormatError> {
        let Some(value) = self.attributes.get(name) else {
            return Ok(None);
        };
        let damaged = |what: String| FormatError::Damaged {
            path: format!("/{}", self.path),
            what: format!("the attribute '{name}' {what}"),
        };
        let value = value
            .as_ref()
            .ok_or_else(|| damaged("cannot be read".to_owned()))?;
        // An empty list of names is stored as an empty list of numbers.
        let is_empty = value.to_f64s().is_some_and(|numbers| numbers.is_empty());
        match value.as_strings() {
            Some(texts) => Ok(Some(texts)),
            None if is_empty => Ok(Some(&[])),
            None => {
                let found = value.type_name();
                Err(damaged(format!("should be text, but is {found}")))
            }
        }
    }

    /// The shape of a dataset that may be read: of `float32`, and of no more values than a
    /// file of this size may give.
    fn shape(&self, dataset: &Dataset, path: &str) -> Result<Vec<usize>, FormatError> {
        let (dtype, shape, chunk) = ask(&self.allowance, "dataset", path, || {
            let chunk = dataset.chunk_shape()?.unwrap_or_default();
            Ok((dataset.dtype()?, dataset.shape()?, chunk))
        })?;
        if dtype != DType::F32 {
            return Err(feature(path, format!("values of the type {dtype}")));
        }
        for extents in [&shape, &chunk] {
            let bytes = extents
                .iter()
                .try_fold(size_of::<f32>() as u64, |bytes, &extent| {
                    bytes.checked_mul(extent)
                });
            if bytes.is_none_or(|bytes| bytes > self.limit_bytes) {
                return Err(FormatError::Damaged {
                    path: format!("/{path}"),
                    what: format!("a dataset of shape {extents:?} does not come from this file"),
                });
            }
        }
        // No extent is larger than the number of values, or there is no value at all.
        let extents = shape.into_iter().map(usize::try_from);
        extents
            .collect::<Result<_, _>>()
            .map_err(|_| feature(path, "an extent larger than the memory".to_owned()))
    }

    fn below(&self, path: &str) -> String {
        if self.path.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.path)
        }
    }
}

fn absent(what: &str, path: &str) -> FormatError {
    FormatError::Absent {
        what: what.to_owned(),
        path: format!("/{path}"),
    }
}

fn feature(path: &str, what: String) -> FormatError {
    FormatError::Hdf5Feature {
        path: format!("/{path}"),
        what,
    }
}

/// Asks `hdf5-pure` something about the object at `path`, a `kind` in words.
fn ask<T>(
    allowance: &Allowance,
    kind: &str,
    path: &str,
    question: impl FnOnce() -> Result<T, Error>,
) -> Result<T, FormatError> {
    allowance.refill();
    // On crafted files sums overflow in that crate, which ends in a panic where overflow is
    // checked. Files are only read, so a question cut short leaves nothing half done.
    match panic::catch_unwind(AssertUnwindSafe(question)) {
        Ok(answer) => answer.map_err(|error| refusal(kind, path, error)),
        Err(_) => Err(FormatError::Damaged {
            path: format!("/{path}"),
            what: "what it tells of itself does not fit together".to_owned(),
        }),
    }
}

fn refusal(kind: &str, path: &str, error: Error) -> FormatError {
    use hdf5_pure::FormatError as E;
    match error {
        Error::Format(E::PathNotFound(_)) | Error::NotAGroup(_) | Error::NotADataset(_) => {
            absent(kind, path)
        }
        Error::Format(
            error @ (E::UnsupportedVersion(_)
            | E::UnsupportedMessage(_)
            | E::UnsupportedFilter(_)
            | E::UnsupportedVirtualLayout
            | E::UnsupportedExternalStorage
            | E::UnsupportedFilteredHeapObject
            | E::UnsupportedSohmReference),
        ) => feature(path, format!("something unusual ({error})")),
        error => FormatError::Damaged {
            path: format!("/{path}"),
            what: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::Group;

    /// 300 attributes that name one text of 1 MiB: 300 MiB out of a file of 2.
    #[test]
    fn one_text_named_many_times_does_not_fill_the_memory() {
        const SHORT: &str = "to be redirected";
        let mut root = Group::default();
        root.set_text("long", "x".repeat(1 << 20));
        for i in 0..300 {
            root.set_text(&format!("short{i}"), SHORT);
        }
        let mut file = root.to_bytes();
        // A reference is the length, the heap's address and, in it, the object's number, 1.
        let references = |file: &[u8], len: u32| -> Vec<usize> {
            let at = (0..=file.len() - 16).step_by(4).filter(|&i| {
                let address = u64::from_le_bytes(file[i + 4..i + 12].try_into().unwrap()) as usize;
                file[i..i + 4] == len.to_le_bytes()
                    && file[i + 12..i + 16] == 1_u32.to_le_bytes()
                    && file
                        .get(address..)
                        .is_some_and(|heap| heap.starts_with(b"GCOL"))
            });
            at.collect()
        };
        let long = references(&file, 1 << 20)[0];
        let short = references(&file, SHORT.len() as u32);
        assert_eq!(short.len(), 300);
        for at in short {
            file.copy_within(long..long + 16, at);
        }
        let root = Reader::open(&file).unwrap();
        let texts: Vec<_> = (0..300).map(|i| root.text(&format!("short{i}"))).collect();
        let read = texts.iter().flatten().flatten().map(String::len);
        assert!(read.sum::<usize>() < 16 << 20);
        let refused = texts.into_iter().find_map(Result::err).unwrap().to_string();
        assert!(refused.contains("cannot be read"), "{refused}");
    }

    /// 2^40 values that are not there.
    #[test]
    fn a_shape_that_does_not_fit_the_file_is_refused() {
        let mut root = Group::default();
        root.put("kernel", Tensor::zeros([3, 12_345]));
        let mut file = root.to_bytes();
        let extent = 12_345_u64.to_le_bytes();
        let at = file.windows(8).position(|part| part == extent).unwrap();
        file[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        let error = Reader::open(&file).unwrap().tensor("kernel").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("damaged at '/kernel'") && text.contains("[3, 1099511627776]"),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_float32_and_no_text_is_told_as_such() {
        let mut root = Group::default();
        root.put("kernel", Tensor::zeros([3]));
        let mut file = root.to_bytes();
        // Class 1 of 4 bytes, with an exponent of 8 bits: made a whole number, class 0.
        let float = [0x11, 0x20, 31, 0, 4, 0, 0, 0];
        let at = file.windows(8).position(|part| part == float).unwrap();
        file[at..at + 12].copy_from_slice(&[0x10, 0, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0]);
        let error = Reader::open(&file).unwrap().tensor("kernel").unwrap_err();
        assert!(matches!(error, FormatError::Hdf5Feature { .. }), "{error}");
    }
}
