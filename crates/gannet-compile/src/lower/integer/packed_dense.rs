//! Dense layers of few bits a weight: each weight is multiplied once, so it is unpacked by as
//! little as can be.
//!
//! Weights become [raised](Unpacked::Raised) bytes, some at a time, and the sums of their products
//! are shifted back, which leaves no rest.

use gannet_graph::quantized::{Kernel, WeightBits};

use super::super::Lowering;
use super::super::channels::Blocks;
use super::packed::{Unpacked, in_word, raised_by};
use crate::Zeros;
use crate::ir::{
    Affine, Binary, BufferId, Dot, Element, Expression, Reads, Scalar, ScalarType, Statement, WORD,
    order,
};

/// How many bytes unpacked weights may take of the arena.
const MOST_UNPACKED: usize = 512;
/// The most inputs of a sum that stays within 32 bits, of bytes without sign and raised weights
/// from −128.
const MOST_INPUTS: usize = (1 << 31) / (255 * 128) - 1;

/// Whether a layer of so many inputs multiplies with packed weights.
pub(in super::super) fn are_packed(kernel: &Kernel, inputs: usize) -> bool {
    kernel.bits() != WeightBits::Eight && inputs <= MOST_INPUTS
}

/// What is multiplied: all inputs, with the weight of an input for a channel at `place`.
pub(in super::super) struct Packed<'w, P> {
    pub(in super::super) source: BufferId,
    pub(in super::super) inputs: usize,
    pub(in super::super) kernel: &'w Kernel,
    pub(in super::super) place: P,
}

impl Lowering<'_> {
    /// Adds the products of all inputs to the sums of a block.
    pub(in super::super) fn add_packed(
        &mut self,
        name: &str,
        blocks: &Blocks,
        packed: &Packed<'_, impl Fn(usize, usize) -> usize>,
        sums: &[Scalar],
    ) -> Vec<Statement> {
        let bits = packed.kernel.bits();
        let most = (MOST_UNPACKED / blocks.size / WORD).max(1) * WORD;
        let chunk = packed.inputs.min(most);
        let (full, rest) = (packed.inputs / chunk, packed.inputs % chunk);
        let words = |inputs: usize| (inputs * blocks.size).div_ceil(in_word(bits));
        let constant = self.packed(name, blocks, packed, &vec![chunk; full], rest);
        let unpacked = self.builder.buffer(
            &format!("{name}_unpacked"),
            Element::I8,
            &[words(chunk) * in_word(bits)],
        );

        let parts: Vec<Scalar> = (sums.iter())
            .map(|_| self.builder.scalar("part", ScalarType::I32))
            .collect();
        let mut body: Vec<Statement> = (parts.iter())
            .map(|&part| Statement::Let(part, 0.into()))
            .collect();
        let multiply = |lowering: &mut Self, which: Affine, inputs: usize| {
            let first = which.clone() * words(chunk) as i64;
            let place = (blocks.index(), first, words(inputs));
            let target = (unpacked, Unpacked::Raised);
            let mut body = lowering.unpack((constant, bits), target, place);
            body.push(Statement::Dot(Dot {
                sums: parts.clone(),
                positions: 1,
                inputs: packed.source,
                first: which * chunk as i64,
                step: 0,
                run: inputs,
                reads: Reads::Shared,
                weights: unpacked,
                place: vec![0_i64.into()],
                zeros: Zeros::Multiplied,
            }));
            body
        };
        if full == 1 {
            body.extend(multiply(self, 0_i64.into(), chunk));
        } else {
            let which = self.builder.variable("chunk");
            let each = multiply(self, which.into(), chunk);
            body.push(Statement::repeat(which, 0_i64, full, each));
        }
        if rest > 0 {
            body.extend(multiply(self, full.into(), rest));
        }
        let raised = raised_by(bits) as i32;
        body.extend(sums.iter().zip(parts).map(|(&sum, part)| {
            let part = Expression::from(part).binary(Binary::ShiftRight, raised);
            Statement::Set(sum, Expression::from(sum) + part)
        }));
        body
    }

    /// The constant of the weights, chunk by chunk in the order in which they are read. Each chunk
    /// begins a word.
    fn packed(
        &mut self,
        name: &str,
        blocks: &Blocks,
        packed: &Packed<'_, impl Fn(usize, usize) -> usize>,
        full: &[usize],
        rest: usize,
    ) -> BufferId {
        let (values, in_word) = (packed.kernel.values(), in_word(packed.kernel.bits()));
        let of_block = |block: usize| {
            let channels = blocks.first + block * blocks.size;
            let (mut weights, mut begin) = (Vec::new(), 0);
            for &chunk in full.iter().chain(std::iter::once(&rest)) {
                let order = order(Element::I8, chunk, blocks.size).into_iter();
                weights.extend(order.map(|(input, channel)| {
                    values[(packed.place)(begin + input, channels + channel)]
                }));
                weights.resize(weights.len().next_multiple_of(in_word), 0);
                begin += chunk;
            }
            weights
        };
        let weights: Vec<Vec<i8>> = (0..blocks.count).map(of_block).collect();
        self.packed_constant(name, packed.kernel.bits(), &weights)
    }
}
