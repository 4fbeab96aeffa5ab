//! Applications written for other generators' calls, on the tutorial's network: they build
//! without a warning and get the interpreter's bits, on the host and on an emulated Cortex-M4F.

use std::process::Command;

use crate::generated_c::{FOR_THE_HOST, STRICT};
use crate::host::{Host, images, write};
use crate::suite;
use gannet_compile::c::{self, Api, Prefix};
use gannet_compile::{InputFormat, Interpreter, Options, compile};

/// Arm's GCC for a Cortex-M4F, with a C library whose streams are the emulator's.
const FOR_THE_BOARD: [&str; 8] = [
    "arm-none-eabi-gcc",
    "-xc",
    "-std=c99",
    "-mcpu=cortex-m4",
    "-mfloat-abi=hard",
    "-mfpu=fpv4-sp-d16",
    "--specs=rdimon.specs",
    "-Tmemory.ld",
];

/// Builds `caller` against the network's files with each compiler and compares what both of its
/// ways give.
fn gets_the_interpreters_bits(api: Api, caller: &str) {
    let options = Options {
        input: InputFormat::F32,
    };
    let program = compile(&suite::networks()[0], &options).unwrap();
    let images: Vec<Vec<u8>> = images(784, 5)
        .iter()
        .map(|image| {
            let values = image.iter().map(|&pixel| f32::from(pixel) / 255.0);
            values.flat_map(f32::to_le_bytes).collect()
        })
        .collect();
    let mut interpreter = Interpreter::new(&program);
    let expected: Vec<u8> = images
        .iter()
        .flat_map(|image| interpreter.run(image).repeat(2))
        .collect();
    let on_the_host = [
        &["gcc", "-xc", "-std=c99"][..],
        &["g++", "-xc++", "-std=c++11"],
    ];
    for compiler in on_the_host.into_iter().chain([&FOR_THE_BOARD[..]]) {
        let emulated = compiler == FOR_THE_BOARD;
        let folder = tempfile::tempdir().unwrap();
        let mut sources = vec!["caller.c".to_owned()];
        write(&folder.path().join("caller.c"), caller);
        if emulated {
            let script = include_str!("emulated/memory.ld");
            write(&folder.path().join("memory.ld"), script);
            write(
                &folder.path().join("boot.c"),
                include_str!("emulated/boot.c"),
            );
            sources.push("boot.c".to_owned());
        }
        for (path, text) in c::generate(&program, &Prefix::new("digits").unwrap(), api) {
            write(&folder.path().join(&path), &text);
            if path.ends_with(".c") {
                sources.push(path);
            }
        }
        let built = Command::new(compiler[0])
            .args(&compiler[1..])
            .args(STRICT)
            .args(if emulated { &[][..] } else { &FOR_THE_HOST })
            .args(&sources)
            .args(["-o", "host"])
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(built.success(), "{compiler:?} objects");
        let host = match emulated {
            true => Host::emulated(folder, "host"),
            false => Host::new(folder, "host"),
        };
        assert!(host.answer(images.concat()) == expected, "{compiler:?}");
    }
}

#[test]
fn a_caller_of_x_cube_ai_gets_the_interpreters_bits() {
    gets_the_interpreters_bits(Api::StLegacy, include_str!("callers/st_legacy.c"));
}

#[test]
fn a_caller_of_st_edge_ai_gets_the_interpreters_bits() {
    gets_the_interpreters_bits(Api::StAi, include_str!("callers/st_ai.c"));
}
