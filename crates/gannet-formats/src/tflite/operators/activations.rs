//! Activation functions: fused into another operator, and operators of their own.

use gannet_graph::{
    Activation, Function, Layer,
    quantized::{self, Clamp},
};

use super::softmax;
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator as Code, BuiltinOptions, LeakyReluOptions,
        LeakyReluOptionsArgs, TensorType,
    },
    write::{Formless, Site},
    writer::Elements,
};

/// The functions that are operators of their own and have no options.
const FUNCTIONS: &[(Code, Function)] = &[
    (Code::RELU, Function::Relu),
    (Code::RELU6, Function::Relu6),
    (Code::LOGISTIC, Function::Sigmoid),
    (Code::TANH, Function::Tanh),
    (Code::HARD_SWISH, Function::HardSwish),
];

/// A layer of `function`, unless it does nothing.
pub(super) fn layer(function: Function) -> Option<Layer> {
    (function != Function::Linear).then(|| Activation::new(function).into())
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let known = FUNCTIONS.iter().find(|(code, _)| *code == call.node.code);
    let function = match known {
        Some(&(_, function)) => function,
        None => Function::LeakyRelu {
            slope: slope(call)?,
        },
    };
    Ok(Step::new(Activation::new(function), [call.operand(0)?]))
}

fn slope(call: &Call<'_>) -> Result<f32, Trouble> {
    let options = call.options(call.node.table.builtin_options_as_leaky_relu_options())?;
    Ok(options.alpha())
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let output = call.quantization(call.output())?;
    let clamped = |clamp| quantized::Relu { output, clamp }.into();
    let layer: quantized::Layer = match call.node.code {
        Code::RELU => clamped(Clamp::Relu),
        Code::RELU6 => clamped(Clamp::Relu6),
        Code::LOGISTIC => quantized::Sigmoid.into(),
        Code::TANH => quantized::Tanh.into(),
        Code::HARD_SWISH => quantized::HardSwish { output }.into(),
        _ => quantized::LeakyRelu {
            output,
            slope: slope(call)?,
        }
        .into(),
    };
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// TFLite's name of fused limits.
pub(super) fn fused(clamp: Clamp) -> ActivationFunctionType {
    match clamp {
        Clamp::None => ActivationFunctionType::NONE,
        Clamp::Relu => ActivationFunctionType::RELU,
        Clamp::ReluN1To1 => ActivationFunctionType::RELU_N1_TO_1,
        Clamp::Relu6 => ActivationFunctionType::RELU6,
    }
}

/// Writes an operator that `function` follows: fused into it, or as an operator behind it.
/// `write` is given the fused function and the place of its output.
pub(super) fn behind(
    function: Function,
    site: &mut Site<'_, '_>,
    write: impl FnOnce(&mut Site<'_, '_>, ActivationFunctionType, i32) -> Result<(), Formless>,
) -> Result<(), Formless> {
    let fused = match function {
        Function::Linear => ActivationFunctionType::NONE,
        Function::Relu => ActivationFunctionType::RELU,
        Function::Relu6 => ActivationFunctionType::RELU6,
        _ => {
            let name = site.part("sums");
            let elements = Elements::plain(TensorType::FLOAT32);
            let sums = site.writer.activation(&name, site.output_shape, &elements);
            write(site, ActivationFunctionType::NONE, sums)?;
            site.inputs = vec![sums];
            return write_float(function, site);
        }
    };
    let output = site.output;
    write(site, fused, output)
}

/// Writes a function of real numbers.
pub(super) fn write_float(function: Function, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    match function {
        Function::Softmax => softmax::write(1.0, site, 1),
        Function::LeakyRelu { slope } => write_leaky_relu(slope, site, 1),
        // Nothing: the same values under another name.
        Function::Linear => super::reshape::write(site),
        _ => match FUNCTIONS.iter().find(|(_, known)| *known == function) {
            Some(&(code, _)) => write(site, code, 1),
            None => Err(Formless {
                attribute: "activation",
                value: function.to_string(),
                supported: "linear, relu, relu6, leaky_relu, sigmoid, tanh, hard_silu, softmax",
            }),
        },
    }
}

/// Writes a function without options.
pub(super) fn write(site: &mut Site<'_, '_>, code: Code, version: i32) -> Result<(), Formless> {
    let input = site.inputs[0];
    site.writer
        .operator((code, version), &[input], site.output, None);
    Ok(())
}

pub(super) fn write_leaky_relu(
    alpha: f32,
    site: &mut Site<'_, '_>,
    version: i32,
) -> Result<(), Formless> {
    let options =
        LeakyReluOptions::create(&mut site.writer.builder, &LeakyReluOptionsArgs { alpha });
    let options = (BuiltinOptions::LeakyReluOptions, options.as_union_value());
    let input = site.inputs[0];
    let code = (Code::LEAKY_RELU, version);
    site.writer
        .operator(code, &[input], site.output, Some(options));
    Ok(())
}

/// Writes limits that are a layer of their own.
pub(super) fn write_relu(clamp: Clamp, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let code = match clamp {
        Clamp::Relu => (Code::RELU, 2),
        Clamp::ReluN1To1 => (Code::RELU_N1_TO_1, 1),
        Clamp::Relu6 => (Code::RELU6, 2),
        Clamp::None => (Code::QUANTIZE, 2),
    };
    write(site, code.0, code.1)
}
