//! Calibration: which numbers every activation takes, by running the network on pictures.

use gannet_graph::{Graph, Tensor};

use crate::QuantizeError;
use crate::histogram::Histogram;
use crate::pictures::Pictures;
use crate::range::Range;

/// How a range follows from the values that were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Calibration {
    /// From the smallest to the largest: nothing is cut off.
    #[default]
    MinMax,
    /// Without the rarest 0.01 %, half of them at either end: finer steps for the rest.
    Percentile,
    /// The range of the smallest mean squared error.
    MeanSquaredError,
}

/// The share of all values that [`Calibration::Percentile`] cuts off at either end.
const TAIL: f64 = 0.000_05;

/// The range of every node of `graph`, in order.
///
/// # Errors
/// [`QuantizeError::NotFinite`] if the network computes something that is no number.
pub(crate) fn calibrate(
    graph: &Graph,
    pictures: Pictures<'_>,
    calibration: Calibration,
) -> Result<Vec<Range>, QuantizeError> {
    let mut ranges = vec![Range::ZERO; graph.nodes().len()];
    for (picture, image) in pictures.iter().enumerate() {
        for (place, activation) in graph.run_all(&image)?.iter().enumerate() {
            all_finite(graph, place, activation, picture)?;
            let widened = activation
                .data()
                .iter()
                .fold(ranges[place], |r, &x| r.with(x));
            ranges[place] = widened;
        }
    }
    if calibration != Calibration::MinMax {
        ranges = from_histograms(graph, pictures, calibration, &ranges)?;
    }
    Ok(ranges)
}

fn from_histograms(
    graph: &Graph,
    pictures: Pictures<'_>,
    calibration: Calibration,
    widest: &[Range],
) -> Result<Vec<Range>, QuantizeError> {
    let mut histograms: Vec<Histogram> = widest.iter().copied().map(Histogram::new).collect();
    for image in pictures.iter() {
        for (histogram, activation) in histograms.iter_mut().zip(graph.run_all(&image)?) {
            histogram.add(activation.data());
        }
    }
    let range = |histogram: &Histogram| match calibration {
        Calibration::MeanSquaredError => histogram.least_squares(),
        Calibration::MinMax | Calibration::Percentile => Ok(histogram.without_tails(TAIL)),
    };
    Ok(histograms.iter().map(range).collect::<Result<_, _>>()?)
}

fn all_finite(
    graph: &Graph,
    place: usize,
    activation: &Tensor,
    picture: usize,
) -> Result<(), QuantizeError> {
    match activation.data().iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(&value) => Err(QuantizeError::NotFinite {
            layer: graph.nodes()[place].name().to_owned(),
            value,
            picture,
        }),
    }
}
