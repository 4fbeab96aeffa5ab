//! `FULLY_CONNECTED`: kernels are `[units, features]`. An image is taken as a vector.

use gannet_graph::{
    Dense, Flatten, Layer, Tensor,
    quantized::{self, Bias, Kernel, Products, WeightBits},
};

use super::{
    activations,
    conv_2d::{float_bias, write_float_bias},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    order::permuted,
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator, BuiltinOptions, FullyConnectedOptions,
        FullyConnectedOptionsArgs, TensorType,
    },
    write::{Formless, Site},
    writer::{Elements, Options},
};

/// The extents of the kernel, and the fused function.
fn geometry(
    call: &Call<'_>,
    shape: &[usize],
) -> Result<([usize; 2], ActivationFunctionType), Trouble> {
    let options = call.options(call.node.table.builtin_options_as_fully_connected_options())?;
    if options.weights_format() != 0 {
        call.note("weights_format", options.weights_format(), "DEFAULT");
    }
    let output = call.shape(call.output())?;
    if output.as_vector().is_none() {
        call.note("the shape of the output", &output, "a vector [units]");
    }
    let shape = <[usize; 2]>::try_from(shape).map_err(|_| {
        call.refuse(
            "the shape of the kernel",
            format!("{shape:?}"),
            "[units, features]",
        )
    })?;
    Ok((shape, options.fused_activation_function()))
}

/// Whether the operand is no vector yet.
fn is_flattened(call: &Call<'_>) -> Result<bool, Trouble> {
    Ok(call.shape(call.operand(0)?)?.as_vector().is_none())
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (shape, kernel) = call.floats(1)?;
    let (shape, activation) = geometry(call, &shape)?;
    let (shape, kernel) = permuted(shape, &kernel, [1, 0]);
    let layer = Dense::new(Tensor::new(shape, kernel)?, float_bias(call, 2)?)?;
    let layer = layer.with_activation(call.function(activation));
    let mut step = Step::new(layer, [call.operand(0)?]);
    if is_flattened(call)? {
        step.layers.insert(0, Flatten.into());
    }
    Ok(step)
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let weights = call.weights(1, 0)?;
    let (shape, activation) = geometry(call, &weights.shape)?;
    let (shape, values) = permuted(shape, &weights.values, [1, 0]);
    let products = Products::new(
        weights.kernel(shape, values)?,
        call.bias(2)?,
        call.quantization(call.output())?,
        call.clamp(activation),
    );
    let mut step = Step::new(quantized::Dense::new(products)?, [call.operand(0)?]);
    if is_flattened(call)? {
        step.layers
            .insert(0, quantized::Reshape::new([shape[0]]).into());
    }
    Ok(step)
}

fn options(site: &mut Site<'_, '_>, activation: ActivationFunctionType) -> Options {
    let options = FullyConnectedOptions::create(
        &mut site.writer.builder,
        &FullyConnectedOptionsArgs {
            fused_activation_function: activation,
            ..FullyConnectedOptionsArgs::default()
        },
    );
    (
        BuiltinOptions::FullyConnectedOptions,
        options.as_union_value(),
    )
}

pub(super) fn write_float(dense: &Dense, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let shape = [dense.features(), dense.units()];
    let (shape, kernel) = permuted(shape, dense.kernel().data(), [1, 0]);
    let name = site.part("kernel");
    let kernel = site.writer.floats(&name, &shape, &kernel);
    let bias = write_float_bias(site, dense.bias(), dense.units());
    activations::behind(dense.activation, site, |site, activation, output| {
        let options = options(site, activation);
        let inputs = [site.inputs[0], kernel, bias];
        let code = (BuiltinOperator::FULLY_CONNECTED, 1);
        site.writer.operator(code, &inputs, output, Some(options));
        Ok(())
    })
}

pub(super) fn write_quantized(
    dense: &quantized::Dense,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let kernel = dense.products().kernel();
    let shape = [dense.features(), dense.units()];
    let (shape, values) = permuted(shape, kernel.values(), [1, 0]);
    let name = site.part("kernel");
    let elements = kernel_elements(kernel, 0);
    let bytes = kernel.bits().pack(&values);
    let weights = site.writer.constant(&name, &shape, &elements, &bytes);
    let bias = write_bias(site, dense.products());
    let options = options(site, activations::fused(dense.products().clamp()));
    let inputs = [site.inputs[0], weights, bias];
    let code = (BuiltinOperator::FULLY_CONNECTED, 4);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}

/// The type of a kernel whose output channels are extent `axis`.
pub(super) fn kernel_elements(kernel: &Kernel, axis: usize) -> Elements {
    Elements {
        element: match kernel.bits() {
            WeightBits::Two => TensorType::INT2,
            WeightBits::Four => TensorType::INT4,
            WeightBits::Eight => TensorType::INT8,
        },
        scales: kernel.scales().to_vec(),
        zero_point: 0,
        axis: if kernel.scales().len() > 1 { axis } else { 0 },
    }
}

/// The bias, or −1 if there is none. Its scales are those of the products.
pub(super) fn write_bias(site: &mut Site<'_, '_>, products: &Products) -> i32 {
    let Some(bias) = products.bias() else {
        return -1;
    };
    let input = site.input_scale;
    let scales = products.kernel().scales().iter();
    let (element, bytes): (_, Vec<u8>) = match bias {
        Bias::I32(values) => (
            TensorType::INT32,
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        ),
        Bias::I64(values) => (
            TensorType::INT64,
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        ),
    };
    let elements = Elements {
        element,
        scales: scales.map(|&kernel| input * kernel).collect(),
        zero_point: 0,
        axis: 0,
    };
    let name = site.part("bias");
    site.writer
        .constant(&name, &[bias.len()], &elements, &bytes)
}
