//! Descriptions of networks as each version of Keras writes them, in an archive without weights.

#![no_main]

use std::io::{Cursor, Write};

use gannet_formats::keras;
use libfuzzer_sys::fuzz_target;
use zip::{CompressionMethod, ZipWriter, result::ZipResult, write::SimpleFileOptions};

fuzz_target!(|description: &[u8]| {
    for version in ["1.2.2", "3.12.0"] {
        let metadata = format!("{{\"keras_version\": \"{version}\"}}");
        let members: [(&str, &[u8]); 3] = [
            ("metadata.json", metadata.as_bytes()),
            ("config.json", description),
            ("model.weights.h5", &[]),
        ];
        let archive = archive(&members).expect("what is in memory can be written");
        let _ = keras::from_archive(&archive);
    }
});

/// The bytes of an archive of `members`, as they are.
fn archive(members: &[(&str, &[u8])]) -> ZipResult<Vec<u8>> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, stored)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
