//! Applications written for other generators' calls, on the tutorial's network: they build
//! without a warning and get the interpreter's bits, on the host and on an emulated Cortex-M4F.

use crate::compiler::Compiler;
use crate::host::images;
use crate::suite;
use gannet_compile::c::{self, Api, Prefix};
use gannet_compile::{InputFormat, Interpreter, Options, compile};

/// Builds `caller` against the network's files with each compiler and compares what both of its
/// ways give.
fn gets_the_interpreters_bits(api: Api, caller: &str) {
    let options = Options::new(InputFormat::F32);
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
    let mut files = c::generate(&program, &Prefix::new("digits").unwrap(), api).unwrap();
    files.push(("caller.c".to_owned(), caller.to_owned()));
    for compiler in [Compiler::GCC_C99, Compiler::CPP, Compiler::ARM] {
        let found = compiler.build(&files).answer(images.concat());
        assert!(found == expected, "{compiler:?}");
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
