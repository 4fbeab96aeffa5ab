//! `CONV_2D`: kernels are `[filters, height, width, channels]`.

use gannet_graph::{Conv2D, Layer, Padding, Tensor, Window, quantized};

use super::{
    activations,
    fully_connected::{kernel_elements, write_bias},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    order::{FILTERS_FIRST, FILTERS_LAST, permuted},
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator, BuiltinOptions, Conv2DOptions, Conv2DOptionsArgs,
        Padding as PaddingOption,
    },
    write::{Formless, Site},
    writer::Options,
};

/// The four extents of a kernel.
pub(super) fn kernel_shape(call: &Call<'_>, shape: &[usize]) -> Result<[usize; 4], Trouble> {
    <[usize; 4]>::try_from(shape).map_err(|_| {
        call.refuse(
            "the shape of the kernel",
            format!("{shape:?}"),
            "four extents",
        )
    })
}

fn window(
    call: &Call<'_>,
    [_, height, width, _]: [usize; 4],
) -> Result<(Window, ActivationFunctionType), Trouble> {
    let options = call.options(call.node.table.builtin_options_as_conv_2_doptions())?;
    let window = call.window(
        [height, width],
        [options.stride_h(), options.stride_w()],
        [options.dilation_h_factor(), options.dilation_w_factor()],
        options.padding(),
    )?;
    Ok((window, options.fused_activation_function()))
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (shape, kernel) = call.floats(1)?;
    let shape = kernel_shape(call, &shape)?;
    let (window, activation) = window(call, shape)?;
    let (shape, kernel) = permuted(shape, &kernel, FILTERS_LAST);
    let bias = float_bias(call, 2)?;
    let layer = Conv2D::new(window, Tensor::new(shape, kernel)?, bias)?;
    let layer = layer.with_groups(groups(call, shape)?)?;
    let layer = layer.with_activation(call.function(activation));
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// In how many groups the channels of the operand are: a kernel `[height, width, channels,
/// filters]` of fewer channels tells of them.
fn groups(call: &Call<'_>, [_, _, channels, _]: [usize; 4]) -> Result<usize, Trouble> {
    let all = call.shape(call.operand(0)?)?.channels();
    Ok((all / channels.max(1)).max(1))
}

/// The bias of input `i`, if there is one.
pub(super) fn float_bias(call: &Call<'_>, i: usize) -> Result<Option<Tensor>, Trouble> {
    if !call.has_input(i) {
        return Ok(None);
    }
    let (_, bias) = call.floats(i)?;
    Ok(Some(Tensor::new([bias.len()], bias)?))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let weights = call.weights(1, 0)?;
    let shape = kernel_shape(call, &weights.shape)?;
    let (window, activation) = window(call, shape)?;
    let (shape, values) = permuted(shape, &weights.values, FILTERS_LAST);
    let products = quantized::Products::new(
        weights.kernel(shape, values)?,
        call.bias(2)?,
        call.quantization(call.output())?,
        call.clamp(activation),
    );
    let layer = quantized::Conv2D::new(window, products)?;
    let layer = layer.with_groups(groups(call, shape)?)?;
    Ok(Step::new(layer, [call.operand(0)?]))
}

/// TFLite's form of a window's border rule.
pub(super) fn padding(window: Window) -> Result<PaddingOption, Formless> {
    match window.padding() {
        Padding::Same => Ok(PaddingOption::SAME),
        Padding::Valid => Ok(PaddingOption::VALID),
        explicit @ Padding::Explicit { .. } => Err(Formless {
            attribute: "padding",
            value: explicit.to_string(),
            supported: "same, valid; or a ZeroPadding2D before the layer",
        }),
    }
}

fn options(
    site: &mut Site<'_, '_>,
    window: Window,
    activation: ActivationFunctionType,
) -> Result<Options, Formless> {
    let padding = padding(window)?;
    let [stride_h, stride_w] = window.stride().map(|step| step as i32);
    let [dilation_h_factor, dilation_w_factor] = window.dilation().map(|step| step as i32);
    let options = Conv2DOptions::create(
        &mut site.writer.builder,
        &Conv2DOptionsArgs {
            padding,
            stride_w,
            stride_h,
            fused_activation_function: activation,
            dilation_w_factor,
            dilation_h_factor,
        },
    );
    Ok((BuiltinOptions::Conv2DOptions, options.as_union_value()))
}

pub(super) fn write_float(conv: &Conv2D, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let shape = <[usize; 4]>::try_from(conv.kernel().shape().dims()).expect("a kernel");
    let (shape, kernel) = permuted(shape, conv.kernel().data(), FILTERS_FIRST);
    let name = site.part("kernel");
    let kernel = site.writer.floats(&name, &shape, &kernel);
    let bias = write_float_bias(site, conv.bias(), conv.filters());
    activations::behind(conv.activation, site, |site, activation, output| {
        let options = options(site, conv.window(), activation)?;
        let inputs = [site.inputs[0], kernel, bias];
        let code = (BuiltinOperator::CONV_2D, 1);
        site.writer.operator(code, &inputs, output, Some(options));
        Ok(())
    })
}

/// A bias, of zeros if the layer has none: older kernels want one.
pub(super) fn write_float_bias(
    site: &mut Site<'_, '_>,
    bias: Option<&Tensor>,
    channels: usize,
) -> i32 {
    let zeros = vec![0.0; channels];
    let bias = bias.map_or(zeros.as_slice(), Tensor::data);
    let name = site.part("bias");
    site.writer.floats(&name, &[channels], bias)
}

pub(super) fn write_quantized(
    conv: &quantized::Conv2D,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let kernel = conv.products().kernel();
    let shape = <[usize; 4]>::try_from(kernel.shape().dims()).expect("a kernel");
    let (shape, values) = permuted(shape, kernel.values(), FILTERS_FIRST);
    let name = site.part("kernel");
    let elements = kernel_elements(kernel, 0);
    let bytes = kernel.bits().pack(&values);
    let weights = site.writer.constant(&name, &shape, &elements, &bytes);
    let bias = write_bias(site, conv.products());
    let options = options(
        site,
        conv.window(),
        activations::fused(conv.products().clamp()),
    )?;
    let inputs = [site.inputs[0], weights, bias];
    let code = (BuiltinOperator::CONV_2D, 3);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
