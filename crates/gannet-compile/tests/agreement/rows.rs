//! Images that are given a row at a time: the same bits as of whole images, in less memory.

use crate::compiler::Compiler;
use crate::host::{images, interpreted};
use crate::{generated_c, generated_rust, integers, suite};
use gannet_compile::ir::Program;
use gannet_compile::{Feed, InputFormat, Options, compile, compile_quantized};

/// What images are, and how they are given.
fn options(input: InputFormat, feed: Feed) -> Options {
    Options {
        feed,
        ..Options::new(input)
    }
}

/// Every network of the suite and of integers.
fn programs(feed: Feed) -> Vec<Program> {
    let options = options(InputFormat::PIXELS, feed);
    let floats = suite::networks();
    let floats = (floats.iter()).map(|graph| compile(graph, &options).unwrap());
    let integers = integers::networks();
    let integers = (integers.iter()).map(|graph| compile_quantized(graph, &options).unwrap());
    floats.chain(integers).collect()
}

#[test]
fn rows_give_the_bits_of_whole_images() {
    for (whole, rows) in programs(Feed::Whole).iter().zip(programs(Feed::Rows)) {
        assert_eq!(rows.image_len(), whole.input().len());
        let images = images(rows.image_len(), 5);
        let found = interpreted(&rows, &images);
        assert!(found == interpreted(whole, &images), "{}", whole.name());
    }
}

#[test]
fn generated_code_computes_the_interpreters_bits_of_rows() {
    let programs = programs(Feed::Rows);
    let programs: Vec<&Program> = programs.iter().collect();
    let images: Vec<_> = (programs.iter())
        .map(|program| images(program.image_len(), 5))
        .collect();
    let expected: Vec<_> = (programs.iter().zip(&images))
        .map(|(program, images)| interpreted(program, images))
        .collect();
    assert!(
        generated_rust::run_all(&programs, &images) == expected,
        "Rust"
    );
    for compiler in [Compiler::GCC, Compiler::ARM] {
        if compiler.is_here() {
            let found = generated_c::run_all(&programs, &images, compiler);
            assert!(found == expected, "C built by {compiler:?}");
        }
    }
}

/// One row of 28 pixels, five rows of it with two columns of border, six pooled rows of 13 pixels
/// of 8 channels with two columns of border, 144 features; and seven counters, of steps and of rows.
#[test]
fn an_image_that_comes_in_rows_takes_no_room() {
    let options = options(InputFormat::PIXELS, Feed::Rows);
    let digits = compile_quantized(&integers::networks()[0], &options).unwrap();
    let kept: usize = 5 * (28 + 2) + 2;
    let ring: usize = (6 * (13 + 2) + 2) * 8;
    assert_eq!(
        digits.arena_bytes(),
        28 + kept.next_multiple_of(4) + ring + 144
    );
    assert_eq!(digits.ram_bytes(), digits.arena_bytes() + 4 * (7 + 2));
    assert!(digits.ram_bytes() <= 1_200);
}
