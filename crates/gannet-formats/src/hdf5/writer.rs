//! Writes groups, text attributes and `f32` datasets as the oldest HDF5 form: superblock 0,
//! object headers 1, symbol tables, contiguous data. libhdf5 since 1.6 and every smaller
//! reader opens it.
//!
//! A [`Group`] is built as a value and then laid out from the leaves to the root, so that
//! every address is known when it is written.

use std::collections::BTreeMap;

use gannet_graph::Tensor;

use super::reader::SIGNATURE;

/// The address that means "none".
const UNDEFINED: u64 = u64::MAX;

/// The types of object header messages (HDF5 File Format Specification 3.0, IV.A.2).
mod message {
    pub const DATASPACE: u16 = 0x01;
    pub const DATATYPE: u16 = 0x03;
    pub const FILL_VALUE: u16 = 0x05;
    pub const LAYOUT: u16 = 0x08;
    pub const ATTRIBUTE: u16 = 0x0C;
    pub const SYMBOL_TABLE: u16 = 0x11;
}

/// Bytes of one list in an object header, whose messages have at most 65,535; Keras' limit.
const LONGEST_LIST: usize = 64_512;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
enum Attribute {
    /// One text of any length.
    Text(String),
    /// A list of short texts.
    Texts(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
enum Member {
    Group(Group),
    Tensor(Tensor),
}

/// A group with its attributes and members.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Group {
    attributes: Vec<(String, Attribute)>,
    members: BTreeMap<String, Member>,
}

impl Group {
    /// Sets the attribute `name` to one text.
    pub fn set_text(&mut self, name: &str, text: impl Into<String>) {
        let text = Attribute::Text(text.into());
        self.attributes.push((name.to_owned(), text));
    }

    /// Sets the attribute `name` to a list of short texts; a list that is too long for an
    /// object header is set in pieces `name0`, `name1`, …, as Keras does it.
    pub fn set_texts(&mut self, name: &str, texts: &[String]) {
        let width = texts.iter().map(String::len).max().unwrap_or(0).max(1);
        if texts.len() * width <= LONGEST_LIST {
            let texts = Attribute::Texts(texts.to_vec());
            self.attributes.push((name.to_owned(), texts));
            return;
        }
        let pieces = texts.chunks((LONGEST_LIST / width).max(1));
        for (i, piece) in pieces.enumerate() {
            let texts = Attribute::Texts(piece.to_vec());
            self.attributes.push((format!("{name}{i}"), texts));
        }
    }

    /// The group at `path` below this one, made if it is not there.
    pub fn group(&mut self, path: &str) -> &mut Group {
        path.split('/')
            .filter(|part| !part.is_empty())
            .fold(self, |group, part| {
                let member = group
                    .members
                    .entry(part.to_owned())
                    .or_insert_with(|| Member::Group(Group::default()));
                if let Member::Tensor(_) = member {
                    *member = Member::Group(Group::default());
                }
                match member {
                    Member::Group(group) => group,
                    Member::Tensor(_) => unreachable!("just replaced"),
                }
            })
    }

    /// Puts a dataset at `path` below this group.
    pub fn put(&mut self, path: &str, tensor: Tensor) {
        let (groups, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.group(groups)
            .members
            .insert(name.to_owned(), Member::Tensor(tensor));
    }

    /// The file whose root this group is.
    pub fn to_bytes(&self) -> Vec<u8> {
        let leaf_rank = leaf_rank(self.most_members());
        let mut file = File {
            bytes: vec![0; SUPERBLOCK_LEN],
            leaf_rank,
        };
        let root = file.group(self);
        file.superblock(root);
        file.bytes
    }

    fn most_members(&self) -> usize {
        let below = self.members.values().map(|member| match member {
            Member::Group(group) => group.most_members(),
            Member::Tensor(_) => 0,
        });
        below.fold(self.members.len(), usize::max)
    }
}

/// Superblock of version 0 with the root's symbol table entry.
const SUPERBLOCK_LEN: usize = 96;
/// Half of the children that a node of a group's tree has; libhdf5's default.
const TREE_RANK: usize = 16;
/// Bytes of one symbol table entry.
const ENTRY_LEN: usize = 40;

/// Half of the entries of a symbol node: libhdf5's default of 4, or as many as it takes to
/// list the largest group in a tree of one level.
fn leaf_rank(members: usize) -> usize {
    members.div_ceil(2 * 2 * TREE_RANK).max(4)
}

/// Where a group's tree and heap are.
#[derive(Clone, Copy)]
struct Table {
    header: u64,
    tree: u64,
    heap: u64,
}

/// A file as far as it is laid out.
struct File {
    bytes: Vec<u8>,
    leaf_rank: usize,
}

impl File {
    fn superblock(&mut self, root: Table) {
        let mut block = SIGNATURE.to_vec();
        // Versions of the superblock, free space, root entry and shared header messages,
        // each followed or split by zeros; then the sizes of addresses and lengths.
        block.extend([0, 0, 0, 0, 0, 8, 8, 0]);
        block.extend((self.leaf_rank as u16).to_le_bytes());
        block.extend((TREE_RANK as u16).to_le_bytes());
        block.extend([0; 4]);
        let end = self.bytes.len() as u64;
        // Base address, free space, end of file, driver information.
        push_u64s(&mut block, &[0, UNDEFINED, end, UNDEFINED]);
        // The root's entry, with its tree and heap cached (type 1).
        push_u64s(&mut block, &[0, root.header, 1, root.tree, root.heap]);
        self.bytes[..SUPERBLOCK_LEN].copy_from_slice(&block);
    }

    /// Appends `bytes`, filled up to a multiple of eight, and says where.
    fn append(&mut self, bytes: &[u8]) -> u64 {
        let address = self.bytes.len() as u64;
        self.bytes.extend(bytes);
        pad(&mut self.bytes);
        address
    }

    fn group(&mut self, group: &Group) -> Table {
        let entries: Vec<(&str, u64, Option<Table>)> = group
            .members
            .iter()
            .map(|(name, member)| match member {
                Member::Group(group) => {
                    let table = self.group(group);
                    (name.as_str(), table.header, Some(table))
                }
                Member::Tensor(tensor) => (name.as_str(), self.dataset(tensor), None),
            })
            .collect();
        let (tree, heap) = self.symbol_table(&entries);
        let mut messages = vec![(message::SYMBOL_TABLE, u64s(&[tree, heap]))];
        for (name, value) in &group.attributes {
            messages.push((message::ATTRIBUTE, self.attribute(name, value)));
        }
        Table {
            header: self.header(&messages),
            tree,
            heap,
        }
    }

    /// The names of a group's members, which are sorted: heap, symbol nodes, tree.
    fn symbol_table(&mut self, entries: &[(&str, u64, Option<Table>)]) -> (u64, u64) {
        // The heap begins with the empty name, which is the tree's first key.
        let mut names = vec![0; 8];
        let mut symbols = Vec::new();
        for (name, header, table) in entries {
            symbols.push((names.len() as u64, *header, *table));
            names.extend(name.as_bytes());
            names.push(0);
            pad(&mut names);
        }
        let data = self.append(&names);
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        // 1 means that nothing of the heap is free.
        push_u64s(&mut heap, &[names.len() as u64, 1, data]);
        let heap = self.append(&heap);

        let nodes: Vec<_> = symbols.chunks(2 * self.leaf_rank).collect();
        let mut tree = b"TREE\0\0".to_vec();
        tree.extend((nodes.len() as u16).to_le_bytes());
        push_u64s(&mut tree, &[UNDEFINED, UNDEFINED, 0]);
        for node in &nodes {
            let last = node.last().expect("a chunk is not empty").0;
            let address = self.symbol_node(node);
            push_u64s(&mut tree, &[address, last]);
        }
        tree.resize(24 + (2 * TREE_RANK) * 8 + (2 * TREE_RANK + 1) * 8, 0);
        (self.append(&tree), heap)
    }

    fn symbol_node(&mut self, symbols: &[(u64, u64, Option<Table>)]) -> u64 {
        let mut node = b"SNOD\x01\0".to_vec();
        node.extend((symbols.len() as u16).to_le_bytes());
        for &(name, header, table) in symbols {
            let cached = table.map_or([0, 0, 0], |table| [1, table.tree, table.heap]);
            push_u64s(&mut node, &[name, header]);
            push_u64s(&mut node, &cached);
        }
        node.resize(8 + 2 * self.leaf_rank * ENTRY_LEN, 0);
        self.append(&node)
    }

    fn dataset(&mut self, tensor: &Tensor) -> u64 {
        let data: Vec<u8> = tensor
            .data()
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let address = if data.is_empty() {
            UNDEFINED
        } else {
            self.append(&data)
        };
        let dims: Vec<u64> = tensor.shape().dims().iter().map(|&d| d as u64).collect();
        let mut layout = vec![3, 1];
        push_u64s(&mut layout, &[address, data.len() as u64]);
        self.header(&[
            (message::DATASPACE, dataspace(&dims)),
            (message::DATATYPE, F32.to_vec()),
            // Version 2, allocated late, written if set, the default value of no bytes.
            (message::FILL_VALUE, vec![2, 2, 2, 1, 0, 0, 0, 0]),
            (message::LAYOUT, layout),
        ])
    }

    fn attribute(&mut self, name: &str, value: &Attribute) -> Vec<u8> {
        let (datatype, dims, value) = match value {
            Attribute::Text(text) => (HEAP_TEXT.to_vec(), vec![], self.heap_text(text)),
            Attribute::Texts(texts) => {
                let width = texts.iter().map(String::len).max().unwrap_or(0).max(1);
                let padded = texts.iter().flat_map(|text| {
                    let zeros = std::iter::repeat_n(0, width - text.len());
                    text.bytes().chain(zeros)
                });
                (
                    fixed_text(width as u32),
                    vec![texts.len() as u64],
                    padded.collect(),
                )
            }
        };
        let mut name = name.as_bytes().to_vec();
        name.push(0);
        let parts = [name, datatype, dataspace(&dims)];
        let mut body = vec![1, 0];
        for part in &parts {
            body.extend((part.len() as u16).to_le_bytes());
        }
        for part in parts {
            body.extend(part);
            pad(&mut body);
        }
        body.extend(value);
        body
    }

    /// A collection of the global heap with one text, and the reference to it.
    fn heap_text(&mut self, text: &str) -> Vec<u8> {
        // libhdf5 reads no collection that is smaller.
        const SMALLEST: usize = 4096;
        let mut objects = vec![1, 0, 1, 0, 0, 0, 0, 0];
        push_u64s(&mut objects, &[text.len() as u64]);
        objects.extend(text.as_bytes());
        pad(&mut objects);
        // What is left is object 0, whose size includes its own header of 16 bytes.
        let size = (16 + objects.len() + 16).max(SMALLEST);
        let free = size - 16 - objects.len();
        push_u64s(&mut objects, &[0, free as u64]);
        let mut collection = b"GCOL\x01\0\0\0".to_vec();
        push_u64s(&mut collection, &[size as u64]);
        collection.extend(objects);
        collection.resize(size, 0);
        let address = self.append(&collection);

        let mut reference = (text.len() as u32).to_le_bytes().to_vec();
        push_u64s(&mut reference, &[address]);
        reference.extend(1_u32.to_le_bytes());
        reference
    }

    fn header(&mut self, messages: &[(u16, Vec<u8>)]) -> u64 {
        let mut body = Vec::new();
        for (kind, message) in messages {
            body.extend(kind.to_le_bytes());
            body.extend((message.len().next_multiple_of(8) as u16).to_le_bytes());
            body.extend([0; 4]);
            body.extend(message);
            pad(&mut body);
        }
        let mut header = vec![1, 0];
        header.extend((messages.len() as u16).to_le_bytes());
        // One link leads to the object.
        header.extend(1_u32.to_le_bytes());
        header.extend((body.len() as u32).to_le_bytes());
        header.extend([0; 4]);
        header.extend(body);
        self.append(&header)
    }
}

/// Single precision, little-endian: class 1; sign at bit 31; 32 bits from 0; exponent of 8
/// bits at 23, mantissa of 23 bits at 0; bias 127.
const F32: [u8; 20] = [
    0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0,
];

/// UTF-8 of any length: class 9, a string; 16 bytes a reference; made of unsigned bytes.
const HEAP_TEXT: [u8; 20] = [
    0x19, 0x01, 0x01, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0,
];

/// Text filled up with zeros: class 3, padding 1.
fn fixed_text(width: u32) -> Vec<u8> {
    let [a, b, c, d] = width.to_le_bytes();
    vec![0x13, 0x01, 0, 0, a, b, c, d]
}

fn dataspace(dims: &[u64]) -> Vec<u8> {
    let mut body = vec![1, dims.len() as u8, 0, 0, 0, 0, 0, 0];
    push_u64s(&mut body, dims);
    body
}

fn u64s(values: &[u64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn push_u64s(bytes: &mut Vec<u8>, values: &[u64]) {
    bytes.extend(u64s(values));
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::Reader;

    #[test]
    fn members_and_attributes_are_found_again() {
        let mut root = Group::default();
        root.set_text("about", "ein Tölpel");
        root.set_texts("empty", &[]);
        let tensor = Tensor::from_fn([2, 3], |i| i as f32);
        root.put("a/b/kernel:0", tensor.clone());
        root.group("a")
            .set_texts("names", &["x".to_owned(), "yyy".to_owned()]);
        let file = root.to_bytes();

        let root = Reader::open(&file).unwrap();
        assert_eq!(root.text("about").unwrap().as_deref(), Some("ein Tölpel"));
        assert_eq!(root.texts("empty").unwrap(), Some(vec![]));
        assert_eq!(root.texts("absent").unwrap(), None);
        assert_eq!(root.tensor("a/b/kernel:0").unwrap(), tensor);
        let group = root.group("a").unwrap();
        assert_eq!(group.texts_needed("names").unwrap(), ["x", "yyy"]);
        let text = group.tensor("b/bias:0").unwrap_err().to_string();
        assert_eq!(text, "the HDF5 file has no dataset at '/a/b/bias:0'");
    }

    /// An attribute in an object header has less than 64 KiB.
    #[test]
    fn long_values_are_stored_in_the_heap_or_in_pieces() {
        let text = "0123456789".repeat(20_000);
        let names: Vec<String> = (0..2000).map(|i| format!("{i:0100}")).collect();
        let mut root = Group::default();
        root.set_text("text", text.clone());
        root.set_texts("names", &names);
        let file = root.to_bytes();
        let root = Reader::open(&file).unwrap();
        assert_eq!(root.text("text").unwrap(), Some(text));
        assert_eq!(root.texts("names").unwrap(), Some(names));
        assert!(
            root.texts("names3")
                .unwrap()
                .is_some_and(|piece| piece.len() < 2000)
        );
    }
}
