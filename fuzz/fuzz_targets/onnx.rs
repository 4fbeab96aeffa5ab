//! ONNX files.

#![no_main]

use gannet_formats::FORMATS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let format = FORMATS.iter().find(|f| f.extensions.contains(&"onnx"));
    let _ = format.expect("the format is known").from_bytes(file);
});
