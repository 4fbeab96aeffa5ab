//! A value as rows of pixels, all of them or a ring of the latest.

use crate::ir::{Affine, BufferId, Derivation, Derive, ProgramBuilder, Statement};

/// Where the rows of a value lie.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// Its elements as `[pixels, channels]`, borders included.
    pub(super) pixels: BufferId,
    /// The same elements as `[elements]`.
    pub(super) elements: BufferId,
    /// `[rows, columns, channels]`, borders left out.
    pub(super) shape: [usize; 3],
    /// Pixels from one row to the next.
    pub(super) stride: usize,
    /// Pixels of border left of each row.
    pub(super) left: usize,
    /// How many rows there is room for, where not for all.
    pub(super) ring: Option<usize>,
}

impl Image {
    /// `body`, given where row `row` lies.
    pub(super) fn at(
        &self,
        builder: &mut ProgramBuilder,
        row: Affine,
        body: impl FnOnce(&mut ProgramBuilder, Place) -> Vec<Statement>,
    ) -> Vec<Statement> {
        let (place, slot) = self.find(builder, row);
        let body = body(builder, place);
        slot.around(body)
    }

    /// Where row `row` lies, inside a body that its slot must be put around.
    pub(super) fn find(&self, builder: &mut ProgramBuilder, row: Affine) -> (Place, Slot) {
        match self.ring {
            None => (self.place(row), Slot(None)),
            Some(rows) => {
                let variable = builder.variable("slot");
                let slot = Derive {
                    variable,
                    value: row,
                    by: Derivation::Slot(rows),
                    body: Vec::new(),
                };
                (self.place(variable.into()), Slot(Some(slot)))
            }
        }
    }

    fn place(&self, slot: Affine) -> Place {
        Place {
            pixel: slot * self.stride as i64 + Affine::from(self.left),
            channels: self.shape[2],
        }
    }
}

/// The slot of a ring that a row lies in.
pub(super) struct Slot(Option<Derive>);

impl Slot {
    /// `body` where the slot is known.
    pub(super) fn around(self, body: Vec<Statement>) -> Vec<Statement> {
        match self.0 {
            None => body,
            Some(slot) => vec![Statement::Derive(Derive { body, ..slot })],
        }
    }
}

/// Where one row lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pixel: Affine,
    channels: usize,
}

impl Place {
    /// The index of a column's channel in [`Image::pixels`].
    pub(super) fn pixel(&self, column: Affine, channel: Affine) -> Vec<Affine> {
        vec![self.pixel.clone() + column, channel]
    }

    /// The index of the row's element `i` in [`Image::elements`].
    pub(super) fn element(&self, i: Affine) -> Vec<Affine> {
        vec![self.pixel.clone() * self.channels as i64 + i]
    }
}
