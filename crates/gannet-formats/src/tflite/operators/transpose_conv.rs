//! `TRANSPOSE_CONV`: kernels are `[filters, height, width, channels]`.

use gannet_graph::{Conv2DTranspose, Layer, LayerKind, Tensor, Window, quantized};

use super::{
    activations,
    conv_2d::{float_bias, kernel_shape, padding, write_float_bias},
    fully_connected::{kernel_elements, write_bias},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    order::{FILTERS_FIRST as FILTERS_FROM_LAST, FILTERS_LAST, permuted},
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator, BuiltinOptions, TransposeConvOptions,
        TransposeConvOptionsArgs,
    },
    write::{Formless, Site},
    writer::Options,
};

/// `[filters, height, width, channels]` to `[height, width, filters, channels]`.
const FILTERS_THIRD: [usize; 4] = [1, 2, 0, 3];
/// The way back.
const FILTERS_FROM_THIRD: [usize; 4] = [2, 0, 1, 3];

fn window(
    call: &Call<'_>,
    [_, height, width, _]: [usize; 4],
) -> Result<(Window, ActivationFunctionType), Trouble> {
    let options = call.options(call.node.table.builtin_options_as_transpose_conv_options())?;
    let window = call.window(
        [height, width],
        [options.stride_h(), options.stride_w()],
        [1, 1],
        options.padding(),
    )?;
    Ok((window, options.fused_activation_function()))
}

/// Inputs are the output's shape, the kernel, the image and, from version 3 on, a bias.
pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (shape, kernel) = call.floats(1)?;
    let shape = kernel_shape(call, &shape)?;
    let (window, activation) = window(call, shape)?;
    let (shape, kernel) = permuted(shape, &kernel, FILTERS_THIRD);
    let layer = Conv2DTranspose::new(window, Tensor::new(shape, kernel)?, float_bias(call, 3)?)?;
    let layer = layer.with_activation(call.function(activation));
    let operand = call.operand(2)?;
    check_output(call, &layer, operand)?;
    Ok(Step::new(layer, [operand]))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let weights = call.weights(1, 0)?;
    let shape = kernel_shape(call, &weights.shape)?;
    let (window, activation) = window(call, shape)?;
    let (shape, values) = permuted(shape, &weights.values, FILTERS_LAST);
    let kernel = weights.kernel(shape, values)?;
    let (output, clamp) = (call.quantization(call.output())?, call.clamp(activation));
    let products = quantized::Products::new(kernel, call.bias(3)?, output, clamp);
    let operand = call.operand(2)?;
    let [_, _, channels, filters] = shape;
    check_output(
        call,
        &Conv2DTranspose::zeros(window, channels, filters),
        operand,
    )?;
    let layer = quantized::Conv2DTranspose::new(window, products)?;
    Ok(Step::new(layer, [operand]))
}

/// Notes an output of other extents than `layer` gives: TFLite lets the file choose.
fn check_output(call: &Call<'_>, layer: &Conv2DTranspose, operand: usize) -> Result<(), Trouble> {
    let (input, output) = (call.shape(operand)?, call.shape(call.output())?);
    let own = layer.output_shape("", &[&input]);
    if own.as_ref() != Ok(&output) {
        let supported = own.map_or_else(|error| error.reason(), |own| own.to_string());
        call.note("output_shape", output, &supported);
    }
    Ok(())
}

/// Writes the operator of real numbers.
pub(super) fn write_float(
    layer: &Conv2DTranspose,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let shape = <[usize; 4]>::try_from(layer.kernel().shape().dims()).expect("a kernel");
    let (shape, kernel) = permuted(shape, layer.kernel().data(), FILTERS_FROM_THIRD);
    let name = site.part("kernel");
    let kernel = site.writer.floats(&name, &shape, &kernel);
    let bias = write_float_bias(site, layer.bias(), layer.filters());
    activations::behind(layer.activation, site, |site, activation, output| {
        write(site, layer.window(), activation, [kernel, bias, output])
    })
}

/// Writes the operator of integers.
pub(super) fn write_quantized(
    layer: &quantized::Conv2DTranspose,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let kernel = layer.products().kernel();
    let shape = <[usize; 4]>::try_from(kernel.shape().dims()).expect("a kernel");
    let (shape, values) = permuted(shape, kernel.values(), FILTERS_FROM_LAST);
    let name = site.part("kernel");
    let bytes = kernel.bits().pack(&values);
    let elements = kernel_elements(kernel, 0);
    let weights = site.writer.constant(&name, &shape, &elements, &bytes);
    let bias = write_bias(site, layer.products());
    let activation = activations::fused(layer.products().clamp());
    let places = [weights, bias, site.output];
    write(site, layer.window(), activation, places)
}

fn write(
    site: &mut Site<'_, '_>,
    window: Window,
    activation: ActivationFunctionType,
    [kernel, bias, output]: [i32; 3],
) -> Result<(), Formless> {
    let mut extents = vec![1];
    extents.extend(site.output_shape.dims().iter().map(|&dim| dim as i32));
    let name = site.part("output_shape");
    let extents = site.writer.integers(&name, &[extents.len()], &extents);
    let options = options(site, window, activation)?;
    let inputs = [extents, kernel, site.inputs[0], bias];
    // From version 4 on a function may be fused.
    let code = (BuiltinOperator::TRANSPOSE_CONV, 4);
    site.writer.operator(code, &inputs, output, Some(options));
    Ok(())
}

fn options(
    site: &mut Site<'_, '_>,
    window: Window,
    fused_activation_function: ActivationFunctionType,
) -> Result<Options, Formless> {
    if window.dilation() != [1, 1] {
        return Err(Formless {
            attribute: "dilation_rate",
            value: format!("{:?}", window.dilation()),
            supported: "1",
        });
    }
    let padding = padding(window)?;
    let [stride_h, stride_w] = window.stride().map(|step| step as i32);
    let options = TransposeConvOptions::create(
        &mut site.writer.builder,
        &TransposeConvOptionsArgs {
            padding,
            stride_w,
            stride_h,
            fused_activation_function,
        },
    );
    Ok((
        BuiltinOptions::TransposeConvOptions,
        options.as_union_value(),
    ))
}
