//! As much of HDF5 as Keras uses, over bytes in memory: groups, text attributes, `f32`
//! datasets.
//!
//! Read: superblocks 0 to 3, object headers 1 and 2, symbol-table groups and compact link
//! messages, contiguous and compact datasets. Written: the oldest form of each, which every
//! HDF5 reader knows. After the "HDF5 File Format Specification Version 3.0".
//!
//! It is our own and not a general library's, because the files are not trusted: here every
//! offset is checked against the bytes that are there, nothing is allocated by a declared
//! size, and no link leads out of the file.

mod attribute;
mod cursor;
mod group;
mod object;
mod reader;
mod writer;

pub(crate) use reader::{Reader, SIGNATURE};
pub(crate) use writer::Group;

/// The address that means "none".
const UNDEFINED: u64 = u64::MAX;

/// The types of object header messages (specification, IV.A.2).
mod message {
    pub const DATASPACE: u16 = 0x01;
    pub const LINK_INFO: u16 = 0x02;
    pub const DATATYPE: u16 = 0x03;
    pub const FILL_VALUE: u16 = 0x05;
    pub const LINK: u16 = 0x06;
    pub const EXTERNAL_FILES: u16 = 0x07;
    pub const LAYOUT: u16 = 0x08;
    pub const FILTERS: u16 = 0x0B;
    pub const ATTRIBUTE: u16 = 0x0C;
    pub const CONTINUATION: u16 = 0x10;
    pub const SYMBOL_TABLE: u16 = 0x11;
    pub const ATTRIBUTE_INFO: u16 = 0x15;
}
