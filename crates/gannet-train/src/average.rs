//! A running average of the weights, smoother than the weights themselves. The statistics of
//! normalizations are averaged with them and alike, so that both tell of the same steps.

/// `average ← d · average + (1 − d) · weights` after each step `t` from 1, where `d` is
/// `decay`, but no more than `(1 + t) / (10 + t)`, so that the first weights are soon forgotten.
pub fn update(average: &mut [f32], weights: &[f32], decay: f32, step: u64) {
    let step = step as f64;
    let keep = f64::from(decay).min((1.0 + step) / (10.0 + step));
    let take = (1.0 - keep) as f32;
    for (average, &weight) in average.iter_mut().zip(weights) {
        *average += (weight - *average) * take;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Step 1 keeps 2/11 of 0 and takes 9/11 of 11; a late step keeps the decay.
    #[test]
    fn the_average_by_hand() {
        let mut average = [0.0];
        update(&mut average, &[11.0], 0.99, 1);
        assert!((average[0] - 9.0).abs() < 1e-6);
        update(&mut average, &[19.0], 0.9, 1_000_000);
        assert!((average[0] - 10.0).abs() < 1e-6);
    }
}
