//! IDX files of pictures and of labels, gzipped or not.

#![no_main]

use gannet_data::idx::{Source, read_images, read_labels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let source = || Source {
        name: "input".to_owned(),
        bytes: file,
    };
    let _ = read_images(source());
    let _ = read_labels(source());
});
