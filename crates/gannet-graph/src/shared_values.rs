//! Weights that share few values: a table of the values, and for each weight its place there.
//!
//! Such weights take four or eight bits each, and are the same numbers to the last bit. Which
//! values many weights may share is decided elsewhere; here is found that they do.

/// How many bits say which of the shared values a weight has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexBits {
    /// Of at most 16 values. Two weights go into a byte, the first in its low half.
    Four,
    /// Of at most 256 values.
    Eight,
}

impl IndexBits {
    /// All of them, the fewest bits first.
    pub const ALL: [IndexBits; 2] = [IndexBits::Four, IndexBits::Eight];

    /// How many values can be told apart.
    pub fn most_values(self) -> usize {
        match self {
            IndexBits::Four => 16,
            IndexBits::Eight => 256,
        }
    }

    /// How many weights go into a byte.
    pub fn in_byte(self) -> usize {
        match self {
            IndexBits::Four => 2,
            IndexBits::Eight => 1,
        }
    }

    /// The bytes of so many weights with a table of so many values.
    pub fn len_bytes(self, weights: usize, values: usize) -> usize {
        weights.div_ceil(self.in_byte()) + values * size_of::<f32>()
    }

    /// Whether so many weights with a table of so many values take at least a quarter less than
    /// the weights by themselves: for less than that, looking each of them up takes too long.
    pub fn is_worth(self, weights: usize, values: usize) -> bool {
        4 * self.len_bytes(weights, values) <= 3 * weights * size_of::<f32>()
    }
}

/// The values that weights share, and which each weight has.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedValues {
    bits: IndexBits,
    values: Vec<f32>,
    places: Vec<u8>,
}

impl SharedValues {
    /// Those of `weights`; `None` if they have more than 256 different values, or if a table is
    /// not [worth](IndexBits::is_worth) it.
    pub fn of(weights: &[f32]) -> Option<Self> {
        let mut values = weights.to_vec();
        // 0 and −0 are two values: a table gives every bit of a weight back.
        values.sort_unstable_by(f32::total_cmp);
        values.dedup_by_key(|value| value.to_bits());
        let fewest = |bits: &IndexBits| values.len() <= bits.most_values();
        let bits = IndexBits::ALL.into_iter().find(fewest)?;
        if !bits.is_worth(weights.len(), values.len()) {
            return None;
        }
        let place = |weight: &f32| values.binary_search_by(|value| value.total_cmp(weight));
        let places: Result<Vec<usize>, usize> = weights.iter().map(place).collect();
        Some(SharedValues {
            bits,
            // All were found, and are below 256.
            places: places.ok()?.into_iter().map(|place| place as u8).collect(),
            values,
        })
    }

    /// How many bits each weight takes.
    pub fn bits(&self) -> IndexBits {
        self.bits
    }

    /// The different values, in ascending order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Which of the values each weight has.
    pub fn places(&self) -> &[u8] {
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 weights of three values: 50 bytes and 12, not 400.
    #[test]
    fn a_table_gives_every_weight_back() {
        let weights: Vec<f32> = (0..100).map(|i| [0.5, -0.0, 0.0][i % 3]).collect();
        let shared = SharedValues::of(&weights).unwrap();
        assert_eq!(shared.bits(), IndexBits::Four);
        assert_eq!(shared.bits().len_bytes(100, shared.values().len()), 62);
        let again = shared.places().iter();
        let again = again.map(|&place| shared.values()[usize::from(place)].to_bits());
        assert!(again.eq(weights.iter().map(|weight| weight.to_bits())));
        assert_eq!(shared.places()[..3], [2, 0, 1]);
    }

    /// 17 values need a byte a weight: 1,000 and 68, not 4,000.
    #[test]
    fn more_than_sixteen_values_take_a_byte() {
        let weights: Vec<f32> = (0..1_000).map(|i| (i % 17) as f32).collect();
        assert_eq!(SharedValues::of(&weights).unwrap().bits(), IndexBits::Eight);
        let weights: Vec<f32> = (0..1_000).map(|i| (i % 257) as f32).collect();
        assert_eq!(SharedValues::of(&weights), None);
    }

    /// 24 weights of 16 values: 12 and 64 bytes, which is more than three quarters of 96.
    #[test]
    fn a_table_for_few_weights_is_not_worth_it() {
        let weights: Vec<f32> = (0..24).map(|i| (i % 16) as f32).collect();
        assert_eq!(SharedValues::of(&weights), None);
    }
}
