//! Functions of one value: 8 bits have 256 of them, so each is a table, and a table is exact.

use gannet_graph::NodeId;
use gannet_graph::quantized::{QuantizedTensor, TensorType};

use super::super::Lowering;
use super::super::rows::Rows;
use super::Integers;
use crate::ir::{Constant, Element, Expression, Statement};

impl Integers<'_> {
    /// What the reference gives for every value of node `id`'s input, from −128 on.
    fn table(&self, id: NodeId) -> Vec<i32> {
        let node = self.node(id);
        let row = |of: NodeId| TensorType::new([256], self.node(of).output().quantization);
        let every = QuantizedTensor::new(row(node.inputs()[0]), (-128..=127).collect());
        let every = every.expect("every value of 8 bits");
        node.layer().run(&[&every], &row(id)).data().to_vec()
    }
}

impl Lowering<'_> {
    /// A row of node `id`, a function of each value by itself.
    pub(super) fn tabled(
        &mut self,
        integers: Integers<'_>,
        id: NodeId,
        rows: &Rows,
    ) -> Vec<Statement> {
        // In the order of the bits: 0 to 127 come first.
        let mut bytes: Vec<i8> = integers.table(id).iter().map(|&v| v as i8).collect();
        bytes.rotate_left(128);
        let name = format!("{}_table", integers.node(id).name());
        self.looked_up(&name, Constant::I8(bytes), rows)
    }

    /// A row of the picture whose bytes times `scale` are what the network takes: each byte's
    /// integer stands in a table.
    pub(in super::super) fn integers_of_bytes(
        &mut self,
        integers: Integers<'_>,
        scale: f32,
        rows: &Rows,
    ) -> Vec<Statement> {
        let quantization = integers.graph.input_type().quantization;
        let bytes = (0..=u8::MAX).map(|byte| quantization.quantize(f32::from(byte) * scale));
        let table = match integers.element() {
            Element::I16 => Constant::I16(bytes.map(|value| value as i16).collect()),
            _ => Constant::I8(bytes.map(|value| value as i8).collect()),
        };
        self.looked_up("input_table", table, rows)
    }

    /// A row of the elements of `table` at the source's bytes.
    fn looked_up(&mut self, name: &str, table: Constant, rows: &Rows) -> Vec<Statement> {
        let table = self.builder.constant(name, &[256], table);
        self.elementwise(rows, |_, values| {
            let place = values.into_iter().next().expect("a function has a source");
            (Vec::new(), Expression::Lookup(table, Box::new(place)))
        })
    }
}
