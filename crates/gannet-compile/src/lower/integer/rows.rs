//! Which kind of layer computes a row of integers how.

use gannet_graph::quantized::{Layer, SumSign};

use super::super::Lowering;
use super::super::rows::Rows;
use super::Integers;
use crate::fuse::Group;
use crate::ir::{Binary, Element, Statement};

impl Lowering<'_> {
    /// One row of `group`, whose first layer has no weights and computes otherwise than a layer of
    /// floats does; `None` for any other.
    pub(in super::super) fn integer_row(
        &mut self,
        integers: Integers<'_>,
        group: &Group,
        rows: &Rows,
    ) -> Option<Vec<Statement>> {
        let id = group.first();
        let is_wide = integers.element() == Element::I16;
        Some(match integers.node(id).layer() {
            Layer::Relu(_) | Layer::LeakyRelu(_) | Layer::Requantize(_) if is_wide => {
                self.rescaled(integers, id, rows)
            }
            Layer::Sigmoid(_) | Layer::Tanh(_) if is_wide => {
                self.integer_logistic(integers, id, rows)
            }
            Layer::Softmax(layer) if is_wide => self.wide_softmax(integers, (id, layer), rows),
            Layer::Relu(_)
            | Layer::LeakyRelu(_)
            | Layer::HardSwish(_)
            | Layer::Sigmoid(_)
            | Layer::Tanh(_)
            | Layer::Requantize(_) => self.tabled(integers, id, rows),
            Layer::PReLU(layer) => self.integer_prelu(integers, (id, layer), rows),
            Layer::Softmax(layer) => self.integer_softmax(integers, (id, layer), rows),
            Layer::MaxPool2D(layer) => {
                self.integer_max_pool2d(integers, (id, layer.window, layer.clamp), rows)
            }
            Layer::AveragePool2D(layer) => {
                self.integer_average_pool2d(integers, (id, layer.window, layer.clamp), rows)
            }
            Layer::GlobalAveragePool2D(layer) => {
                self.integer_global_average_pool2d(integers, (id, layer), rows)
            }
            Layer::Add(layer) => self.integer_sum(integers, id, (SumSign::Plus, layer.clamp), rows),
            Layer::Subtract(layer) => {
                self.integer_sum(integers, id, (SumSign::Minus, layer.clamp), rows)
            }
            Layer::Multiply(layer) => self.integer_multiply(integers, (id, layer), rows),
            Layer::Maximum(_) => self.integer_extreme(Binary::Max, rows),
            Layer::Minimum(_) => self.integer_extreme(Binary::Min, rows),
            Layer::Input(_)
            | Layer::Conv2D(_)
            | Layer::DepthwiseConv2D(_)
            | Layer::Conv2DTranspose(_)
            | Layer::Dense(_)
            | Layer::UpSampling2D(_)
            | Layer::ZeroPadding2D(_)
            | Layer::Concatenate(_)
            | Layer::Reshape(_) => return None,
        })
    }
}
