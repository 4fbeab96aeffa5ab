//! Few values for many weights: k-means in one dimension.
//!
//! Han, Mao and Dally, "Deep Compression", 2016, section 3: the first values are spaced evenly
//! from the least weight to the greatest, so that the few large weights, which matter most, keep
//! values of their own. Then each value becomes the mean of the weights nearest to it, until none
//! changes its value. Nothing is drawn at random: the same weights give the same values.

/// Rounds after which values stay as they are.
const MOST_ROUNDS: usize = 300;

/// `weights`, each moved to one of at most `count` values. What has no more values than that is
/// not moved. All are finite.
pub(crate) fn clustered(weights: &[f32], count: usize) -> Vec<f32> {
    let mut ascending = weights.to_vec();
    ascending.sort_unstable_by(f32::total_cmp);
    let mut values = ascending.clone();
    values.dedup();
    if values.len() <= count {
        return weights.to_vec();
    }
    let [least, greatest] = [values[0], values[values.len() - 1]].map(f64::from);
    let step = (greatest - least) / (count - 1) as f64;
    let mut centres: Vec<f64> = (0..count).map(|i| least + step * i as f64).collect();
    let sums = running_sums(&ascending);
    let mut ends = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let before = std::mem::replace(&mut ends, ends_of(&ascending, &centres));
        if ends == before {
            break;
        }
        let mut begin = 0;
        for (centre, &end) in centres.iter_mut().zip(&ends) {
            // A value that no weight is nearest to stays.
            if end > begin {
                *centre = (sums[end] - sums[begin]) / (end - begin) as f64;
            }
            begin = end;
        }
    }
    let limits = limits_of(&centres);
    let nearest = |weight: &f32| {
        let place = limits.partition_point(|&limit| limit < f64::from(*weight));
        centres[place] as f32
    };
    weights.iter().map(nearest).collect()
}

/// The sum of the first weights, for each number of them.
fn running_sums(weights: &[f32]) -> Vec<f64> {
    let mut sum = 0.0;
    let each = weights.iter().map(|&weight| {
        sum += f64::from(weight);
        sum
    });
    std::iter::once(0.0).chain(each).collect()
}

/// Halfway from each centre to the next.
fn limits_of(centres: &[f64]) -> Vec<f64> {
    let halfway = |pair: &[f64]| f64::midpoint(pair[0], pair[1]);
    centres.windows(2).map(halfway).collect()
}

/// How many of the ascending weights are nearest to each centre or to one before it.
fn ends_of(ascending: &[f32], centres: &[f64]) -> Vec<usize> {
    let below = |limit: f64| ascending.partition_point(|&weight| f64::from(weight) <= limit);
    let inner = limits_of(centres).into_iter().map(below);
    inner.chain([ascending.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 0 and 10: {0, 1, 2} and {9, 10} are nearest, and their means are 1 and 9.5.
    #[test]
    fn two_values_by_hand() {
        let moved = clustered(&[0.0, 10.0, 1.0, 9.0, 2.0], 2);
        assert_eq!(moved, [1.0, 9.5, 1.0, 9.5, 1.0]);
    }

    #[test]
    fn few_values_are_kept_as_they_are() {
        let weights = [0.3, -0.1, 0.3, 0.2];
        assert_eq!(clustered(&weights, 3), weights);
    }

    /// A second pass finds nothing to move, and no weight has a value nearer than its own.
    #[test]
    fn every_weight_has_the_nearest_value() {
        let weight = |i: usize| ((i * i * 7919) % 1009) as f32 / 1009.0 - 0.4;
        let weights: Vec<f32> = (0..500).map(weight).collect();
        let moved = clustered(&weights, 16);
        let mut values = moved.clone();
        values.sort_unstable_by(f32::total_cmp);
        values.dedup();
        assert_eq!(values.len(), 16);
        for (weight, moved) in weights.iter().zip(&moved) {
            let nearest = values.iter().map(|value| (value - weight).abs());
            assert!((moved - weight).abs() <= nearest.fold(f32::MAX, f32::min) + 1e-6);
        }
        assert_eq!(clustered(&moved, 16), moved);
    }
}
