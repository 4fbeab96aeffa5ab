//! `gannet quantize`: a trained network as one of integers, and what that costs.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gannet_data::{Dataset, Score, Split};
use gannet_graph::Graph;
use gannet_graph::quantized::WeightBits;
use gannet_quantize::{
    BiasCorrection, Calibration, Equalization, LayerNoise, Method, Quantized, quantize,
};
use serde::Serialize;

use crate::cmd::eval;
use crate::draw::number::count;
use crate::draw::table::{Column, pairs, table};
use crate::failure::Failure;
use crate::integers;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// A trained network as one of 8-bit integers, written as TFLite, and what that costs.
#[derive(Debug, Args)]
pub struct Quantize {
    /// A model file.
    model: String,
    /// `mnist`, or a folder with IDX files.
    #[arg(long, default_value = "mnist")]
    data: String,
    /// How the range of each activation follows from the values seen.
    #[arg(long, value_enum, default_value = "min-max")]
    calibration: CalibrationArg,
    /// How many training pictures to calibrate with, from the first on.
    #[arg(long, default_value = "256", value_name = "N")]
    images: NonZeroUsize,
    /// Bring the channels of neighbouring layers to equal weights first.
    #[arg(long)]
    equalize: bool,
    /// Let biases take back what rounding shifts.
    #[arg(long)]
    correct_bias: bool,
    /// Bits of the weights of dense layers.
    #[arg(long, value_enum, default_value = "8", value_name = "BITS")]
    dense_bits: BitsArg,
    /// Bits of the weights of convolutions, but for depthwise ones, whose weights are few.
    #[arg(long, value_enum, default_value = "8", value_name = "BITS")]
    conv_bits: BitsArg,
    /// How much of the accuracy may be lost, 0 to 1; where more is lost nothing is written.
    #[arg(long, value_name = "SHARE")]
    tolerance: Option<f64>,
    /// The file to write.
    #[arg(short, long, value_name = "FILE.tflite")]
    out: PathBuf,
    #[command(flatten)]
    json: JsonArg,
}

/// How a range follows from the values that were seen.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum CalibrationArg {
    /// From the smallest to the largest.
    MinMax,
    /// Without the rarest 0.01 %.
    Percentile,
    /// The range of the smallest mean squared error.
    Mse,
}

impl From<CalibrationArg> for Calibration {
    fn from(argument: CalibrationArg) -> Self {
        match argument {
            CalibrationArg::MinMax => Calibration::MinMax,
            CalibrationArg::Percentile => Calibration::Percentile,
            CalibrationArg::Mse => Calibration::MeanSquaredError,
        }
    }
}

/// How many bits a weight has.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum BitsArg {
    /// −1, 0 and 1, four to a byte.
    #[value(name = "2")]
    Two,
    /// −7 to 7, two to a byte.
    #[value(name = "4")]
    Four,
    /// −127 to 127.
    #[value(name = "8")]
    Eight,
}

impl From<BitsArg> for WeightBits {
    fn from(argument: BitsArg) -> Self {
        match argument {
            BitsArg::Two => WeightBits::Two,
            BitsArg::Four => WeightBits::Four,
            BitsArg::Eight => WeightBits::Eight,
        }
    }
}

/// The section `quantize` of the report.
#[derive(Debug, Serialize)]
struct Section<'a> {
    out: PathBuf,
    calibration_images: usize,
    float_weights_bytes: usize,
    weights_bytes: usize,
    images: usize,
    float_top1: f64,
    top1: f64,
    layers: &'a [LayerNoise],
}

pub fn run(args: &Quantize) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let graph = model::trained(&args.model)?;
    let dataset = Dataset::open(&args.data)?;
    let images = dataset.train().images().first(args.images.get());
    let quantized = quantize(&graph, &images, &args.method())?;
    show_layers(&quantized.layers, screen);

    let (float, integer) = scores(&graph, &quantized, dataset.test())?;
    let section = Section {
        out: args.out.clone(),
        calibration_images: images.len(),
        float_weights_bytes: 4 * graph.params(),
        weights_bytes: quantized.graph.weights_bytes(),
        images: float.images,
        float_top1: float.top1,
        top1: integer.top1,
        layers: &quantized.layers,
    };
    show_cost(&section, screen);
    args.json.write(&[("quantize", &section)])?;
    let lost = section.float_top1 - section.top1;
    if let Some(tolerance) = args.tolerance.filter(|&tolerance| lost > tolerance) {
        return Err(Failure::limit(format!(
            "{lost:.4} of the accuracy is lost, more than {tolerance}: nothing was written. Try \
             another --calibration, more --images or --correct-bias"
        )));
    }
    gannet_formats::write(&quantized.graph, &args.out)?;
    screen.note(format_args!("written to {}", args.out.display()));
    Ok(())
}

impl Quantize {
    fn method(&self) -> Method {
        Method {
            calibration: self.calibration.into(),
            equalization: if self.equalize {
                Equalization::CrossLayer
            } else {
                Equalization::None
            },
            bias_correction: if self.correct_bias {
                BiasCorrection::Empirical
            } else {
                BiasCorrection::None
            },
            dense_bits: self.dense_bits.into(),
            conv_bits: self.conv_bits.into(),
        }
    }
}

/// How the network does on `split` before and after.
fn scores(graph: &Graph, quantized: &Quantized, split: &Split) -> Result<(Score, Score), Failure> {
    let score = |outputs: Vec<Vec<f32>>| {
        let outputs = outputs.iter().map(Vec::as_slice);
        Score::of(
            split.class_count(),
            outputs.zip(split.labels().iter().copied()),
        )
    };
    let float = score(eval::outputs_on_host(graph, split, split.len())?)?;
    let integer = score(integers::outputs(&quantized.graph, split, split.len())?)?;
    Ok((float, integer))
}

fn show_layers(layers: &[LayerNoise], screen: Screen) {
    let mut table = table(&[
        Column::Text("layer"),
        Column::Number("scale"),
        Column::Number("zero"),
        Column::Number("weights, bytes"),
        Column::Number("signal to noise, dB"),
    ]);
    for layer in layers {
        table.add_row([
            format!("{} ({})", layer.name, layer.kind),
            format!("{:.6}", layer.scale),
            layer.zero_point.to_string(),
            count(layer.weights_bytes as u64),
            layer
                .signal_to_noise_db
                .map_or("exact".to_owned(), |db| format!("{db:.1}")),
        ]);
    }
    screen.line(table);
}

fn show_cost(section: &Section<'_>, screen: Screen) {
    let bytes = |bytes: usize| format!("{} bytes", count(bytes as u64));
    screen.line(pairs([
        (
            "weights, float".to_owned(),
            bytes(section.float_weights_bytes),
        ),
        (
            "weights, quantized".to_owned(),
            bytes(section.weights_bytes),
        ),
        (
            "top-1 accuracy, float".to_owned(),
            format!("{:.4}", section.float_top1),
        ),
        (
            "top-1 accuracy, quantized".to_owned(),
            format!("{:.4}", section.top1),
        ),
        ("test pictures".to_owned(), count(section.images as u64)),
    ]));
}
