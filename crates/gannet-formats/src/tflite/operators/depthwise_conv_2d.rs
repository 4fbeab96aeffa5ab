//! `DEPTHWISE_CONV_2D`: kernels are `[1, height, width, channels·multiplier]`, in the order in
//! which Gannet has them.

use gannet_graph::{DepthwiseConv2D, Layer, Tensor, Window, quantized};

use super::{
    activations,
    conv_2d::{float_bias, kernel_shape, padding, write_float_bias},
    fully_connected::{kernel_elements, write_bias},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    schema::tflite::{
        ActivationFunctionType, BuiltinOperator, BuiltinOptions, DepthwiseConv2DOptions,
        DepthwiseConv2DOptionsArgs,
    },
    write::{Formless, Site},
    writer::Options,
};

/// The extents of the kernel as Gannet has them, the window and the fused function. The number
/// of channels is the input's: the option of the multiplier may be wrong in old files.
fn geometry(
    call: &Call<'_>,
    shape: &[usize],
) -> Result<([usize; 4], Window, ActivationFunctionType), Trouble> {
    let [_, height, width, outputs] = kernel_shape(call, shape)?;
    let options = call.options(
        call.node
            .table
            .builtin_options_as_depthwise_conv_2_doptions(),
    )?;
    let window = call.window(
        [height, width],
        [options.stride_h(), options.stride_w()],
        [options.dilation_h_factor(), options.dilation_w_factor()],
        options.padding(),
    )?;
    let channels = call.shape(call.operand(0)?)?.channels();
    if outputs % channels != 0 {
        return Err(call.refuse(
            "the channels of the kernel",
            outputs,
            "a multiple of the input's channels",
        ));
    }
    let shape = [height, width, channels, outputs / channels];
    Ok((shape, window, options.fused_activation_function()))
}

pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (shape, kernel) = call.floats(1)?;
    let (shape, window, activation) = geometry(call, &shape)?;
    let layer = DepthwiseConv2D::new(window, Tensor::new(shape, kernel)?, float_bias(call, 2)?)?;
    let layer = layer.with_activation(call.function(activation));
    Ok(Step::new(layer, [call.operand(0)?]))
}

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let weights = call.weights(1, 3)?;
    let (shape, window, activation) = geometry(call, &weights.shape)?;
    let products = quantized::Products::new(
        weights.kernel(shape, weights.values.clone())?,
        call.bias(2)?,
        call.quantization(call.output())?,
        call.clamp(activation),
    );
    let layer = quantized::DepthwiseConv2D::new(window, products)?;
    Ok(Step::new(layer, [call.operand(0)?]))
}

fn options(
    site: &mut Site<'_, '_>,
    window: Window,
    multiplier: usize,
    activation: ActivationFunctionType,
) -> Result<Options, Formless> {
    let padding = padding(window)?;
    let [stride_h, stride_w] = window.stride().map(|step| step as i32);
    let [dilation_h_factor, dilation_w_factor] = window.dilation().map(|step| step as i32);
    let options = DepthwiseConv2DOptions::create(
        &mut site.writer.builder,
        &DepthwiseConv2DOptionsArgs {
            padding,
            stride_w,
            stride_h,
            depth_multiplier: multiplier as i32,
            fused_activation_function: activation,
            dilation_w_factor,
            dilation_h_factor,
        },
    );
    Ok((
        BuiltinOptions::DepthwiseConv2DOptions,
        options.as_union_value(),
    ))
}

pub(super) fn write_float(conv: &DepthwiseConv2D, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let [height, width] = conv.window().kernel();
    let shape = [1, height, width, conv.outputs()];
    let name = site.part("kernel");
    let kernel = site.writer.floats(&name, &shape, conv.kernel().data());
    let bias = write_float_bias(site, conv.bias(), conv.outputs());
    activations::behind(conv.activation, site, |site, activation, output| {
        let options = options(site, conv.window(), conv.multiplier(), activation)?;
        let inputs = [site.inputs[0], kernel, bias];
        let code = (BuiltinOperator::DEPTHWISE_CONV_2D, 1);
        site.writer.operator(code, &inputs, output, Some(options));
        Ok(())
    })
}

pub(super) fn write_quantized(
    conv: &quantized::DepthwiseConv2D,
    site: &mut Site<'_, '_>,
) -> Result<(), Formless> {
    let kernel = conv.products().kernel();
    let [height, width] = conv.window().kernel();
    let shape = [1, height, width, conv.outputs()];
    let name = site.part("kernel");
    let elements = kernel_elements(kernel, 3);
    let bytes = kernel.bits().pack(kernel.values());
    let weights = site.writer.constant(&name, &shape, &elements, &bytes);
    let bias = write_bias(site, conv.products());
    let activation = activations::fused(conv.products().clamp());
    let options = options(site, conv.window(), conv.multiplier(), activation)?;
    let inputs = [site.inputs[0], weights, bias];
    let code = (BuiltinOperator::DEPTHWISE_CONV_2D, 3);
    site.writer
        .operator(code, &inputs, site.output, Some(options));
    Ok(())
}
