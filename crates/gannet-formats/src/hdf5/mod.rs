//! As much of HDF5 as Keras uses, over bytes in memory: groups, text attributes, `f32`
//! datasets.
//!
//! Read with the crate `hdf5-pure`, which knows every form that libhdf5 writes, behind limits
//! of our own, because the files are not trusted. Written by ourselves: that crate writes
//! attributes in their second version only, which viewers such as Netron do not read.

mod bounded;
mod reader;
mod writer;

pub(crate) use reader::{Reader, SIGNATURE};
pub(crate) use writer::Group;
