//! An HDF5 file in memory, read object by object as it is asked for.

use gannet_graph::Tensor;

use super::{
    UNDEFINED,
    attribute::{Attribute, Datatype, dims, elements},
    cursor::Cursor,
    group::{Links, links},
    message,
    object::{Message, messages},
};
use crate::FormatError;

/// What an HDF5 file begins with.
pub(crate) const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// A group of a file: its members and its attributes.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    file: &'a [u8],
    path: String,
    links: Links,
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Reader<'a> {
    /// The root group of `file`.
    ///
    /// # Errors
    /// If this is not HDF5 or the root group is damaged.
    pub fn open(file: &'a [u8]) -> Result<Self, FormatError> {
        if !file.starts_with(SIGNATURE) {
            return Err(FormatError::NotHdf5 {
                found: if std::str::from_utf8(file).is_ok() {
                    "it looks like text"
                } else {
                    "it is something else"
                },
            });
        }
        let root = root(file)?;
        Reader::group_at(file, String::new(), root)
    }

    /// The group at `path` below this one; its parts are separated by `/`.
    pub fn group(&self, path: &str) -> Result<Self, FormatError> {
        let address = self.find(path, "group")?;
        Reader::group_at(self.file, self.below(path), address)
    }

    /// The `float32` dataset at `path` below this group.
    pub fn tensor(&self, path: &str) -> Result<Tensor, FormatError> {
        let address = self.find(path, "dataset")?;
        dataset(self.file, address)
    }

    /// The attribute `name` as one text.
    pub fn text(&self, name: &str) -> Result<Option<String>, FormatError> {
        Ok(self.texts(name)?.map(|texts| texts.concat()))
    }

    /// The attribute `name` as a list of texts. A list that is too long for an object header
    /// is stored in pieces `name0`, `name1`, …: it is put together again.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, FormatError> {
        if let Some(attribute) = self.attribute(name) {
            return attribute.texts(self.file).map(Some);
        }
        let pieces: Vec<&Attribute<'_>> = (0..)
            .map_while(|i: usize| self.attribute(&format!("{name}{i}")))
            .collect();
        if pieces.is_empty() {
            return Ok(None);
        }
        let mut texts = Vec::new();
        for piece in pieces {
            texts.extend(piece.texts(self.file)?);
        }
        Ok(Some(texts))
    }

    /// As [`Reader::texts`], for a list that has to be there.
    pub fn texts_needed(&self, name: &str) -> Result<Vec<String>, FormatError> {
        self.texts(name)?.ok_or_else(|| FormatError::Absent {
            what: format!("attribute '{name}'"),
            path: format!("/{}", self.path),
        })
    }

    /// Whether there is a member of that name.
    pub fn has(&self, name: &str) -> bool {
        self.links.contains_key(name)
    }

    fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    fn group_at(file: &'a [u8], path: String, address: u64) -> Result<Self, FormatError> {
        let messages = messages(file, address)?;
        let mut attributes = Vec::new();
        for &Message { kind, mut body } in &messages {
            match kind {
                message::ATTRIBUTE => attributes.push(Attribute::read(body)?),
                message::ATTRIBUTE_INFO => {
                    let start = body;
                    let (_version, flags) = (body.u8()?, body.u8()?);
                    body.skip(if flags & 1 != 0 { 2 } else { 0 })?;
                    if body.u64()? != UNDEFINED {
                        return Err(start.feature("attributes in a fractal heap"));
                    }
                }
                _ => {}
            }
        }
        Ok(Reader {
            file,
            path,
            links: links(file, &messages)?,
            attributes,
        })
    }

    /// The address of what is at `path`, `what` in words.
    fn find(&self, path: &str, what: &str) -> Result<u64, FormatError> {
        let absent = || FormatError::Absent {
            what: what.to_owned(),
            path: format!("/{}", self.below(path)),
        };
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let first = parts.next().ok_or_else(absent)?;
        let mut address = *self.links.get(first).ok_or_else(absent)?;
        for part in parts {
            let links = links(self.file, &messages(self.file, address)?)?;
            address = *links.get(part).ok_or_else(absent)?;
        }
        Ok(address)
    }

    fn below(&self, path: &str) -> String {
        if self.path.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.path)
        }
    }
}

/// Where the root group's object header is (specification, II.A).
fn root(file: &[u8]) -> Result<u64, FormatError> {
    let mut cursor = Cursor::at(file, SIGNATURE.len() as u64)?;
    let start = cursor;
    let version = cursor.u8()?;
    let sizes = match version {
        0 | 1 => {
            cursor.skip(4)?;
            let sizes = cursor.array::<2>()?;
            cursor.skip(if version == 0 { 9 } else { 13 })?;
            sizes
        }
        2 | 3 => {
            let sizes = cursor.array::<2>()?;
            cursor.skip(1)?;
            sizes
        }
        _ => return Err(start.feature(format!("a superblock of version {version}"))),
    };
    if sizes != [8, 8] {
        return Err(start.feature(format!(
            "addresses and lengths of {} and {} bytes in place of 8",
            sizes[0], sizes[1]
        )));
    }
    if cursor.u64()? != 0 {
        return Err(start.feature("a base address"));
    }
    // Free space and end of file and driver, then the root's symbol table entry, whose
    // second field is the address; in version 2 the extension and the end, then the address.
    cursor.skip(if version < 2 { 32 } else { 16 })?;
    cursor.u64()
}

fn dataset(file: &[u8], address: u64) -> Result<Tensor, FormatError> {
    let mut found = (None, None, None);
    let messages = messages(file, address)?;
    for &Message { kind, mut body } in &messages {
        match kind {
            message::DATASPACE => found.0 = Some(dims(&mut body)?),
            message::DATATYPE => found.1 = Some((body, Datatype::read(&mut body)?)),
            message::LAYOUT => found.2 = Some(data(file, body)?),
            message::FILTERS => return Err(body.feature("a compressed dataset")),
            message::EXTERNAL_FILES => {
                return Err(body.feature("a dataset whose values are in another file"));
            }
            _ => {}
        }
    }
    let (Some(dims), Some((place, datatype)), Some(mut data)) = found else {
        let start = Cursor::at(file, address)?;
        return Err(start.damaged("a dataset should stand here, but there is none"));
    };
    if datatype != Datatype::F32 {
        return Err(place.feature(format!("a dataset of {}", datatype.words())));
    }
    let count = elements(&dims, data.remaining() as u64 / 4)
        .ok_or_else(|| data.damaged("a dataset has more values than bytes"))?;
    let (values, _) = data.bytes(count * 4)?.as_chunks::<4>();
    let values = values.iter().map(|&value| f32::from_le_bytes(value));
    // Each extent is at most the number of values, or there is no value at all.
    let shape: Option<Vec<usize>> = dims.iter().map(|&dim| usize::try_from(dim).ok()).collect();
    let shape = shape.ok_or_else(|| place.damaged("a dataset has an impossible extent"))?;
    Ok(Tensor::new(shape, values.collect())?)
}

/// The bytes of a dataset, from its layout message (specification, IV.A.2.i).
fn data<'a>(file: &'a [u8], mut body: Cursor<'a>) -> Result<Cursor<'a>, FormatError> {
    let start = body;
    match body.u8()? {
        1 | 2 => {
            let (rank, class) = (body.u8()?, body.u8()?);
            body.skip(5)?;
            match class {
                1 => {
                    let address = body.u64()?;
                    let mut len = 4_u64;
                    for _ in 0..rank {
                        let dim = body.u32()?;
                        len = len.saturating_mul(u64::from(dim));
                    }
                    contiguous(file, address, len)
                }
                _ => Err(start.feature("a chunked or compact dataset of layout version 1 or 2")),
            }
        }
        3 | 4 => match body.u8()? {
            0 => {
                let len = body.u16()?;
                body.part(u64::from(len))
            }
            1 => {
                let (address, len) = (body.u64()?, body.u64()?);
                contiguous(file, address, len)
            }
            _ => Err(start.feature("a chunked dataset")),
        },
        version => Err(start.damaged(format!("a data layout of version {version}"))),
    }
}

fn contiguous(file: &[u8], address: u64, len: u64) -> Result<Cursor<'_>, FormatError> {
    // A dataset without values has no place in the file.
    let address = if len == 0 { 0 } else { address };
    Cursor::at(file, address)?.part(len)
}
