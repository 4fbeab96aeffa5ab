//! Scales the input where no layer could take the scaling up.

use super::Lowering;
use crate::ir::{BufferId, Element, Statement};

impl Lowering<'_> {
    /// A buffer of `byte · scale`.
    pub(super) fn scaled_input(&mut self, scale: f32) -> BufferId {
        let input = self.builder.input();
        let extents = self.builder.describe(input).extents.clone();
        let scaled = self.builder.buffer("scaled_input", Element::F32, &extents);
        let (source, target) = (self.flat(input), self.flat(scaled));
        let i = self.builder.variable("i");
        let value = self.load(source, vec![i.into()]) * scale;
        let store = Statement::Store(target, vec![i.into()], value);
        let elements = extents.iter().product::<usize>();
        self.builder.stage(
            &["scaled_input"],
            vec![Statement::repeat(i, 0_i64, elements, vec![store])],
        );
        scaled
    }
}
