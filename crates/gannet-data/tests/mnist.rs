//! The bundled MNIST: its files' checksums, the figures that are known of it, and the image that
//! the tutorial prints.
#![cfg(feature = "bundled-mnist")]

use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use gannet_data::preview::{Ink, Sheet};
use gannet_data::{Dataset, ImageRef, SplitName, SplitStats, export, mnist};
use sha2::{Digest, Sha256};

static MNIST: LazyLock<Dataset> = LazyLock::new(|| mnist::load().unwrap());

#[test]
fn the_files_are_their_authors_own() {
    // SHA-256 of the uncompressed files.
    for (gzipped, sha256) in [
        (
            mnist::TRAIN_IMAGES,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        (
            mnist::TRAIN_LABELS,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        (
            mnist::TEST_IMAGES,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        (
            mnist::TEST_LABELS,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ] {
        let mut contents = Vec::new();
        flate2::read::GzDecoder::new(gzipped)
            .read_to_end(&mut contents)
            .unwrap();
        let digest: String = Sha256::digest(&contents)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(digest, sha256);
    }
}

#[test]
fn the_splits_have_their_known_figures() {
    // Class counts, mean and standard deviation of MNIST as its users state them.
    let train = SplitStats::of(MNIST.train());
    assert_eq!((train.images, train.shape), (60_000, [28, 28, 1]));
    let counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!(train.per_class, counts);
    assert_eq!((train.min, train.max), (0, 255));
    assert_eq!(
        format!("{:.4} {:.4}", train.mean, train.std),
        "0.1307 0.3081"
    );

    let test = SplitStats::of(MNIST.test());
    assert_eq!((test.images, test.shape), (10_000, [28, 28, 1]));
    assert_eq!(
        test.per_class,
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    );
}

#[test]
fn the_first_nine_digits_are_those_of_the_tutorials_figure() {
    let sheet = Sheet::of_split(
        &MNIST,
        SplitName::Train,
        0..9,
        NonZeroUsize::new(3).unwrap(),
    );
    let text = sheet.to_text(Ink::Ascii);
    let captions: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("Digit"))
        .flat_map(|line| line.split("Digit: ").skip(1).map(str::trim))
        .collect();
    assert_eq!(captions, ["5", "0", "4", "1", "9", "2", "1", "3", "1"]);
}

#[test]
fn the_c_array_is_the_tutorials_annex() {
    let annex = include_str!("fixtures/tutorial-annex-train-2.txt");
    let annex: Vec<&str> = annex
        .split([',', '\n'])
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .collect();
    assert_eq!(annex.len(), 784);

    let reference: ImageRef = "mnist:train/2".parse().unwrap();
    let sample = reference.find_in(&MNIST).unwrap();
    assert_eq!(sample.label, 4);
    let array = export::c_array(sample.image, &"data".parse().unwrap());
    let inside = array
        .strip_prefix("float data[784] = {")
        .unwrap()
        .strip_suffix("};\n")
        .unwrap();
    let written: Vec<&str> = inside.split(',').map(str::trim).collect();
    assert_eq!(written, annex);
    for (text, &pixel) in annex.iter().zip(sample.image.pixels()) {
        assert_eq!(text.parse::<f64>().unwrap(), f64::from(pixel) / 255.0);
    }
}

#[test]
fn an_image_behind_the_last_is_refused_with_the_last() {
    let reference: ImageRef = "mnist:test/10000".parse().unwrap();
    let message = reference.find_in(&MNIST).unwrap_err().to_string();
    assert_eq!(
        message,
        "there is no image mnist:test/10000: the last one of this split is 9999"
    );
}
