//! Attributes and the types of values (specification, IV.A.2.b, d and m).

use super::{UNDEFINED, cursor::Cursor};
use crate::FormatError;

/// The extents of a value; none for a scalar.
pub(super) type Dims = Vec<u64>;

/// The types of values that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datatype {
    /// IEEE 754 single precision, little-endian.
    F32,
    /// Text in as many bytes.
    FixedText(u32),
    /// Text in the global heap.
    HeapText,
    /// Anything else: the class and the size in bytes.
    Other(u8, u32),
}

impl Datatype {
    pub fn read(body: &mut Cursor<'_>) -> Result<Self, FormatError> {
        let class = body.u8()? & 0x0F;
        let [bits, ..] = body.array::<3>()?;
        let size = body.u32()?;
        Ok(match (class, size) {
            // Little-endian, no padding, sign at bit 31; exponent of 8 bits at 23 with
            // bias 127, mantissa of 23 bits at 0.
            (1, 4) if bits & 1 == 0 => {
                let layout = body.array::<12>()?;
                if layout == [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0] {
                    Datatype::F32
                } else {
                    Datatype::Other(class, size)
                }
            }
            (3, _) => Datatype::FixedText(size),
            (9, _) if bits & 0x0F == 1 => Datatype::HeapText,
            _ => Datatype::Other(class, size),
        })
    }

    /// The type in words.
    pub fn words(self) -> String {
        match self {
            Datatype::F32 => "float32".to_owned(),
            Datatype::FixedText(_) | Datatype::HeapText => "text".to_owned(),
            Datatype::Other(1, size) => format!("float{}", u64::from(size) * 8),
            Datatype::Other(0, size) => format!("integers of {size} bytes"),
            Datatype::Other(class, size) => format!("values of HDF5 class {class}, {size} bytes"),
        }
    }
}

/// Reads a dataspace message.
pub(super) fn dims(body: &mut Cursor<'_>) -> Result<Dims, FormatError> {
    let start = *body;
    let (version, rank, _flags) = (body.u8()?, body.u8()?, body.u8()?);
    match version {
        1 => body.skip(5)?,
        // Version 2 says in a byte whether this is a scalar (0), an array (1) or nothing (2).
        2 if body.u8()? == 2 => return Ok(vec![0]),
        2 => {}
        _ => return Err(start.damaged(format!("a dataspace of version {version}"))),
    }
    (0..rank).map(|_| body.u64()).collect()
}

/// How many values there are, if not more than `most`.
pub(super) fn elements(dims: &[u64], most: u64) -> Option<u64> {
    dims.iter()
        .try_fold(1_u64, |product, &dim| product.checked_mul(dim))
        .filter(|&product| product <= most)
}

/// An attribute: its name, and where its value is.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    pub name: String,
    datatype: Datatype,
    dims: Dims,
    value: Cursor<'a>,
}

impl<'a> Attribute<'a> {
    pub fn read(mut body: Cursor<'a>) -> Result<Self, FormatError> {
        let start = body;
        let (version, flags) = (body.u8()?, body.u8()?);
        if !(1..=3).contains(&version) {
            return Err(start.damaged(format!("an attribute of version {version}")));
        }
        if version > 1 && flags != 0 {
            return Err(start.feature("an attribute of a named datatype"));
        }
        let lens = [body.u16()?, body.u16()?, body.u16()?];
        body.skip(if version == 3 { 1 } else { 0 })?;
        // Version 1 pads each part to a multiple of eight bytes.
        let mut parts = [body; 3];
        for (part, len) in parts.iter_mut().zip(lens) {
            *part = body.part(u64::from(len))?;
            if version == 1 {
                body.skip_padding(usize::from(len))?;
            }
        }
        let [mut name, mut datatype, mut dataspace] = parts;
        Ok(Attribute {
            name: text(name.text_to_zero()?),
            datatype: Datatype::read(&mut datatype)?,
            dims: dims(&mut dataspace)?,
            value: body,
        })
    }

    /// The value as texts: one for a scalar.
    pub fn texts(&self, file: &[u8]) -> Result<Vec<String>, FormatError> {
        let mut value = self.value;
        let most = value.remaining() as u64;
        let count = elements(&self.dims, most).ok_or_else(|| {
            value.damaged(format!(
                "the attribute '{}' has more values than bytes",
                self.name
            ))
        })?;
        match self.datatype {
            // An empty list of names is stored as an empty list of numbers.
            _ if count == 0 => Ok(Vec::new()),
            Datatype::FixedText(size) => (0..count)
                .map(|_| Ok(text(value.bytes(u64::from(size))?)))
                .collect(),
            Datatype::HeapText => {
                let mut budget = file.len();
                (0..count)
                    .map(|_| heap_text(file, &mut value, &mut budget))
                    .collect()
            }
            other => Err(value.damaged(format!(
                "the attribute '{}' should be text, but is {}",
                self.name,
                other.words()
            ))),
        }
    }
}

/// A text of the global heap (specification, III.E). `budget` bytes may be copied: a file
/// that names one long text many times must not fill the memory.
fn heap_text(
    file: &[u8],
    reference: &mut Cursor<'_>,
    budget: &mut usize,
) -> Result<String, FormatError> {
    let start = *reference;
    let (len, address, index) = (reference.u32()?, reference.u64()?, reference.u32()?);
    if len == 0 || address == 0 || address == UNDEFINED {
        return Ok(String::new());
    }
    let mut heap = Cursor::at(file, address)?;
    heap.expect(b"GCOL")?;
    heap.skip(4)?;
    let size = heap.u64()?;
    let mut objects = heap.part(size.saturating_sub(16))?;
    while objects.remaining() >= 16 {
        let found = objects.u16()?;
        objects.skip(6)?;
        let size = objects.u64()?;
        // Object 0 is the free space at the end.
        if found == 0 {
            break;
        }
        if u32::from(found) == index {
            let bytes = objects.bytes(size.min(u64::from(len)))?;
            *budget = budget
                .checked_sub(bytes.len())
                .ok_or_else(|| start.damaged("texts larger than the file"))?;
            return Ok(text(bytes));
        }
        let padded = size
            .checked_next_multiple_of(8)
            .ok_or_else(|| objects.damaged("a heap object has no end"))?;
        objects.skip(padded)?;
    }
    Err(start.damaged(format!("the global heap has no object {index}")))
}

/// Text without the zeros that fill it up.
fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
