//! Takes the rounding out of a model: what is left computes in real numbers, and what was taken
//! out is noted by the names of values and weights.

use std::collections::HashMap;

use bytes::Bytes;
use gannet_graph::quantized::{self, End, Quantization};

use super::integer_operators::IntegerOperator;
use crate::{
    Obstacle, Obstacles,
    onnx::{
        call::name,
        constant::{Constant, Element, Values},
        schema::{self, Model, data_type},
    },
};

/// What the rounding of a model was.
#[derive(Debug)]
pub(super) struct Notes {
    /// What each value is rounded to.
    pub values: HashMap<String, Quantization>,
    /// What the weights that the node of a value multiplies with were rounded to.
    pub weights: HashMap<String, WeightRounding>,
    /// What the network takes.
    pub input: FileEnd,
    /// What the network gives.
    pub output: FileEnd,
}

/// What weights of integers stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct WeightRounding {
    /// One scale for all, or one for each index of an axis.
    pub scales: Vec<f32>,
    /// The `int8` that stands for 0, where one does for all.
    pub zero_point: i32,
}

/// What a file has at an end of its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileEnd {
    /// Whether rounding is part of the network.
    pub end: End,
    /// What the integers are, if they are at the end.
    pub element: quantized::Element,
}

impl FileEnd {
    /// The end of a file whose values are computed in real numbers.
    const FLOATS: FileEnd = FileEnd {
        end: End::Floats,
        element: quantized::Element::I8,
    };

    /// What an end is; one of integers becomes one of real numbers.
    fn take(end: &mut schema::ValueInfo) -> Self {
        let tensor = end.r#type.as_mut().and_then(|t| t.tensor_type.as_mut());
        let Some(tensor) = tensor else {
            return FileEnd::FLOATS;
        };
        let element = match Element::of(tensor.elem_type) {
            Some(Element::I8) => quantized::Element::I8,
            Some(Element::U8) => quantized::Element::U8,
            _ => return FileEnd::FLOATS,
        };
        tensor.elem_type = data_type::FLOAT;
        FileEnd {
            end: End::Integers,
            element,
        }
    }
}

/// The model without rounding, and what it was. A node that is refused stays as it is.
pub(super) fn strip(model: Model, obstacles: &mut Obstacles) -> (Model, Notes) {
    let graph = model.graph.unwrap_or_default();
    let mut notes = Notes {
        values: HashMap::new(),
        weights: HashMap::new(),
        input: FileEnd::FLOATS,
        output: FileEnd::FLOATS,
    };
    let constants = constants(&graph);
    let mut real = schema::Graph {
        name: graph.name,
        initializer: graph.initializer,
        input: graph.input,
        output: graph.output,
        ..Default::default()
    };
    for input in &mut real.input {
        if !constants.contains_key(&input.name) {
            notes.input = FileEnd::take(input);
        }
    }
    for output in &mut real.output {
        notes.output = FileEnd::take(output);
    }
    let mut stripper = Stripper {
        constants,
        real,
        names: HashMap::new(),
        weights: HashMap::new(),
        notes,
        obstacles,
    };
    for node in &graph.node {
        if stripper.take(node).is_err() {
            stripper.real.node.push(node.clone());
        }
    }
    let Stripper {
        mut real,
        names,
        notes,
        ..
    } = stripper;
    for output in &mut real.output {
        if let Some(real) = names.get(&output.name) {
            output.name.clone_from(real);
        }
    }
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
        let mut attributes = node.attribute.iter();
        let tensor = attributes.find(|a| a.name == "value")?.t.as_ref()?;
        Some((node.output.first()?, tensor))
    });
    let initializers = graph.initializer.iter();
    initializers
        .map(|tensor| (&tensor.name, tensor))
        .chain(of_nodes)
        .filter_map(|(name, tensor)| Some((name.clone(), Constant::read(tensor).ok()?)))
        .collect()
}

/// A node that is refused; the obstacle is noted.
struct Refused;

struct Stripper<'o> {
    constants: HashMap<String, Constant>,
    real: schema::Graph,
    /// The value that stands in for another.
    names: HashMap<String, String>,
    /// What the tensors that were integers stood for.
    weights: HashMap<String, WeightRounding>,
    notes: Notes,
    obstacles: &'o mut Obstacles,
}

impl Stripper<'_> {
    fn take(&mut self, node: &schema::Node) -> Result<(), Refused> {
        if let Some(operator) = IntegerOperator::of(node) {
            return self.take_integers(node, operator);
        }
        let known = self.constants.contains_key(input(node, 0));
        match node.op_type.as_str() {
            "QuantizeLinear" if known => {
                let rounded = self.rounded(node)?;
                self.constants.insert(output(node), rounded);
            }
            "DequantizeLinear" if known => {
                let tensor = self.take_weights(node, 0, &output(node))?;
                self.real.initializer.push(tensor);
            }
            "QuantizeLinear" | "DequantizeLinear" => {
                let value = match self.rounded_again(node)? {
                    Some(value) => value,
                    None => self.value(node, 0)?,
                };
                self.names.insert(output(node), value);
            }
            _ => {
                if let Some(same) = self.constants.get(input(node, 0))
                    && node.op_type == "Identity"
                {
                    self.constants.insert(output(node), same.clone());
                }
                if let Some(same) = self.names.get(input(node, 0))
                    && node.op_type == "Identity"
                {
                    self.names.insert(output(node), same.clone());
                    return Ok(());
                }
                let mut kept = node.clone();
                for input in &mut kept.input {
                    *input = self.real_name(input);
                }
                let weights = kept.input.get(1).and_then(|name| self.weights.get(name));
                if let Some(weights) = weights {
                    self.notes.weights.insert(output(node), weights.clone());
                }
                self.real.node.push(kept);
            }
        }
        Ok(())
    }

    /// An operator of integers as one of real numbers between roundings.
    fn take_integers(
        &mut self,
        node: &schema::Node,
        operator: &IntegerOperator,
    ) -> Result<(), Refused> {
        let base = output(node);
        let mut inputs = Vec::new();
        for place in operator.values(node) {
            if !self.constants.contains_key(input(node, place)) {
                inputs.push(self.value(node, place)?);
                continue;
            }
            let kernel = self.take_weights(node, place, &format!("{base}/kernel"))?;
            inputs.push(kernel.name.clone());
            let rounding = self.weights[&kernel.name].clone();
            self.notes.weights.insert(base.clone(), rounding);
            self.real.initializer.push(kernel);
        }
        let bias = operator.bias.map_or("", |place| input(node, place));
        if let Some(sums) = self.constants.get(bias).cloned() {
            let from = self.quantization(node, operator.first + 1)?.scale();
            let kernel = self
                .notes
                .weights
                .get(&base)
                .map_or(&[1.0][..], |kernel| &kernel.scales);
            let scales: Vec<f32> = kernel.iter().map(|scale| from * scale).collect();
            let name = format!("{base}/bias");
            let bias = dequantized(&sums, &[0.0], &scales, 1);
            self.real.initializer.push(floats(&name, &sums.dims, &bias));
            inputs.push(name);
        }
        self.real.node.push(operator.real_node(node, inputs));
        let to = self.quantization(node, operator.output)?;
        self.note(node, &base, to)
    }

    /// The value that stands in for `value`.
    fn real_name(&self, value: &str) -> String {
        self.names
            .get(value)
            .map_or(value, String::as_str)
            .to_owned()
    }

    /// The value that stands in for the one at `place`, whose scale and zero point follow it:
    /// what it is rounded to is noted.
    fn value(&mut self, node: &schema::Node, place: usize) -> Result<String, Refused> {
        let value = self.real_name(input(node, place));
        let quantization = self.quantization(node, place + 1)?;
        self.note(node, &value, quantization)?;
        Ok(value)
    }

    /// What `node` makes of a value that was rounded to other integers before: the value of a
    /// layer that does nothing but keep its place.
    fn rounded_again(&mut self, node: &schema::Node) -> Result<Option<String>, Refused> {
        let Some(value) = self.names.get(input(node, 0)).cloned() else {
            return Ok(None);
        };
        let quantization = self.quantization(node, 1)?;
        let known = self.notes.values.get(&value);
        if node.op_type != "QuantizeLinear" || known.is_none_or(|known| *known == quantization) {
            return Ok(None);
        }
        let again = output(node);
        self.real.node.push(schema::Node {
            input: vec![value],
            output: vec![again.clone()],
            name: node.name.clone(),
            op_type: "Dropout".to_owned(),
            ..Default::default()
        });
        self.note(node, &again, quantization)?;
        Ok(Some(again))
    }

    /// The one quantization of a value, by the inputs that are its scale, at `place`, and its
    /// zero point behind it.
    fn quantization(&mut self, node: &schema::Node, place: usize) -> Result<Quantization, Refused> {
        let scales = self.constants.get(input(node, place));
        let Some(&[scale]) = scales.map(Constant::to_floats).as_deref() else {
            return Err(self.refuse(node, "scale", "none or several", "one number in the file"));
        };
        let (element, zero) = match self.constants.get(input(node, place + 1)) {
            None => (Element::U8, 0),
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
            Element::I8 => zero,
            Element::U8 => zero - 128,
            _ => {
                let supported = "of int8 or uint8";
                return Err(self.refuse(node, "zero_point", "of another type", supported));
            }
        };
        Quantization::new(quantized::Element::I8, scale, zero as i32)
            .map_err(|error| self.refuse(node, "scale", &error.to_string(), "a positive number"))
    }

    /// The integers that a constant of real numbers is rounded to: PyTorch leaves the weights of
    /// a network that was trained with rounding as they are.
    fn rounded(&mut self, node: &schema::Node) -> Result<Constant, Refused> {
        let Some(real) = self.constants.get(input(node, 0)).cloned() else {
            return Err(Refused);
        };
        let (scales, zeros, inner) = self.channels(node, 0, &real)?;
        let element = self.constants.get(input(node, 2));
        let element = element.map_or(Element::U8, |zero| zero.element);
        let [low, high] = match element {
            Element::I8 => [-128, 127],
            Element::U8 => [0, 255],
            Element::I32 => [i64::from(i32::MIN), i64::from(i32::MAX)],
            _ => {
                return Err(self.refuse(node, "zero_point", "of another type", "of int8 or uint8"));
            }
        };
        let nearest = |(i, value): (usize, f32)| {
            let channel = i / inner;
            let zero = zeros[channel % zeros.len()] as i64;
            let whole = (value / scales[channel % scales.len()]).round_ties_even() as i64;
            whole.saturating_add(zero).clamp(low, high)
        };
        let values = real.to_floats().into_iter().enumerate().map(nearest);
        Ok(Constant {
            element,
            dims: real.dims,
            values: Values::Int(values.collect()),
        })
    }

    /// The real numbers that the weights at `place` stand for; what they were rounded to is noted.
    fn take_weights(
        &mut self,
        node: &schema::Node,
        place: usize,
        name: &str,
    ) -> Result<schema::Tensor, Refused> {
        let Some(integers) = self.constants.get(input(node, place)).cloned() else {
            return Err(self.refuse(node, "inputs", "computed", "weights in the file"));
        };
        let (scales, zeros, inner) = self.channels(node, place, &integers)?;
        let values = dequantized(&integers, &zeros, &scales, inner);
        let zero_point = zeros.first().map_or(0, |&zero| zero as i32);
        // What stands for the same as uint8 is 128 less as int8.
        let zero_point = match integers.element {
            Element::U8 => zero_point.saturating_sub(128),
            _ => zero_point,
        };
        let rounding = WeightRounding { scales, zero_point };
        self.weights.insert(name.to_owned(), rounding);
        Ok(floats(name, &integers.dims, &values))
    }

    /// The scales and the zero points of the constant at `place`, and how many of its values
    /// that follow each other have the same.
    fn channels(
        &mut self,
        node: &schema::Node,
        place: usize,
        constant: &Constant,
    ) -> Result<(Vec<f32>, Vec<f32>, usize), Refused> {
        let floats = |place| {
            self.constants
                .get(input(node, place))
                .map(Constant::to_floats)
        };
        let (Some(scales), zeros) = (floats(place + 1), floats(place + 2)) else {
            return Err(self.refuse(node, "inputs", "computed", "scales in the file"));
        };
        let zeros = zeros.unwrap_or_else(|| vec![0.0]);
        let rank = constant.dims.len();
        let axis = match IntegerOperator::of(node) {
            Some(operator) => operator.axis(node, rank),
            None => match node
                .attribute
                .iter()
                .find(|a| a.name == "axis")
                .and_then(|a| a.i)
            {
                None => 1,
                Some(axis) if axis < 0 => (axis + rank as i64).max(0) as usize,
                Some(axis) => axis as usize,
            },
        };
        let channels = constant.dims.get(axis);
        let suits = |numbers: &[f32]| numbers.len() == 1 || channels == Some(&numbers.len());
        if !suits(&scales) || !suits(&zeros) {
            return Err(self.refuse(node, "scale", "blocks", "one, or one of each channel"));
        }
        let inner = constant.dims.iter().skip(axis.saturating_add(1));
        let inner = inner.fold(1_usize, |inner, &dim| inner.saturating_mul(dim));
        Ok((scales, zeros, inner.max(1)))
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

/// The real numbers that integers stand for, of which `inner` that follow each other have one
/// scale and one zero point.
fn dequantized(integers: &Constant, zeros: &[f32], scales: &[f32], inner: usize) -> Vec<f32> {
    let real = |(i, value): (usize, f32)| {
        let channel = i / inner;
        (value - zeros[channel % zeros.len()]) * scales[channel % scales.len()]
    };
    integers
        .to_floats()
        .into_iter()
        .enumerate()
        .map(real)
        .collect()
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
    let raw = values.iter().flat_map(|value| value.to_le_bytes());
    schema::Tensor {
        name: name.to_owned(),
        dims: dims.iter().map(|&dim| dim as i64).collect(),
        data_type: data_type::FLOAT,
        raw_data: Some(Bytes::from(raw.collect::<Vec<u8>>())),
        ..Default::default()
    }
}
