//! The self-test of generated code: an input that a rule makes, so that it takes no room, and the
//! output that the interpreter computes for it, bit for bit.

use crate::Interpreter;
use crate::ir::{Element, Program};

/// Element `i` of the input is worth the low eight bits of `FACTOR · i + OFFSET`: an odd factor
/// visits all 256 bytes. Floating-point inputs get the 256th part of it, which is exact.
pub(super) const FACTOR: u8 = 151;
/// See [`FACTOR`].
pub(super) const OFFSET: u8 = 83;

/// The bits of each element of the expected output, as hexadecimal numbers of its width.
pub(super) fn output_bits(program: &Program) -> Vec<String> {
    let byte = |i: usize| (i as u8).wrapping_mul(FACTOR).wrapping_add(OFFSET);
    let input: Vec<u8> = (0..program.image_len())
        .flat_map(|i| match program.input().element {
            Element::F32 => (f32::from(byte(i)) / 256.0).to_le_bytes().to_vec(),
            Element::U8 | Element::I8 => vec![byte(i)],
            Element::I16 => i16::from(byte(i)).to_le_bytes().to_vec(),
            Element::I32 => i32::from(byte(i)).to_le_bytes().to_vec(),
        })
        .collect();
    let width = program.output().element.bytes();
    let hexadecimal = |element: &[u8]| {
        let digits: String = (element.iter().rev())
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("0x{digits}")
    };
    Interpreter::new(program)
        .run(&input)
        .chunks(width)
        .map(hexadecimal)
        .collect()
}
