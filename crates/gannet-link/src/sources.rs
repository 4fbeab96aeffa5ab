//! The device's half as files, for a firmware project that must build on its own: in Rust and in C.

/// The files of a crate `gannet_link` that holds [`crate::protocol`] alone: path inside the
/// crate's folder, and text. The crate is `no_std` and depends on nothing. An underscore keeps its
/// package apart from any network, whose words are joined by hyphens.
pub const SOURCES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        concat!(
            "[package]\n",
            "name = \"gannet_link\"\n",
            "description = \"The device's end of Gannet's wire\"\n",
            "version = \"",
            env!("CARGO_PKG_VERSION"),
            "\"\n",
            "edition = \"2024\"\n",
            "license = \"MIT OR Apache-2.0\"\n",
        ),
    ),
    (
        "src/lib.rs",
        concat!("#![no_std]\n", include_str!("protocol/mod.rs")),
    ),
    ("src/cobs.rs", include_str!("protocol/cobs.rs")),
    ("src/crc.rs", include_str!("protocol/crc.rs")),
    ("src/element.rs", include_str!("protocol/element.rs")),
    ("src/frame.rs", include_str!("protocol/frame.rs")),
    ("src/message.rs", include_str!("protocol/message.rs")),
    ("src/rows.rs", include_str!("protocol/rows.rs")),
    ("src/server.rs", include_str!("protocol/server.rs")),
];

/// The same half in C99, for firmware in C: file name and text.
pub const C_SOURCES: [(&str, &str); 2] = [
    ("gannet_link.h", include_str!("../c/gannet_link.h")),
    ("gannet_link.c", include_str!("../c/gannet_link.c")),
];
