//! Layers that bring several images together, and the border of zeros.

use gannet_graph::ZeroPadding2D;

use super::Lowering;
use super::activation::pointwise;
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, ScalarType, Statement};

impl Lowering<'_> {
    /// The sum of all inputs, in the place of the first where nobody else reads it.
    pub(super) fn add(&mut self, group: &Group) -> BufferId {
        let sources = self.sources(group);
        let (_, target) = self.in_place(group);
        let i = self.builder.variable("i");
        let sum = self.builder.scalar("sum", ScalarType::F32);
        let to = self.flat(target);
        let terms: Vec<Expression> = sources
            .into_iter()
            .map(|source| {
                let from = self.flat(source);
                self.load(from, vec![i.into()])
            })
            .collect();
        let total = terms.into_iter().reduce(|total, term| total + term);
        let body = vec![
            Statement::Let(sum, total.expect("a sum has terms")),
            Statement::Store(to, vec![i.into()], pointwise(group.function, sum)),
        ];
        let elements = self.builder.describe(to).len();
        self.stage(group, vec![Statement::repeat(i, 0_i64, elements, body)]);
        target
    }

    /// Each input's channels behind those of the one before.
    pub(super) fn concatenate(&mut self, group: &Group) -> BufferId {
        let sources = self.sources(group);
        let target = self.value(group);
        let all = self
            .builder
            .describe(target)
            .extents
            .last()
            .copied()
            .unwrap_or(1);
        let to = self.flat(target);
        let rows = self.builder.describe(to).len() / all;
        let row = self.builder.variable("row");
        let mut body = Vec::new();
        let mut first = 0;
        for source in sources {
            let channels = self
                .builder
                .describe(source)
                .extents
                .last()
                .copied()
                .unwrap_or(1);
            let from = self.flat(source);
            let channel = self.builder.variable("channel");
            let index = |width: usize, first: usize| {
                vec![Affine::from(row) * width as i64 + Affine::from(channel) + Affine::from(first)]
            };
            let value = self.load(from, index(channels, 0));
            let copy = Statement::Store(to, index(all, first), value);
            body.push(Statement::repeat(channel, 0_i64, channels, vec![copy]));
            first += channels;
        }
        self.stage(group, vec![Statement::repeat(row, 0_i64, rows, body)]);
        target
    }

    /// Zeros, and the image inside them.
    pub(super) fn zero_padding2d(&mut self, group: &Group, layer: &ZeroPadding2D) -> BufferId {
        let [height, width, channels] = self.source_shape(group).as_image().expect("checked shape");
        let source = self.source(group);
        let target = self.value(group);
        let mut body = self.fill(target, 0.0);
        let [y, x, channel] = ["y", "x", "channel"].map(|name| self.builder.variable(name));
        let value = self.load(source, vec![y.into(), x.into(), channel.into()]);
        let place = vec![
            Affine::from(y) + Affine::from(layer.vertical[0]),
            Affine::from(x) + Affine::from(layer.horizontal[0]),
            channel.into(),
        ];
        let copy = Statement::Store(target, place, value);
        let row = Statement::repeat(channel, 0_i64, channels, vec![copy]);
        let row = Statement::repeat(x, 0_i64, width, vec![row]);
        body.push(Statement::repeat(y, 0_i64, height, vec![row]));
        self.stage(group, body);
        target
    }
}
