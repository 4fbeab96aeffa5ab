//! The members of a group: names and where their object headers are. Two forms: the symbol
//! table (specification, III.A to III.D), which Keras' files have, and link messages
//! (IV.A.2.g), which newer files have.

use std::collections::BTreeMap;

use super::{UNDEFINED, cursor::Cursor, message, object::Message};
use crate::FormatError;

/// The members by name.
pub(super) type Links = BTreeMap<String, u64>;

/// The members of the group that `messages` describe.
pub(super) fn links(file: &[u8], messages: &[Message<'_>]) -> Result<Links, FormatError> {
    let mut links = Links::new();
    for &Message { kind, mut body } in messages {
        match kind {
            message::SYMBOL_TABLE => {
                let (tree, heap) = (body.u64()?, body.u64()?);
                symbol_table(file, tree, heap, &mut links)?;
            }
            message::LINK => link(body, &mut links)?,
            message::LINK_INFO => {
                let start = body;
                let (_version, flags) = (body.u8()?, body.u8()?);
                body.skip(if flags & 1 != 0 { 8 } else { 0 })?;
                if body.u64()? != UNDEFINED {
                    return Err(start.feature("a group with its links in a fractal heap"));
                }
            }
            _ => {}
        }
    }
    Ok(links)
}

/// How deep a tree of groups' names can be in a file that fits into memory.
const DEEPEST: u8 = 8;

/// Walks a version-1 B-tree, whose leaves list names and addresses.
fn symbol_table(file: &[u8], tree: u64, heap: u64, links: &mut Links) -> Result<(), FormatError> {
    let names = heap_data(file, heap)?;
    // Every node has at least its own 24 bytes: more nodes than that are a circle.
    let mut nodes_left = file.len() / 24;
    let mut open = vec![(tree, None)];
    while let Some((address, level)) = open.pop() {
        let mut node = Cursor::at(file, address)?;
        nodes_left = nodes_left
            .checked_sub(1)
            .ok_or_else(|| node.damaged("the group's tree of names has no end"))?;
        match level {
            Some(0) => symbol_node(node, names, links)?,
            parent => {
                let children = tree_node(&mut node, parent)?;
                open.extend(children);
            }
        }
    }
    Ok(())
}

/// The children of a node and their level counted from the symbol nodes, which have 0.
fn tree_node(
    node: &mut Cursor<'_>,
    expected: Option<u8>,
) -> Result<Vec<(u64, Option<u8>)>, FormatError> {
    let start = *node;
    node.expect(b"TREE")?;
    let (kind, level, entries) = (node.u8()?, node.u8()?, node.u16()?);
    if kind != 0 || level > DEEPEST || expected.is_some_and(|expected| level + 1 != expected) {
        return Err(start.damaged("this is no node of a group's tree of names"));
    }
    node.skip(16)?;
    (0..entries)
        .map(|_| {
            node.skip(8)?;
            Ok((node.u64()?, Some(level)))
        })
        .collect()
}

/// Soft links stand in a symbol node with this mark.
const SOFT: u32 = 2;

fn symbol_node(
    mut node: Cursor<'_>,
    names: Cursor<'_>,
    links: &mut Links,
) -> Result<(), FormatError> {
    node.expect(b"SNOD")?;
    node.skip(2)?;
    for _ in 0..node.u16()? {
        let (name, address, mark) = (node.u64()?, node.u64()?, node.u32()?);
        node.skip(20)?;
        if mark == SOFT {
            continue;
        }
        let mut names = names;
        names.skip(name)?;
        let name = names.text_to_zero()?;
        links.insert(String::from_utf8_lossy(name).into_owned(), address);
    }
    Ok(())
}

/// The data of a local heap.
fn heap_data(file: &[u8], address: u64) -> Result<Cursor<'_>, FormatError> {
    let mut heap = Cursor::at(file, address)?;
    heap.expect(b"HEAP")?;
    heap.skip(4)?;
    let (len, _free, data) = (heap.u64()?, heap.u64()?, heap.u64()?);
    Cursor::at(file, data)?.part(len)
}

fn link(mut body: Cursor<'_>, links: &mut Links) -> Result<(), FormatError> {
    let start = body;
    let (version, flags) = (body.u8()?, body.u8()?);
    if version != 1 {
        return Err(start.damaged(format!("a link of version {version}")));
    }
    let hard = flags & 0x08 == 0 || body.u8()? == 0;
    body.skip(if flags & 0x04 != 0 { 8 } else { 0 } + if flags & 0x10 != 0 { 1 } else { 0 })?;
    let len = body.uint(1 << (flags & 0b11))?;
    let name = body.bytes(len)?;
    if hard {
        links.insert(String::from_utf8_lossy(name).into_owned(), body.u64()?);
    }
    Ok(())
}
