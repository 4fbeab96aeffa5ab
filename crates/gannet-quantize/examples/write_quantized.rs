//! Writes quantized networks into the folder that the first argument names, each with inputs
//! and the reference's outputs in a `.json` beside it, so that LiteRT can be asked whether it
//! gives the same.

#[path = "../tests/every_layer/mod.rs"]
mod every_layer;

use std::{error::Error, fs, path::PathBuf};

use gannet_graph::Tensor;
use gannet_graph::quantized::{QuantizedTensor, WeightBits};
use gannet_quantize::{BiasCorrection, Calibration, Equalization, Method, quantize};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("name the folder to write into")?;
    fs::create_dir_all(&folder)?;
    let methods = [
        ("min-max", Method::default()),
        (
            "corrected",
            Method {
                calibration: Calibration::MeanSquaredError,
                equalization: Equalization::CrossLayer,
                bias_correction: BiasCorrection::Empirical,
                dense_bits: WeightBits::Eight,
                conv_bits: WeightBits::Eight,
            },
        ),
        (
            "int4",
            Method {
                dense_bits: WeightBits::Four,
                conv_bits: WeightBits::Eight,
                ..Method::default()
            },
        ),
    ];
    let graph = every_layer::network()?;
    let images = every_layer::pictures(30);
    for (name, method) in methods {
        let quantized = quantize(&graph, &images, &method)?.graph;
        let input = quantized.input_type();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for image in images.iter().take(5) {
            let real = Tensor::from_fn(input.shape.clone(), |i| {
                f32::from(image.pixels()[i]) / 255.0
            });
            let integers = QuantizedTensor::quantize(&real, input.quantization);
            outputs.push(quantized.run(&integers)?.data().to_vec());
            inputs.push(integers.data().to_vec());
        }
        let path = folder.join(format!("every-layer-{name}.tflite"));
        gannet_formats::write(&quantized, &path)?;
        let answer = json!({ "inputs": inputs, "outputs": outputs });
        fs::write(path.with_extension("json"), answer.to_string())?;
    }
    Ok(())
}
