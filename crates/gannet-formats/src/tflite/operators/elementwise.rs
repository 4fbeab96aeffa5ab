//! `ADD`, `SUB` and `MUL` of real numbers: of two tensors, or of a tensor and a constant, which is
//! a scale or an offset of each channel.

use gannet_graph::{Add, Layer, Multiply, Rescaling, Subtract};

use super::{activations, reshape};
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        ActivationFunctionType, AddOptions, AddOptionsArgs, BuiltinOperator, BuiltinOptions,
        MulOptions, MulOptionsArgs, SubOptions, SubOptionsArgs, TensorType,
    },
    write::{Formless, Site},
    writer::{Elements, Options},
};

/// What is done with two numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
}

impl Operation {
    fn layer(self) -> Layer {
        match self {
            Operation::Add => Add.into(),
            Operation::Subtract => Subtract.into(),
            Operation::Multiply => Multiply.into(),
        }
    }

    /// Scale and offset that a constant as the first or the second operand is.
    fn scale_and_offset(self, is_first: bool, constant: Vec<f32>) -> [Vec<f32>; 2] {
        let negated = |numbers: &[f32]| numbers.iter().map(|number| -number).collect();
        match (self, is_first) {
            (Operation::Add, _) => [vec![1.0], constant],
            (Operation::Subtract, true) => [vec![-1.0], constant],
            (Operation::Subtract, false) => [vec![1.0], negated(&constant)],
            (Operation::Multiply, _) => [constant, vec![0.0]],
        }
    }
}

/// Reads an operator into which `activation` is fused.
pub(super) fn float(
    call: &Call<'_>,
    operation: Operation,
    activation: ActivationFunctionType,
) -> Result<Step<Layer>, Trouble> {
    let constant = [0, 1].into_iter().find(|&place| call.is_constant(place));
    let mut step = match constant {
        None => Step::new(operation.layer(), [call.operand(0)?, call.operand(1)?]),
        Some(place) => {
            let operand = call.operand(1 - place)?;
            let numbers = of_channels(call, place, operand)?;
            let [scale, offset] = operation.scale_and_offset(place == 0, numbers);
            Step::new(Rescaling::new(scale, offset)?, [operand])
        }
    };
    let function = call.function(activation);
    step.layers.extend(activations::layer(function));
    Ok(step)
}

/// The constant at `place`: one number, or one for each channel of `operand`.
fn of_channels(call: &Call<'_>, place: usize, operand: usize) -> Result<Vec<f32>, Trouble> {
    let (extents, numbers) = call.floats(place)?;
    let channels = call.shape(operand)?.channels();
    let along_channels = numbers.len() == channels && extents.last() == Some(&channels);
    if numbers.len() == 1 || along_channels {
        return Ok(numbers);
    }
    Err(call.refuse(
        &format!("input {place}"),
        format!("a constant of {extents:?}"),
        "a constant of one number, or of one for each channel",
    ))
}

/// Writes an operator of two operands; of more, as several, one behind the other.
pub(super) fn write_chain(
    site: &mut Site<'_, '_>,
    code: (BuiltinOperator, i32),
    options: impl Fn(&mut Site<'_, '_>) -> Option<Options>,
) -> Result<(), Formless> {
    let mut joined = site.inputs[0];
    for place in 1..site.inputs.len() {
        let output = if place + 1 == site.inputs.len() {
            site.output
        } else {
            part(site, &format!("part_{place}"))
        };
        let options = options(site);
        let inputs = [joined, site.inputs[place]];
        site.writer.operator(code, &inputs, output, options);
        joined = output;
    }
    Ok(())
}

/// A tensor of the output's shape that belongs to the layer.
fn part(site: &mut Site<'_, '_>, name: &str) -> i32 {
    let name = site.part(name);
    let elements = Elements::plain(TensorType::FLOAT32);
    site.writer.activation(&name, site.output_shape, &elements)
}

/// Writes `ADD`, `SUB` or `MUL` of real numbers.
pub(super) fn write(operation: Operation, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    write_chain(site, (code(operation), 1), |site| {
        Some(options(operation, site, ActivationFunctionType::NONE))
    })
}

/// Writes a scale as a product and an offset as a sum, unless they change nothing.
pub(super) fn write_rescaling(layer: &Rescaling, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let scale = (Operation::Multiply, "scale", layer.scale(), 1.0);
    let offset = (Operation::Add, "offset", layer.offset(), 0.0);
    let mut parts = vec![scale, offset];
    parts.retain(|(_, _, numbers, neutral)| numbers.iter().any(|number| number != neutral));
    let Some(last) = parts.len().checked_sub(1) else {
        return reshape::write(site);
    };
    let mut value = site.inputs[0];
    for (place, (operation, name, numbers, _)) in parts.into_iter().enumerate() {
        let output = if place == last {
            site.output
        } else {
            part(site, "scaled")
        };
        let name = site.part(name);
        let constant = site.writer.floats(&name, &[numbers.len()], numbers);
        let options = options(operation, site, ActivationFunctionType::NONE);
        let inputs = [value, constant];
        let code = (code(operation), 1);
        site.writer.operator(code, &inputs, output, Some(options));
        value = output;
    }
    Ok(())
}

fn code(operation: Operation) -> BuiltinOperator {
    match operation {
        Operation::Add => BuiltinOperator::ADD,
        Operation::Subtract => BuiltinOperator::SUB,
        Operation::Multiply => BuiltinOperator::MUL,
    }
}

/// The options of an operator into which `activation` is fused.
pub(super) fn options(
    operation: Operation,
    site: &mut Site<'_, '_>,
    fused_activation_function: ActivationFunctionType,
) -> Options {
    let builder = &mut site.writer.builder;
    match operation {
        Operation::Add => {
            let arguments = AddOptionsArgs {
                fused_activation_function,
                pot_scale_int16: false,
            };
            let options = AddOptions::create(builder, &arguments);
            (BuiltinOptions::AddOptions, options.as_union_value())
        }
        Operation::Subtract => {
            let arguments = SubOptionsArgs {
                fused_activation_function,
                pot_scale_int16: false,
            };
            let options = SubOptions::create(builder, &arguments);
            (BuiltinOptions::SubOptions, options.as_union_value())
        }
        Operation::Multiply => {
            let arguments = MulOptionsArgs {
                fused_activation_function,
            };
            let options = MulOptions::create(builder, &arguments);
            (BuiltinOptions::MulOptions, options.as_union_value())
        }
    }
}
