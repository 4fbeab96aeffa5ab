//! Reads little-endian fields one after the other and knows at which byte of the file it
//! is, so that every error can say where.

use crate::FormatError;

/// A place in a file, and the end of what may be read from there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    file: &'a [u8],
    position: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at byte `offset` that may read to the end of `file`.
    pub fn at(file: &'a [u8], offset: u64) -> Result<Self, FormatError> {
        match usize::try_from(offset) {
            Ok(position) if position <= file.len() => Ok(Cursor {
                file,
                position,
                end: file.len(),
            }),
            _ => Err(FormatError::Damaged {
                offset,
                what: format!(
                    "something should stand here, but the file ends at byte {}",
                    file.len()
                ),
            }),
        }
    }

    /// A cursor over the next `len` bytes, which this one steps over.
    pub fn part(&mut self, len: u64) -> Result<Self, FormatError> {
        let part = Cursor {
            end: self.position,
            ..*self
        };
        let len = self.take_len(len)?;
        self.position += len;
        Ok(Cursor {
            end: self.position,
            ..part
        })
    }

    /// Where in the file it is.
    pub fn offset(&self) -> u64 {
        self.position as u64
    }

    /// How many bytes may still be read.
    pub fn remaining(&self) -> usize {
        self.end - self.position
    }

    /// The next `len` bytes.
    pub fn bytes(&mut self, len: u64) -> Result<&'a [u8], FormatError> {
        let len = self.take_len(len)?;
        let bytes = &self.file[self.position..self.position + len];
        self.position += len;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let bytes = self.bytes(N as u64)?;
        Ok(std::array::from_fn(|i| bytes[i]))
    }

    pub fn u8(&mut self) -> Result<u8, FormatError> {
        self.array().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, FormatError> {
        self.array().map(u64::from_le_bytes)
    }

    /// An unsigned number of `width` bytes, at most 8.
    pub fn uint(&mut self, width: usize) -> Result<u64, FormatError> {
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(self.bytes(width as u64)?);
        Ok(u64::from_le_bytes(wide))
    }

    pub fn skip(&mut self, len: u64) -> Result<(), FormatError> {
        self.bytes(len).map(drop)
    }

    /// Skips what `len` bytes lack to a multiple of eight.
    pub fn skip_padding(&mut self, len: usize) -> Result<(), FormatError> {
        self.skip((len.next_multiple_of(8) - len) as u64)
    }

    /// Steps over `signature`, or says that it is not there.
    pub fn expect(&mut self, signature: &[u8; 4]) -> Result<(), FormatError> {
        let start = *self;
        if self.array::<4>()? == *signature {
            Ok(())
        } else {
            Err(start.damaged(format!(
                "'{}' should stand here",
                String::from_utf8_lossy(signature)
            )))
        }
    }

    /// The bytes up to a zero, which is stepped over.
    pub fn text_to_zero(&mut self) -> Result<&'a [u8], FormatError> {
        let rest = &self.file[self.position..self.end];
        let len = rest
            .iter()
            .position(|&byte| byte == 0)
            .ok_or_else(|| self.damaged("a name has no end"))?;
        self.position += len + 1;
        Ok(&rest[..len])
    }

    /// The error that the bytes here are wrong.
    pub fn damaged(&self, what: impl Into<String>) -> FormatError {
        FormatError::Damaged {
            offset: self.offset(),
            what: what.into(),
        }
    }

    /// The error that what stands here is HDF5, but not read.
    pub fn feature(&self, what: impl Into<String>) -> FormatError {
        FormatError::Hdf5Feature {
            offset: self.offset(),
            what: what.into(),
        }
    }

    fn take_len(&self, len: u64) -> Result<usize, FormatError> {
        match usize::try_from(len) {
            Ok(len) if len <= self.remaining() => Ok(len),
            _ => Err(self.damaged(format!(
                "{len} bytes should stand here, but there are {}",
                self.remaining()
            ))),
        }
    }
}
