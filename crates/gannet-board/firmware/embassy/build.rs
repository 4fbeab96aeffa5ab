//! Tells the linker that cortex-m-rt's script lays out the image; Embassy knows the memories.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rerun-if-changed=build.rs");
}
