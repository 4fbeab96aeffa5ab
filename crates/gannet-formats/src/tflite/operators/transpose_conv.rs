//! `TRANSPOSE_CONV` of real numbers: kernels are `[filters, height, width, channels]`.

use gannet_graph::{Conv2DTranspose, Layer, LayerKind, Tensor};

use super::{
    activations,
    conv_2d::{float_bias, kernel_shape, padding, write_float_bias},
};
use crate::tflite::{
    call::{Call, Step, Trouble},
    order::permuted,
    schema::tflite::{
        BuiltinOperator, BuiltinOptions, TransposeConvOptions, TransposeConvOptionsArgs,
    },
    write::{Formless, Site},
};

/// `[filters, height, width, channels]` to `[height, width, filters, channels]`.
const FILTERS_THIRD: [usize; 4] = [1, 2, 0, 3];
/// The way back.
const FILTERS_FIRST: [usize; 4] = [2, 0, 1, 3];

/// Inputs are the output's shape, the kernel, the image and, from version 3 on, a bias.
pub(super) fn float(call: &Call<'_>) -> Result<Step<Layer>, Trouble> {
    let (shape, kernel) = call.floats(1)?;
    let shape = kernel_shape(call, &shape)?;
    let options = call.options(call.node.table.builtin_options_as_transpose_conv_options())?;
    let window = call.window(
        [shape[1], shape[2]],
        [options.stride_h(), options.stride_w()],
        [1, 1],
        options.padding(),
    )?;
    let (shape, kernel) = permuted(shape, &kernel, FILTERS_THIRD);
    let layer = Conv2DTranspose::new(window, Tensor::new(shape, kernel)?, float_bias(call, 3)?)?;
    let layer = layer.with_activation(call.function(options.fused_activation_function()));
    let operand = call.operand(2)?;
    let (input, output) = (call.shape(operand)?, call.shape(call.output())?);
    let own = layer.output_shape("", &[&input]);
    if own.as_ref() != Ok(&output) {
        let supported = own.map_or_else(|error| error.to_string(), |own| own.to_string());
        call.note("output_shape", output, &supported);
    }
    Ok(Step::new(layer, [operand]))
}

/// Writes the operator.
pub(super) fn write(layer: &Conv2DTranspose, site: &mut Site<'_, '_>) -> Result<(), Formless> {
    let window = layer.window();
    if window.dilation() != [1, 1] {
        return Err(Formless {
            attribute: "dilation_rate",
            value: format!("{:?}", window.dilation()),
            supported: "1",
        });
    }
    let padding = padding(window)?;
    let mut extents = vec![1];
    extents.extend(site.output_shape.dims().iter().map(|&dim| dim as i32));
    let name = site.part("output_shape");
    let extents = site.writer.integers(&name, &[extents.len()], &extents);
    let shape = <[usize; 4]>::try_from(layer.kernel().shape().dims()).expect("a kernel");
    let (shape, kernel) = permuted(shape, layer.kernel().data(), FILTERS_FIRST);
    let name = site.part("kernel");
    let kernel = site.writer.floats(&name, &shape, &kernel);
    let bias = write_float_bias(site, layer.bias(), layer.filters());
    activations::behind(layer.activation, site, |site, activation, output| {
        let [stride_h, stride_w] = window.stride().map(|step| step as i32);
        let options = TransposeConvOptions::create(
            &mut site.writer.builder,
            &TransposeConvOptionsArgs {
                padding,
                stride_w,
                stride_h,
                fused_activation_function: activation,
            },
        );
        let options = (
            BuiltinOptions::TransposeConvOptions,
            options.as_union_value(),
        );
        let inputs = [extents, kernel, site.inputs[0], bias];
        // From version 4 on a function may be fused.
        let code = (BuiltinOperator::TRANSPOSE_CONV, 4);
        site.writer.operator(code, &inputs, output, Some(options));
        Ok(())
    })
}
