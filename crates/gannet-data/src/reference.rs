//! How a person names one image: `mnist:train/2` is image 2 (from 0) of the training split.
//! In goes the text, out comes the three parts and, with the data set, the image.

use crate::{DataError, Dataset, Sample, SplitName};

/// The name of one image: `DATASET:SPLIT/INDEX`.
///
/// `DATASET` is what [`Dataset::open`] takes; everything before the last colon, so that it may be
/// a path with colons.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// `mnist`, or a folder.
    pub dataset: String,
    /// The split within it.
    pub split: SplitName,
    /// The image within the split, from 0.
    pub index: usize,
}

impl ImageRef {
    /// The image in a set that is already open. The set's name is not compared.
    ///
    /// # Errors
    /// [`DataError::NoSuchImage`] when the split ends before `index`.
    pub fn find_in<'a>(&self, dataset: &'a Dataset) -> Result<Sample<'a>, DataError> {
        let split = dataset.split(self.split);
        split.get(self.index).ok_or_else(|| DataError::NoSuchImage {
            reference: self.to_string(),
            last: split.len() - 1,
        })
    }
}

impl std::str::FromStr for ImageRef {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let malformed = |what| DataError::ImageRef {
            text: text.into(),
            what,
        };
        let (dataset, place) = text.rsplit_once(':').ok_or(malformed("has no ':'"))?;
        let (split, index) = place
            .split_once('/')
            .ok_or(malformed("has no '/' after the ':'"))?;
        if dataset.is_empty() {
            return Err(malformed("names no data set before the ':'"));
        }
        Ok(Self {
            dataset: dataset.into(),
            split: split.parse()?,
            index: index
                .parse()
                .map_err(|_| malformed("does not end in an image's number"))?,
        })
    }
}

impl std::fmt::Display for ImageRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}/{}", self.dataset, self.split, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_and_written() {
        let reference: ImageRef = "mnist:train/2".parse().unwrap();
        let expected = ImageRef {
            dataset: "mnist".into(),
            split: SplitName::Train,
            index: 2,
        };
        assert_eq!(reference, expected);
        for text in ["mnist:test/9999", "C:/digits:test/0", "./a/b:train/7"] {
            assert_eq!(text.parse::<ImageRef>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_wrong_with_a_reference_is_said() {
        for (text, says) in [
            ("mnist", "has no ':'"),
            ("mnist:train", "has no '/'"),
            (":train/2", "names no data set"),
            ("mnist:train/", "does not end in an image's number"),
            ("mnist:train/-1", "does not end in an image's number"),
            (
                "mnist:train/99999999999999999999",
                "does not end in an image's number",
            ),
            ("mnist:validation/2", "validation"),
        ] {
            let message = text.parse::<ImageRef>().unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }
}
