//! Maxima of bytes that lie side by side.

use super::{Affine, BufferId, Scalar, WORD};

/// Each of some bytes becomes the larger of itself and another, as integers with a sign. A core
/// with the DSP extension takes four at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Where the bytes are.
    pub target: BufferId,
    /// The first one's place.
    pub first: Vec<Affine>,
    /// The others.
    pub others: Others,
}

/// What bytes are compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Others {
    /// The low eight bits of scalars.
    Scalars(Vec<Scalar>),
    /// So many bytes of the same buffer, from a place on.
    Elements(Vec<Affine>, usize),
}

impl Merge {
    /// How many bytes there are.
    pub fn count(&self) -> usize {
        match &self.others {
            Others::Scalars(scalars) => scalars.len(),
            Others::Elements(_, count) => *count,
        }
    }

    /// The scalars of each word of bytes, and the place of its first; the last may be less than a
    /// word.
    pub(crate) fn words<'m>(
        &self,
        scalars: &'m [Scalar],
    ) -> impl Iterator<Item = (Vec<Affine>, &'m [Scalar])> {
        let words = scalars.chunks(WORD).enumerate();
        words.map(|(word, scalars)| (behind(&self.first, WORD * word), scalars))
    }
}

/// The place so many elements behind `first`.
pub(crate) fn behind(first: &[Affine], distance: usize) -> Vec<Affine> {
    let mut place = first.to_vec();
    if let Some(innermost) = place.last_mut() {
        *innermost = innermost.clone() + Affine::from(distance);
    }
    place
}
