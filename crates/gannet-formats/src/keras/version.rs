//! Which Keras wrote a file: Keras 1 has other names for most, and some names mean one function in
//! Keras 2 and another in Keras 3.

use gannet_graph::Function;
use serde_json::Value;

/// Keras' `metadata.json` takes about 100 bytes; JSON in memory many times its text.
const LONGEST_METADATA: usize = 1 << 12;

/// The generation of Keras whose meaning a file's names have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Keras 1.
    One,
    /// Keras 2, in TensorFlow or by itself, and `tf_keras`.
    Two,
    /// Keras 3.
    Three,
}

impl Version {
    /// Those that open what Gannet writes.
    pub const WRITTEN: [Version; 2] = [Version::Two, Version::Three];

    /// Of the attribute `keras_version` of an `.h5` file. Files without it are Keras 1's, as
    /// Keras' own loaders hold.
    pub fn of_h5(keras_version: Option<&str>) -> Self {
        Self::parse(keras_version.unwrap_or("1"))
    }

    /// Of the text of a `.keras` file's `metadata.json`, where it says so; else Keras 3's.
    pub fn of_metadata(metadata: &str) -> Self {
        let metadata = Some(metadata).filter(|metadata| metadata.len() <= LONGEST_METADATA);
        let metadata = metadata.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let number = metadata
            .as_ref()
            .and_then(|m| m.get("keras_version")?.as_str());
        number.map_or(Version::Three, Self::parse)
    }

    /// What a layer of this generation computes by the name `hard_sigmoid`.
    pub fn hard_sigmoid(self) -> Function {
        match self {
            Version::One | Version::Two => Function::HARD_SIGMOID_KERAS_2,
            Version::Three => Function::HARD_SIGMOID,
        }
    }

    /// Of a version number such as `2.15.0` or `2.4.0-tf`.
    fn parse(number: &str) -> Self {
        let major = number.split('.').next();
        match major.and_then(|major| major.parse::<u32>().ok()) {
            Some(0..=1) => Version::One,
            Some(2) => Version::Two,
            _ => Version::Three,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_tells() {
        for (number, version) in [
            ("1.2.2", Version::One),
            ("2.0.0", Version::Two),
            ("2.4.0-tf", Version::Two),
            ("3.12.0", Version::Three),
            ("30.1", Version::Three),
        ] {
            assert_eq!(Version::of_h5(Some(number)), version, "{number}");
            let metadata = format!("{{\"keras_version\": \"{number}\"}}");
            assert_eq!(Version::of_metadata(&metadata), version, "{number}");
        }
    }

    #[test]
    fn files_that_do_not_say_are_the_oldest_of_their_format() {
        assert_eq!(Version::of_h5(None), Version::One);
        assert_eq!(Version::of_metadata("{}"), Version::Three);
        assert_eq!(Version::of_metadata("no JSON"), Version::Three);
    }
}
