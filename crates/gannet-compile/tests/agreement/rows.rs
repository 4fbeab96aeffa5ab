//! Images that are given a row at a time: the same bits as of whole images, in less memory.

use crate::compiler::Compiler;
use crate::host::{hold_to_interpreter, images, interpreted};
use crate::{integers, suite};
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
pub fn programs(feed: Feed) -> Vec<Program> {
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
    hold_to_interpreter(&programs, &[Compiler::GCC, Compiler::ARM]);
}

/// One row of 28 pixels instead of all; and seven counters, of steps and of rows.
#[test]
fn an_image_that_comes_in_rows_takes_no_room() {
    let graph = &integers::networks()[0];
    let [whole, rows] = [Feed::Whole, Feed::Rows]
        .map(|feed| compile_quantized(graph, &options(InputFormat::PIXELS, feed)).unwrap());
    assert_eq!(whole.ram_bytes(), whole.arena_bytes());
    assert_eq!(rows.arena_bytes(), whole.arena_bytes() - 28 * 28 + 28);
    assert_eq!(rows.ram_bytes(), rows.arena_bytes() + 4 * (7 + 2));
    assert!(rows.ram_bytes() <= 1_200);
}
