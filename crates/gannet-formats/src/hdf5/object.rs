//! Object headers: the list of messages that describes a group or a dataset
//! (specification, IV.A.1).

use super::{cursor::Cursor, message};
use crate::FormatError;

/// One message of an object header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub kind: u16,
    pub body: Cursor<'a>,
}

/// The messages of the object whose header is at byte `offset`. A message's body lies in
/// the file, so all of them together are at most as large as the file, unless blocks are
/// listed twice: the number of blocks is therefore limited.
pub(super) fn messages(file: &[u8], offset: u64) -> Result<Vec<Message<'_>>, FormatError> {
    let mut cursor = Cursor::at(file, offset)?;
    match cursor.u8()? {
        1 => version_1(file, cursor),
        b'O' => version_2(file, Cursor::at(file, offset)?),
        version => Err(cursor.damaged(format!(
            "an object header of version 1 or 2 should stand here, not {version}"
        ))),
    }
}

/// How an object header marks a message whose body is stored elsewhere.
const SHARED: u8 = 0b10;

/// Far more than any file has that Keras writes: a header gets one more block when
/// attributes are added to it.
const MOST_BLOCKS: usize = 1024;

fn version_1<'a>(file: &'a [u8], mut cursor: Cursor<'a>) -> Result<Vec<Message<'a>>, FormatError> {
    cursor.skip(1)?;
    let count = cursor.u16()?;
    cursor.skip(4)?;
    let len = cursor.u32()?;
    cursor.skip(4)?;
    let mut blocks = vec![cursor.part(u64::from(len))?];
    let mut messages = Vec::new();
    let mut next = 0;
    while next < blocks.len() {
        let mut block = blocks[next];
        next += 1;
        while block.remaining() >= 8 && messages.len() < usize::from(count) {
            let (kind, len, flags) = (block.u16()?, block.u16()?, block.u8()?);
            block.skip(3)?;
            let body = block.part(u64::from(len))?;
            add(&mut messages, kind, flags, body)?;
            if kind == message::CONTINUATION {
                blocks.push(continuation(file, body, blocks.len())?);
            }
        }
    }
    Ok(messages)
}

fn version_2<'a>(file: &'a [u8], mut cursor: Cursor<'a>) -> Result<Vec<Message<'a>>, FormatError> {
    cursor.expect(b"OHDR")?;
    if cursor.u8()? != 2 {
        return Err(cursor.damaged("an object header of version 2 should stand here"));
    }
    let flags = cursor.u8()?;
    let (has_times, has_limits, has_order) =
        (flags & 0x20 != 0, flags & 0x10 != 0, flags & 0x04 != 0);
    cursor.skip(if has_times { 16 } else { 0 } + if has_limits { 4 } else { 0 })?;
    let len = cursor.uint(1 << (flags & 0b11))?;
    let mut blocks = vec![cursor.part(len)?];
    let header_len = if has_order { 6 } else { 4 };
    let mut messages = Vec::new();
    let mut next = 0;
    while next < blocks.len() {
        let mut block = blocks[next];
        next += 1;
        while block.remaining() >= header_len {
            let (kind, len, flags) = (block.u8()?, block.u16()?, block.u8()?);
            block.skip(header_len as u64 - 4)?;
            let body = block.part(u64::from(len))?;
            add(&mut messages, u16::from(kind), flags, body)?;
            if u16::from(kind) == message::CONTINUATION {
                let mut block = continuation(file, body, blocks.len())?;
                block.expect(b"OCHK")?;
                // The block ends in a checksum of four bytes.
                let len = block.remaining().saturating_sub(4) as u64;
                blocks.push(block.part(len)?);
            }
        }
    }
    Ok(messages)
}

fn add<'a>(
    messages: &mut Vec<Message<'a>>,
    kind: u16,
    flags: u8,
    body: Cursor<'a>,
) -> Result<(), FormatError> {
    // A fill value is of no use here, so it may be stored as it likes.
    if flags & SHARED != 0 && kind != message::FILL_VALUE {
        return Err(body.feature("a shared header message"));
    }
    messages.push(Message { kind, body });
    Ok(())
}

fn continuation<'a>(
    file: &'a [u8],
    mut body: Cursor<'a>,
    blocks: usize,
) -> Result<Cursor<'a>, FormatError> {
    if blocks == MOST_BLOCKS {
        return Err(body.damaged("the object header has no end"));
    }
    let (offset, len) = (body.u64()?, body.u64()?);
    Cursor::at(file, offset)?.part(len)
}
