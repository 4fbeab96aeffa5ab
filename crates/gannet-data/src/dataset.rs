//! A labelled data set: a training split and a test split over the same classes.
//! In go images, labels and classes; what comes out agrees in counts, shapes and label ranges by
//! construction. Readers of a file format (`idx`, `mnist`) build these values.

use std::path::Path;

use crate::{Classes, DataError, Image, ImageShape, Images, idx};

/// A data set: two splits of one image shape over one list of classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    name: String,
    classes: Classes,
    train: Split,
    test: Split,
}

impl Dataset {
    /// Joins two splits.
    ///
    /// # Errors
    /// [`DataError::SplitsDiffer`] when the splits' image shapes differ, and
    /// [`DataError::SplitClasses`] when one was made for another number of classes.
    pub fn new(
        name: impl Into<String>,
        classes: Classes,
        train: Split,
        test: Split,
    ) -> Result<Self, DataError> {
        let (train_shape, test_shape) = (train.images.shape(), test.images.shape());
        if train_shape != test_shape {
            return Err(DataError::SplitsDiffer {
                train: train_shape,
                test: test_shape,
            });
        }
        for split in [&train, &test] {
            if split.class_count != classes.len() {
                return Err(DataError::SplitClasses {
                    split: split.class_count,
                    classes: classes.len(),
                });
            }
        }
        Ok(Self {
            name: name.into(),
            classes,
            train,
            test,
        })
    }

    /// Opens what a person named: `mnist` is the bundled MNIST, anything else a folder of IDX
    /// files of the ten digits (`./mnist` is the folder of that name).
    ///
    /// # Errors
    /// What [`idx`] finds wrong with the folder; [`DataError::NotBundled`] for `mnist` when the
    /// crate was built without it.
    pub fn open(source: &str) -> Result<Self, DataError> {
        match source {
            #[cfg(feature = "bundled-mnist")]
            "mnist" => crate::mnist::load(),
            #[cfg(not(feature = "bundled-mnist"))]
            "mnist" => Err(DataError::NotBundled),
            folder => Self::from_idx_dir(folder, Classes::digits()),
        }
    }

    /// Reads MNIST's four files from a folder, gzipped or not: see [`idx::read_dir`].
    ///
    /// # Errors
    /// As [`idx::read_dir`].
    pub fn from_idx_dir(dir: impl AsRef<Path>, classes: Classes) -> Result<Self, DataError> {
        idx::read_dir(dir.as_ref(), classes)
    }

    /// What the set is called: `mnist`, or the folder that it was read from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The classes that the labels name.
    pub fn classes(&self) -> &Classes {
        &self.classes
    }

    /// The shape of every image of both splits.
    pub fn shape(&self) -> ImageShape {
        self.train.images.shape()
    }

    /// The training split.
    pub fn train(&self) -> &Split {
        &self.train
    }

    /// The test split.
    pub fn test(&self) -> &Split {
        &self.test
    }

    /// The split of this name.
    pub fn split(&self, name: SplitName) -> &Split {
        match name {
            SplitName::Train => &self.train,
            SplitName::Test => &self.test,
        }
    }
}

/// Images and their labels: as many of the one as of the other, at least one, every label a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    images: Images,
    labels: Vec<u8>,
    class_count: usize,
}

impl Split {
    /// Joins images with their labels.
    ///
    /// # Errors
    /// [`DataError::NoImages`], [`DataError::Counts`] when the numbers differ, and
    /// [`DataError::Label`] for the first label that is not a class.
    pub fn new(images: Images, labels: Vec<u8>, classes: &Classes) -> Result<Self, DataError> {
        if images.is_empty() {
            return Err(DataError::NoImages);
        }
        if images.len() != labels.len() {
            return Err(DataError::Counts {
                images: images.len(),
                labels: labels.len(),
            });
        }
        let class_count = classes.len();
        if let Some(index) = labels
            .iter()
            .position(|&label| usize::from(label) >= class_count)
        {
            return Err(DataError::Label {
                index,
                label: labels[index],
                classes: class_count,
            });
        }
        Ok(Self {
            images,
            labels,
            class_count,
        })
    }

    /// Images and labels of this split, in another order or not all.
    pub(crate) fn with(&self, images: Images, labels: Vec<u8>) -> Self {
        Self {
            images,
            labels,
            class_count: self.class_count,
        }
    }

    /// How many images, and labels.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a split has at least one image"
    )]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The images in order.
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// The labels in the order of the images, each below [`Self::class_count`].
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// How many classes there are, whether or not each occurs.
    pub fn class_count(&self) -> usize {
        self.class_count
    }

    /// Image and label at `index`, if there are any.
    pub fn get(&self, index: usize) -> Option<Sample<'_>> {
        let label = *self.labels.get(index)?;
        Some(Sample {
            image: self.images.get(index)?,
            label,
        })
    }

    /// Images with their labels, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Sample<'_>> {
        self.images
            .iter()
            .zip(&self.labels)
            .map(|(image, &label)| Sample { image, label })
    }
}

/// One image and what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample<'a> {
    /// The image.
    pub image: Image<'a>,
    /// Its class.
    pub label: u8,
}

/// Which of the two splits is meant: written `train` or `test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SplitName {
    /// What a network is trained on.
    Train,
    /// What it is tested on.
    Test,
}

impl std::str::FromStr for SplitName {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "train" => Ok(Self::Train),
            "test" => Ok(Self::Test),
            _ => Err(DataError::SplitName { found: text.into() }),
        }
    }
}

impl std::fmt::Display for SplitName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Test => "test",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(side: usize, count: usize) -> Images {
        let shape = ImageShape::new(side, side, 1).unwrap();
        Images::new(shape, vec![0; side * side * count]).unwrap()
    }

    #[test]
    fn a_split_agrees_with_itself() {
        let digits = Classes::digits();
        let counts = Split::new(images(2, 3), vec![0, 1], &digits).unwrap_err();
        assert!(matches!(
            counts,
            DataError::Counts {
                images: 3,
                labels: 2
            }
        ));
        let label = Split::new(images(2, 3), vec![9, 10, 11], &digits).unwrap_err();
        assert!(matches!(
            label,
            DataError::Label {
                index: 1,
                label: 10,
                classes: 10
            }
        ));
        assert!(matches!(
            Split::new(images(2, 0), vec![], &digits),
            Err(DataError::NoImages)
        ));
    }

    #[test]
    fn splits_of_a_set_agree_with_each_other() {
        let digits = Classes::digits();
        let split = |side| Split::new(images(side, 1), vec![1], &digits).unwrap();
        let shapes = Dataset::new("x", Classes::digits(), split(2), split(3)).unwrap_err();
        assert!(matches!(shapes, DataError::SplitsDiffer { .. }));
        let two = Classes::named(vec!["a".into(), "b".into()]).unwrap();
        let classes = Dataset::new("x", two, split(2), split(2)).unwrap_err();
        assert!(matches!(
            classes,
            DataError::SplitClasses {
                split: 10,
                classes: 2
            }
        ));
    }
}
