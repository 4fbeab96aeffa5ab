//! Weights alone, in .npz files.

#![no_main]

use gannet_formats::state::StateFormat;
use gannet_graph::networks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let format = StateFormat::of("x.npz").expect("the format is known");
    let _ = format.from_bytes(file, networks::mnist_small());
});
