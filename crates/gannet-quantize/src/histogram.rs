//! How often which values occur, and the ranges that follow from it.

use gannet_graph::GraphError;

use crate::range::Range;

/// Enough that a bin is far narrower than a step of 8 bits, even of half the range.
const BINS: usize = 2048;

/// How many narrower ranges are tried at each end, down to none of it.
const TRIALS: usize = 128;

/// Counts of values within a known range.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    range: Range,
    counts: Vec<u64>,
}

impl Histogram {
    /// An empty histogram for values of `range`.
    pub fn new(range: Range) -> Self {
        Histogram {
            range,
            counts: vec![0; BINS],
        }
    }

    /// Counts `values`.
    pub fn add(&mut self, values: &[f32]) {
        let per_bin = BINS as f32 / self.range.width();
        for value in values {
            // A range of nothing makes this not a number, which is bin 0.
            let bin = ((value - self.range.low) * per_bin) as usize;
            self.counts[bin.min(BINS - 1)] += 1;
        }
    }

    /// The range without the rarest values: `tail` of all at either end.
    pub fn without_tails(&self, tail: f64) -> Range {
        let allowed = tail * self.counts.iter().sum::<u64>() as f64;
        // How many bins from one end together hold no more than that.
        let cut = |counts: &mut dyn Iterator<Item = &u64>| {
            let mut seen = 0;
            counts
                .take_while(|&&count| {
                    seen += count;
                    seen as f64 <= allowed
                })
                .count()
        };
        let below = cut(&mut self.counts.iter());
        let above = cut(&mut self.counts.iter().rev());
        Range {
            low: self.edge(below).min(0.0),
            high: self.edge(BINS - above).max(0.0),
        }
    }

    /// The range whose 256 steps, with all beyond its ends moved to them, are nearest to the
    /// values: of the smallest mean squared error. One end is drawn in and then the other.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the values are not finite.
    pub fn least_squares(&self) -> Result<Range, GraphError> {
        let shares = || (1..=TRIALS).map(|trial| trial as f32 / TRIALS as f32);
        let mut best = (self.squared_error(self.range)?, self.range);
        let from = best.1;
        for share in shares() {
            let high = from.high * share;
            self.keep_better(&mut best, Range { high, ..from })?;
        }
        let from = best.1;
        for share in shares() {
            let low = from.low * share;
            self.keep_better(&mut best, Range { low, ..from })?;
        }
        Ok(best.1)
    }

    fn keep_better(&self, best: &mut (f64, Range), range: Range) -> Result<(), GraphError> {
        let error = self.squared_error(range)?;
        if error < best.0 {
            *best = (error, range);
        }
        Ok(())
    }

    fn squared_error(&self, range: Range) -> Result<f64, GraphError> {
        let quantization = range.quantization()?;
        let error = |(bin, &count): (usize, &u64)| {
            let value = (self.edge(bin) + self.edge(bin + 1)) / 2.0;
            let step = value - quantization.dequantize(quantization.quantize(value));
            count as f64 * f64::from(step).powi(2)
        };
        Ok(self.counts.iter().enumerate().map(error).sum())
    }

    /// The lower edge of a bin.
    fn edge(&self, bin: usize) -> f32 {
        self.range.low + self.range.width() * bin as f32 / BINS as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f32]) -> Histogram {
        let range = values.iter().fold(Range::ZERO, |range, &x| range.with(x));
        let mut histogram = Histogram::new(range);
        histogram.add(values);
        histogram
    }

    /// 9,999 values spread over 0 to 1, and one of 100.
    fn with_an_outlier() -> Vec<f32> {
        let spread = (0..9_999).map(|i| i as f32 / 9_999.0);
        spread.chain([100.0]).collect()
    }

    #[test]
    fn tails_are_cut_off() {
        let histogram = of(&with_an_outlier());
        assert_eq!(histogram.without_tails(0.0).high, 100.0);
        let cut = histogram.without_tails(1e-4);
        assert!((cut.high - 1.0).abs() < 0.05, "{cut:?}");
    }

    /// Steps of 100/255 would cost 9,999 · (100/255)²/12 = 128; cutting the one value at `h`
    /// costs (100 − h)² + 9,999 · (h/255)²/12, which is least near 98.8.
    #[test]
    fn least_squares_weighs_one_value_against_many() {
        let range = of(&with_an_outlier()).least_squares().unwrap();
        assert!((95.0..=100.0).contains(&range.high), "{range:?}");
        // A hundred times as many small values, and the same outlier: 85 is better than 99.
        let mut histogram = of(&with_an_outlier());
        (0..99).for_each(|_| histogram.add(&with_an_outlier()[..9_999]));
        let narrower = histogram.least_squares().unwrap();
        assert!(narrower.high < range.high, "{narrower:?}");
    }

    #[test]
    fn zeros_have_a_range_of_zero() {
        let histogram = of(&[0.0; 4]);
        assert_eq!(histogram.without_tails(1e-4), Range::ZERO);
        assert_eq!(histogram.least_squares().unwrap(), Range::ZERO);
    }
}
