//! MNIST itself, embedded: 60,000 training and 10,000 test images of 28×28×1, ten digits.
//! By Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0: see mnist/README.md.

use crate::idx::{self, Source};
use crate::{Classes, DataError, Dataset, Split};

/// The training images, as their authors published them, gzipped.
pub const TRAIN_IMAGES: &[u8] = include_bytes!("../mnist/train-images-idx3-ubyte.gz");
/// The training labels, gzipped.
pub const TRAIN_LABELS: &[u8] = include_bytes!("../mnist/train-labels-idx1-ubyte.gz");
/// The test images, gzipped.
pub const TEST_IMAGES: &[u8] = include_bytes!("../mnist/t10k-images-idx3-ubyte.gz");
/// The test labels, gzipped.
pub const TEST_LABELS: &[u8] = include_bytes!("../mnist/t10k-labels-idx1-ubyte.gz");

/// Unpacks the embedded files: some tenths of a second, 55 MB.
///
/// # Errors
/// None with the files as they are committed; their checksums are tested.
pub fn load() -> Result<Dataset, DataError> {
    let classes = Classes::digits();
    let train = split("train", TRAIN_IMAGES, TRAIN_LABELS, &classes)?;
    let test = split("t10k", TEST_IMAGES, TEST_LABELS, &classes)?;
    Dataset::new("mnist", classes, train, test)
}

fn split(
    part: &str,
    images: &'static [u8],
    labels: &'static [u8],
    classes: &Classes,
) -> Result<Split, DataError> {
    let images = Source {
        name: format!("bundled {part}-images-idx3-ubyte.gz"),
        bytes: images,
    };
    let labels = Source {
        name: format!("bundled {part}-labels-idx1-ubyte.gz"),
        bytes: labels,
    };
    idx::read_split(images, labels, classes)
}
