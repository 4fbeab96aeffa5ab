//! Sums of products of bytes, four at a time: a word of four inputs and a word of four weights
//! are widened to two pairs of 16-bit integers each, and every pair of products is one operation.
//!
//! What is taken from each input, its zero point, is taken while it is widened.

use super::super::Lowering;
use super::super::channels::{Blocks, Weights};
use crate::ir::{
    Affine, Binary, BufferId, Bytes, Element, Expression, ProgramBuilder, Scalar, ScalarType,
    Statement, pair_of,
};

/// How many bytes a word has.
pub(crate) const FOUR: usize = 4;
/// Words of a row that are written out one by one; more are a loop.
const MOST_WRITTEN_OUT: usize = 2;

/// Weights of rows of inputs that lie side by side.
#[derive(Debug, Clone)]
pub(in super::super) struct Fours {
    /// `[block, row, four, channel, 4]`.
    fours: Option<BufferId>,
    /// `[block, row, tap, channel]`: what is left of a row.
    rest: Option<BufferId>,
    /// Inputs of a row.
    run: usize,
    /// Which block's they are.
    block: Affine,
}

/// What the sums of a block are made of.
pub(in super::super) struct Factors<'f> {
    /// Bytes, as one row of elements.
    pub(in super::super) source: BufferId,
    /// Where the first input of each position lies.
    pub(in super::super) first: Vec<Affine>,
    /// What is taken from every input.
    pub(in super::super) zero: i32,
    /// By output channel, then by position.
    pub(in super::super) sums: &'f [Vec<Scalar>],
}

impl Lowering<'_> {
    /// The constants of `blocks` for `rows` rows of `run` inputs each; `place(row, i, channel)`
    /// tells where among `weights` the one of a row's input `i` is.
    pub(in super::super) fn fours(
        &mut self,
        name: &str,
        blocks: &Blocks,
        [rows, run]: [usize; 2],
        weights: Weights<'_>,
        place: impl Fn(usize, usize, usize) -> usize,
    ) -> Fours {
        let (fours, rest) = (run / FOUR, run % FOUR);
        let mut constant = |name: String, taps: [usize; 3], extents: &[usize]| {
            let [begin, groups, of_group] = taps;
            let mut places = Vec::new();
            for block in 0..blocks.count {
                for row in 0..rows {
                    for group in 0..groups {
                        for channel in 0..blocks.size {
                            let channel = blocks.first + block * blocks.size + channel;
                            let first = begin + group * of_group;
                            places
                                .extend((first..first + of_group).map(|i| place(row, i, channel)));
                        }
                    }
                }
            }
            let values = weights.in_order(places.into_iter());
            (groups > 0).then(|| self.builder.constant(&name, extents, values))
        };
        let (count, size) = (blocks.count, blocks.size);
        Fours {
            fours: constant(
                format!("{name}_fours"),
                [0, fours, FOUR],
                &[count, rows, fours, size, FOUR],
            ),
            rest: constant(
                format!("{name}_rest"),
                [fours * FOUR, rest, 1],
                &[count, rows, rest, size],
            ),
            run,
            block: blocks.index(),
        }
    }
}

impl Fours {
    /// Adds the products of row `row` to the sums.
    pub(in super::super) fn add(
        &self,
        builder: &mut ProgramBuilder,
        row: &Affine,
        factors: &Factors<'_>,
    ) -> Vec<Statement> {
        let count = self.run / FOUR;
        let mut body = Vec::new();
        match self.fours {
            Some(weights) if count > MOST_WRITTEN_OUT => {
                let four = builder.variable("four");
                let words = self.words(builder, weights, (row, &four.into()), factors);
                body.push(Statement::repeat(four, 0_i64, count, words));
            }
            Some(weights) => {
                for four in 0..count {
                    body.extend(self.words(builder, weights, (row, &four.into()), factors));
                }
            }
            None => {}
        }
        if let Some(weights) = self.rest {
            for tap in 0..self.run % FOUR {
                body.extend(self.single(builder, weights, (row, tap), factors));
            }
        }
        body
    }

    /// One word of each position's inputs, with one word of each channel's weights.
    fn words(
        &self,
        builder: &mut ProgramBuilder,
        weights: BufferId,
        (row, four): (&Affine, &Affine),
        factors: &Factors<'_>,
    ) -> Vec<Statement> {
        let mut body = Vec::new();
        let bytes = match builder.describe(factors.source).element {
            Element::U8 => [Bytes::EvenUnsigned, Bytes::OddUnsigned],
            _ => [Bytes::EvenSigned, Bytes::OddSigned],
        };
        // The zero point is that of all inputs, so its two halves are one constant.
        let less_zero = pair_of([-factors.zero as i16; 2]);
        let inputs: Vec<[Scalar; 2]> = (factors.first.iter())
            .map(|first| {
                let place = first.clone() + four.clone() * FOUR as i64;
                let load = Expression::LoadFour(factors.source, vec![place]);
                halves(builder, "input", load, less_zero, bytes, &mut body)
            })
            .collect();
        for (channel, sums) in factors.sums.iter().enumerate() {
            let place = vec![
                self.block.clone(),
                row.clone(),
                four.clone(),
                channel.into(),
                0_i64.into(),
            ];
            let load = Expression::LoadFour(weights, place);
            let signed = [Bytes::EvenSigned, Bytes::OddSigned];
            let weights = halves(builder, "weight", load, 0, signed, &mut body);
            for (half, weight) in weights.into_iter().enumerate() {
                for (&sum, input) in sums.iter().zip(&inputs) {
                    let values = [sum, input[half], weight].map(Expression::from);
                    let added = Expression::AddProducts(Box::new(values));
                    body.push(Statement::Set(sum, added));
                }
            }
        }
        body
    }

    /// One input of each position, with one weight of each channel.
    fn single(
        &self,
        builder: &mut ProgramBuilder,
        weights: BufferId,
        (row, tap): (&Affine, usize),
        factors: &Factors<'_>,
    ) -> Vec<Statement> {
        let mut body = Vec::new();
        let in_run = Affine::from(self.run / FOUR * FOUR + tap);
        let inputs: Vec<Scalar> = (factors.first.iter())
            .map(|first| {
                let input = builder.scalar("input", ScalarType::I32);
                let load = Expression::Load(factors.source, vec![first.clone() + in_run.clone()]);
                let value = match factors.zero {
                    0 => load,
                    zero => load - zero,
                };
                body.push(Statement::Let(input, value));
                input
            })
            .collect();
        for (channel, sums) in factors.sums.iter().enumerate() {
            let weight = builder.scalar("weight", ScalarType::I32);
            let place = vec![self.block.clone(), row.clone(), tap.into(), channel.into()];
            body.push(Statement::Let(weight, Expression::Load(weights, place)));
            for (&sum, &input) in sums.iter().zip(&inputs) {
                let product = Expression::from(input) * weight;
                body.push(Statement::Set(sum, Expression::from(sum) + product));
            }
        }
        body
    }
}

/// The bytes of `word`, widened and added to `pair`: the even ones and the odd ones.
fn halves(
    builder: &mut ProgramBuilder,
    name: &str,
    word: Expression,
    pair: i32,
    bytes: [Bytes; 2],
    body: &mut Vec<Statement>,
) -> [Scalar; 2] {
    let mut named = |name: &str, value: Expression| {
        let scalar = builder.scalar(name, ScalarType::I32);
        body.push(Statement::Let(scalar, value));
        scalar
    };
    let four = named(&format!("{name}s"), word);
    bytes.map(|bytes| {
        let value = Expression::I32(pair).binary(Binary::AddBytes(bytes), four);
        named(name, value)
    })
}
