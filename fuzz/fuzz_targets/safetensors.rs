//! Weights alone, in .safetensors files.

#![no_main]

use gannet_formats::state::StateFormat;
use gannet_graph::networks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let format = StateFormat::of("x.safetensors").expect("the format is known");
    let _ = format.from_bytes(file, networks::mnist_small());
});
