//! Zip archives in memory, read within bounds and written without compression, as Keras and
//! NumPy write them.
//!
//! Read by the crate `zip`; an archive is not trusted, so what its members unpack to is counted
//! and not believed.

use std::{
    borrow::Cow,
    io::{self, Cursor, Read as _, Write as _},
};

use ::zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use crate::FormatError;

/// What a zip archive begins with, unless it is empty.
pub(crate) const SIGNATURE: &[u8] = b"PK\x03\x04";

/// What the members of the smallest archive may unpack to.
const LEAST_LIMIT_BYTES: u64 = 64 << 20;

/// An archive that is read.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    limit_bytes: u64,
    left_bytes: u64,
}

impl<'a> Archive<'a> {
    /// The archive in `file`.
    ///
    /// # Errors
    /// If `file` is none, or its directory is damaged.
    pub fn open(file: &'a [u8]) -> Result<Self, FormatError> {
        let zip = ZipArchive::new(Cursor::new(file)).map_err(|error| damaged("", &error))?;
        let limit_bytes = LEAST_LIMIT_BYTES.max(file.len() as u64);
        Ok(Archive {
            zip,
            limit_bytes,
            left_bytes: limit_bytes,
        })
    }

    /// The names of all members that are text, sorted.
    pub fn names(&self) -> Vec<String> {
        let names = self.zip.file_names().filter_map(Result::ok);
        let mut names: Vec<String> = names.map(Cow::into_owned).collect();
        names.sort_unstable();
        names
    }

    /// What the member `name` unpacks to.
    ///
    /// # Errors
    /// If there is no such member, it is damaged, or all that was unpacked becomes too much.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>, FormatError> {
        let member = self.zip.by_name(name).map_err(|error| match error {
            ZipError::FileNotFound => FormatError::NoMember {
                name: name.to_owned(),
            },
            error => damaged(name, &error),
        })?;
        let mut bytes = Vec::new();
        let read = member.take(self.left_bytes + 1).read_to_end(&mut bytes);
        read.map_err(|error| damaged(name, &ZipError::Io(error)))?;
        self.left_bytes = self
            .left_bytes
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| FormatError::Unpacked {
                name: name.to_owned(),
                limit_bytes: self.limit_bytes,
            })?;
        Ok(bytes)
    }

    /// What the member `name` unpacks to, as text.
    ///
    /// # Errors
    /// As [`Archive::read`], and if it is no text.
    pub fn text(&mut self, name: &str) -> Result<String, FormatError> {
        String::from_utf8(self.read(name)?).map_err(|error| {
            let error = io::Error::new(io::ErrorKind::InvalidData, error);
            damaged(name, &ZipError::Io(error))
        })
    }
}

/// An archive of these members, in this order and without a date.
///
/// # Errors
/// If a member has 4 GiB or more.
pub(crate) fn write<Name: AsRef<str>>(members: &[(Name, Vec<u8>)]) -> Result<Vec<u8>, FormatError> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let name = name.as_ref();
        zip.start_file(name, options)
            .and_then(|()| Ok(zip.write_all(bytes)?))
            .map_err(|error| damaged(name, &error))?;
    }
    let file = zip.finish().map_err(|error| damaged("", &error))?;
    Ok(file.into_inner())
}

fn damaged(member: &str, error: &ZipError) -> FormatError {
    FormatError::Zip {
        member: member.to_owned(),
        what: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_again() {
        let members = [("b.txt", b"two".to_vec()), ("a/b", vec![0, 255])];
        let file = write(&members).unwrap();
        assert!(file.starts_with(SIGNATURE));
        let mut archive = Archive::open(&file).unwrap();
        assert_eq!(archive.names(), ["a/b", "b.txt"]);
        assert_eq!(archive.text("b.txt").unwrap(), "two");
        assert_eq!(archive.read("a/b").unwrap(), [0, 255]);
        let text = archive.text("a/b").unwrap_err().to_string();
        assert!(text.contains("'a/b'") && text.contains("utf-8"), "{text}");
        let text = archive.read("c").unwrap_err().to_string();
        assert!(text.contains("no 'c'"), "{text}");
    }

    /// 65 MiB of zeros in 66 KB.
    #[test]
    fn what_unpacks_without_end_is_refused() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        zip.start_file(
            "zeros",
            options.compression_method(CompressionMethod::Deflated),
        )
        .unwrap();
        zip.write_all(&vec![0; 65 << 20]).unwrap();
        let file = zip.finish().unwrap().into_inner();
        assert!(file.len() < 100_000);
        let mut archive = Archive::open(&file).unwrap();
        let text = archive.read("zeros").unwrap_err().to_string();
        assert!(text.contains("'zeros'") && text.contains("limit"), "{text}");
    }
}
