//! `QUANTIZE` between integers of two quantizations.

use gannet_graph::quantized;

use crate::tflite::call::{Call, Step, Trouble};

pub(super) fn quantized(call: &Call<'_>) -> Result<Step<quantized::Layer>, Trouble> {
    let output = call.quantization(call.output())?;
    let layer = quantized::Requantize { output };
    Ok(Step::new(layer, [call.operand(0)?]))
}
