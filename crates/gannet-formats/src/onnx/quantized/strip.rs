//! Takes the rounding out of a model: what is left computes in real numbers, and what was taken
//! out is noted by the names of values and weights.

use std::collections::HashMap;

use bytes::Bytes;
use gannet_graph::quantized::{Element, End, Quantization};

use crate::{
    Obstacle, Obstacles,
    onnx::{
        call::name,
        constant::{self, Constant},
        schema::{self, Model, data_type},
    },
};

/// What the rounding of a model was.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What each value is rounded to.
    pub values: HashMap<String, Quantization>,
    /// The scales of the kernel that the node of a value multiplies with.
    pub kernels: HashMap<String, Vec<f32>>,
    /// What the network takes.
    pub input_end: End,
    /// What the network gives.
    pub output_end: End,
}

/// The model without rounding, and what it was.
pub(super) fn strip(model: Model, obstacles: &mut Obstacles) -> (Model, Notes) {
    let Some(graph) = &model.graph else {
        return (model, Notes::default());
    };
    let mut stripper = Stripper {
        constants: constants(graph),
        real: schema::Graph {
            name: graph.name.clone(),
            initializer: graph.initializer.clone(),
            input: graph.input.clone(),
            output: graph.output.clone(),
            ..Default::default()
        },
        names: HashMap::new(),
        scales: HashMap::new(),
        notes: Notes {
            input_end: End::Floats,
            output_end: End::Floats,
            ..Notes::default()
        },
        obstacles,
    };
    for node in &graph.node {
        // What is refused is noted, and the others are looked at.
        let _ = stripper.take(node);
    }
    for output in &mut stripper.real.output {
        if let Some((real, is_integer)) = stripper.names.get(&output.name) {
            output.name.clone_from(real);
            if *is_integer {
                stripper.notes.output_end = End::Integers;
            }
        }
    }
    let (real, notes) = (stripper.real, stripper.notes);
    let model = Model {
        graph: Some(real),
        ..model
    };
    (model, notes)
}

/// The tensors of a file, those of nodes too.
fn constants(graph: &schema::Graph) -> HashMap<String, Constant> {
    let of_nodes = graph.node.iter().filter(|node| node.op_type == "Constant");
    let of_nodes = of_nodes.filter_map(|node| {
        let tensor = node
            .attribute
            .iter()
            .find(|a| a.name == "value")?
            .t
            .as_ref()?;
        Some((node.output.first()?, tensor))
    });
    let initializers = graph
        .initializer
        .iter()
        .map(|tensor| (&tensor.name, tensor));
    initializers
        .chain(of_nodes)
        .filter_map(|(name, tensor)| Some((name.clone(), Constant::read(tensor).ok()?)))
        .collect()
}

/// A node that is refused; the obstacle is noted.
struct Refused;

struct Stripper<'o> {
    constants: HashMap<String, Constant>,
    real: schema::Graph,
    /// The value that stands in for another, and whether that one is of integers.
    names: HashMap<String, (String, bool)>,
    /// The scales of tensors that were integers.
    scales: HashMap<String, Vec<f32>>,
    notes: Notes,
    obstacles: &'o mut Obstacles,
}

impl Stripper<'_> {
    fn take(&mut self, node: &schema::Node) -> Result<(), Refused> {
        match node.op_type.as_str() {
            "QuantizeLinear" => {
                let value = self.real_name(input(node, 0));
                let quantization = self.quantization(node, [1, 2])?;
                self.note(node, &value, quantization)?;
                self.names.insert(output(node), (value, true));
            }
            "DequantizeLinear" if self.constants.contains_key(input(node, 0)) => {
                let tensor = self.weights(node, [0, 1, 2], &output(node))?;
                self.real.initializer.push(tensor);
            }
            "DequantizeLinear" => {
                let value = self.integers(node, 0)?;
                let quantization = self.quantization(node, [1, 2])?;
                self.note(node, &value, quantization)?;
                self.names.insert(output(node), (value, false));
            }
            "QLinearConv" => self.take_product(node, "Conv", Some(8))?,
            "QLinearMatMul" => self.take_product(node, "MatMul", None)?,
            _ => {
                let mut kept = node.clone();
                for input in &mut kept.input {
                    *input = self.real_name(input);
                }
                let kernel = kept.input.get(1).and_then(|name| self.scales.get(name));
                if let Some(scales) = kernel {
                    self.notes.kernels.insert(output(node), scales.clone());
                }
                self.real.node.push(kept);
            }
        }
        Ok(())
    }

    /// A product of integers as one of real numbers: inputs are x, its scale and zero point, the
    /// weights', the output's scale and zero point, and a bias.
    fn take_product(
        &mut self,
        node: &schema::Node,
        operator: &str,
        bias: Option<usize>,
    ) -> Result<(), Refused> {
        let value = self.integers(node, 0)?;
        let from = self.quantization(node, [1, 2])?;
        self.note(node, &value, from)?;
        let base = output(node);
        let kernel = self.weights(node, [3, 4, 5], &format!("{base}/kernel"))?;
        let scales = self.scales[&kernel.name].clone();
        let mut inputs = vec![value, kernel.name.clone()];
        self.real.initializer.push(kernel);
        let bias = bias.map_or("", |place| input(node, place));
        if let Some(bias) = self.constants.get(bias) {
            let sums = bias.to_floats().into_iter().enumerate();
            let sums: Vec<f32> = sums
                .map(|(i, sum)| sum * (from.scale() * scales[i % scales.len()]))
                .collect();
            let name = format!("{base}/bias");
            self.real.initializer.push(floats(&name, &bias.dims, &sums));
            inputs.push(name);
        }
        self.real.node.push(schema::Node {
            input: inputs,
            op_type: operator.to_owned(),
            domain: String::new(),
            ..node.clone()
        });
        self.notes.kernels.insert(base.clone(), scales);
        let to = self.quantization(node, [6, 7])?;
        self.note(node, &base, to)?;
        self.names.insert(base.clone(), (base, true));
        Ok(())
    }

    /// The value that stands in for `value`.
    fn real_name(&self, value: &str) -> String {
        let known = self.names.get(value);
        known.map_or(value, |(real, _)| real.as_str()).to_owned()
    }

    /// The value that stands in for an input of integers; the network's may be one.
    fn integers(&mut self, node: &schema::Node, place: usize) -> Result<String, Refused> {
        let value = input(node, place);
        if let Some((real, _)) = self.names.get(value) {
            return Ok(real.clone());
        }
        let end = self.real.input.iter_mut().find(|end| end.name == value);
        let tensor = end.and_then(|end| end.r#type.as_mut()?.tensor_type.as_mut());
        if let Some(tensor) = tensor {
            tensor.elem_type = data_type::FLOAT;
            self.notes.input_end = End::Integers;
            return Ok(value.to_owned());
        }
        // A value that integers went through, such as one that was only reshaped.
        Ok(value.to_owned())
    }

    /// The one quantization of a value, by the inputs that are its scale and zero point.
    fn quantization(
        &mut self,
        node: &schema::Node,
        [scale, zero_point]: [usize; 2],
    ) -> Result<Quantization, Refused> {
        let found = self
            .constants
            .get(input(node, scale))
            .map(Constant::to_floats);
        let Some([scale]) = found.as_deref() else {
            return Err(self.refuse(node, "scale", "none or several", "one number in the file"));
        };
        let scale = *scale;
        let (element, zero) = match self.constants.get(input(node, zero_point)) {
            None => (constant::Element::U8, 0),
            Some(zero) => match zero.as_ints() {
                Some(&[value]) => (zero.element, value),
                _ => {
                    let supported = "one integer";
                    return Err(self.refuse(node, "zero_point", "another tensor", supported));
                }
            },
        };
        // What stands for the same as uint8 is 128 less as int8.
        let zero = match element {
            constant::Element::I8 => zero,
            constant::Element::U8 => zero - 128,
            _ => {
                let supported = "of int8 or uint8";
                return Err(self.refuse(node, "zero_point", "of another type", supported));
            }
        };
        Quantization::new(Element::I8, scale, zero as i32)
            .map_err(|error| self.refuse(node, "scale", &error.to_string(), "a positive number"))
    }

    /// The real numbers that weights stand for, whose scales are noted; by the inputs that are
    /// the integers, their scales and their zero points.
    fn weights(
        &mut self,
        node: &schema::Node,
        [integers, scales, zeros]: [usize; 3],
        name: &str,
    ) -> Result<schema::Tensor, Refused> {
        let get = |place| self.constants.get(input(node, place)).cloned();
        let (Some(integers), Some(scales)) = (get(integers), get(scales)) else {
            return Err(self.refuse(node, "inputs", "computed", "weights and scales in the file"));
        };
        let zeros = get(zeros).map_or_else(Vec::new, |zeros| zeros.to_floats());
        let same = zeros
            .first()
            .is_none_or(|first| zeros.iter().all(|zero| zero == first));
        let zero = match (zeros.first(), integers.element) {
            (None, _) => 0.0,
            (Some(&zero), constant::Element::I8 | constant::Element::I32) if zero == 0.0 => zero,
            (Some(&zero), constant::Element::U8) if zero == 128.0 => zero,
            _ => f32::NAN,
        };
        if zero.is_nan() || !same {
            let supported = "0, or 128 of uint8; quantize the weights symmetrically";
            return Err(self.refuse(node, "zero_point", &format!("{zeros:?}"), supported));
        }
        let scales = scales.to_floats();
        let axis = node
            .attribute
            .iter()
            .find(|a| a.name == "axis")
            .and_then(|a| a.i);
        let axis = match axis {
            _ if node.op_type == "QLinearConv" => 0,
            // A matrix has its units last.
            _ if node.op_type == "QLinearMatMul" => integers.dims.len().saturating_sub(1),
            None => 1,
            Some(axis) if axis < 0 => (axis + integers.dims.len() as i64).max(0) as usize,
            Some(axis) => axis as usize,
        };
        let inner = integers.dims.iter().skip(axis.saturating_add(1));
        let inner = inner.fold(1_usize, |inner, &dim| inner.saturating_mul(dim));
        if scales.is_empty() || scales.len() != 1 && integers.dims.get(axis) != Some(&scales.len())
        {
            return Err(self.refuse(node, "scale", "blocks", "one, or one of each channel"));
        }
        let values = integers.to_floats().into_iter().enumerate();
        let values: Vec<f32> = values
            .map(|(i, value)| (value - zero) * scales[(i / inner.max(1)) % scales.len()])
            .collect();
        self.scales.insert(name.to_owned(), scales);
        Ok(floats(name, &integers.dims, &values))
    }

    /// Notes what a value is rounded to.
    fn note(
        &mut self,
        node: &schema::Node,
        value: &str,
        quantization: Quantization,
    ) -> Result<(), Refused> {
        match self.notes.values.get(value) {
            Some(known) if *known != quantization => Err(self.refuse(
                node,
                "scale",
                &format!("{quantization} behind {known}"),
                "one quantization of a value",
            )),
            _ => {
                self.notes.values.insert(value.to_owned(), quantization);
                Ok(())
            }
        }
    }

    fn refuse(&mut self, node: &schema::Node, what: &str, value: &str, supported: &str) -> Refused {
        self.obstacles.0.push(Obstacle {
            layer: name(node).to_owned(),
            class: node.op_type.clone(),
            attribute: what.to_owned(),
            value: value.to_owned(),
            supported: supported.to_owned(),
        });
        Refused
    }
}

/// The name of an input; empty if it is left out.
fn input(node: &schema::Node, place: usize) -> &str {
    node.input.get(place).map_or("", String::as_str)
}

/// The name of the first output.
fn output(node: &schema::Node) -> String {
    node.output.first().cloned().unwrap_or_default()
}

/// A tensor of `float32`.
fn floats(name: &str, dims: &[usize], values: &[f32]) -> schema::Tensor {
    let raw: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    schema::Tensor {
        name: name.to_owned(),
        dims: dims.iter().map(|&dim| dim as i64).collect(),
        data_type: data_type::FLOAT,
        raw_data: Some(Bytes::from(raw)),
        ..Default::default()
    }
}
