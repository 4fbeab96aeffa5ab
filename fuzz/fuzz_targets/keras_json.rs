//! Descriptions of networks as Keras writes them, in an archive without weights.

#![no_main]

use std::io::{Cursor, Write};

use gannet_formats::keras;
use libfuzzer_sys::fuzz_target;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

fuzz_target!(|description: &[u8]| {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let written = archive
        .start_file("config.json", stored)
        .and_then(|()| Ok(archive.write_all(description)?))
        .and_then(|()| archive.start_file("model.weights.h5", stored))
        .and_then(|()| archive.finish());
    let archive = written.expect("what is in memory can be written");
    let _ = keras::from_archive(archive.get_ref());
});
