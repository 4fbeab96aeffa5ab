//! Folders of IDX files, good and bad: what is read, and what is said of what cannot be.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use gannet_data::idx::{Source, read_images, read_labels};
use gannet_data::{Classes, DataError, Dataset};
use tempfile::TempDir;

/// Two images of 2×3 pixels: 0 to 5 and 10 to 15.
fn images() -> Vec<u8> {
    let header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3];
    [&header[..], &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]].concat()
}

fn labels() -> Vec<u8> {
    vec![0, 0, 8, 1, 0, 0, 0, 2, 7, 9]
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn source(bytes: &[u8]) -> Source<&[u8]> {
    Source {
        name: "x".into(),
        bytes,
    }
}

/// A folder of four good files.
fn folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, bytes) in [
        ("train-images-idx3-ubyte", images()),
        ("train-labels-idx1-ubyte", labels()),
        ("t10k-images-idx3-ubyte", images()),
        ("t10k-labels-idx1-ubyte", labels()),
    ] {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

fn open(dir: &Path) -> Result<Dataset, DataError> {
    Dataset::from_idx_dir(dir, Classes::digits())
}

#[test]
fn a_folder_is_read_plain_gzipped_and_in_the_other_spelling() {
    let dir = folder();
    let plain = open(dir.path()).unwrap();
    assert_eq!(plain.train().labels(), [7, 9]);
    assert_eq!(
        plain.train().get(1).unwrap().image.pixels(),
        [10, 11, 12, 13, 14, 15]
    );
    assert_eq!((plain.shape().height(), plain.shape().width()), (2, 3));

    let at = |name: &str| dir.path().join(name);
    fs::remove_file(at("train-images-idx3-ubyte")).unwrap();
    fs::write(at("train-images-idx3-ubyte.gz"), gzipped(&images())).unwrap();
    fs::rename(at("t10k-images-idx3-ubyte"), at("t10k-images.idx3-ubyte")).unwrap();
    // Compressed whatever the name says: the contents decide.
    fs::write(at("t10k-labels-idx1-ubyte"), gzipped(&labels())).unwrap();
    assert_eq!(open(dir.path()).unwrap(), plain);
}

#[test]
fn a_missing_file_or_folder_is_named() {
    let dir = folder();
    fs::remove_file(dir.path().join("t10k-labels-idx1-ubyte")).unwrap();
    let message = open(dir.path()).unwrap_err().to_string();
    assert!(
        message.contains("has no t10k-labels-idx1-ubyte"),
        "{message}"
    );
    let message = Dataset::open("minst").unwrap_err().to_string();
    assert!(
        message.starts_with("there is no data set minst: name the bundled one"),
        "{message}"
    );
}

#[test]
fn counts_and_labels_are_held_together_with_file_and_byte() {
    let dir = folder();
    let path = dir.path().join("train-labels-idx1-ubyte");
    fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 1, 7]).unwrap();
    let message = open(dir.path()).unwrap_err().to_string();
    let place = format!(
        "{}, byte 4: there are 1 labels for 2 images",
        path.display()
    );
    assert!(message.starts_with(&place), "{message}");

    fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 2, 7, 10]).unwrap();
    let message = open(dir.path()).unwrap_err().to_string();
    let place = format!("{}, byte 9: label 10 of image 1", path.display());
    assert!(message.starts_with(&place), "{message}");
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_byte() {
    let with = |at: usize, byte: u8| {
        let mut bytes = images();
        bytes[at] = byte;
        bytes
    };
    let mut longer = images();
    longer.push(0);
    let mut bad_checksum = gzipped(&images());
    let checksum = bad_checksum.len() - 8;
    bad_checksum[checksum] ^= 1;
    let packed = gzipped(&images());
    let enormous = [
        0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ];

    for (bytes, says) in [
        (vec![], "x, byte 0: the file ends here, after 0 of 4 bytes"),
        (
            images()[..10].to_vec(),
            "x, byte 10: the file ends here, after 10 of 16 bytes",
        ),
        (
            images()[..27].to_vec(),
            "x, byte 27: the file ends here, after 27 of 28 bytes",
        ),
        (longer.clone(), "x, byte 28: the file goes on here"),
        (gzipped(&longer), "x, byte 28: the file goes on here"),
        (
            gzipped(&images()[..27]),
            "x, byte 27: the file ends here, after 27 of 28 bytes",
        ),
        (
            packed[..packed.len() / 2].to_vec(),
            "the gzip stream is damaged or cut off here",
        ),
        (bad_checksum, "x, byte 28: the gzip stream is damaged"),
        (
            [0x1f, 0x8b, 1, 2, 3].to_vec(),
            "x, byte 0: the gzip stream is damaged",
        ),
        (
            labels(),
            "x, byte 0: the magic number is 0x00000801 where an IDX file of images has 0x00000803",
        ),
        (
            b"PNG picture".to_vec(),
            "x, byte 0: the magic number is 0x504e4720",
        ),
        (
            with(2, 0x0d),
            "x, byte 0: the elements are of type 0x0d (32-bit floats)",
        ),
        (with(11, 0), "x, byte 16: the file goes on here"),
        (
            enormous.to_vec(),
            "x, byte 4: the header declares 4294967295 × 4294967295 × 4294967295",
        ),
    ] {
        let message = read_images(source(&bytes)).unwrap_err().to_string();
        assert!(message.contains(says), "{message}\nshould say: {says}");
    }
}

#[test]
fn images_without_pixels_are_refused() {
    let flat = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3];
    let message = read_images(source(&flat)).unwrap_err().to_string();
    assert!(
        message.starts_with("x, byte 8: images of 0×3×1"),
        "{message}"
    );
}

#[test]
fn a_declared_size_costs_nothing_until_the_bytes_are_there() {
    // 1 GiB is declared and one byte follows: refused as truncated, at once.
    let header = [0, 0, 8, 1, 0x40, 0, 0, 0, 5];
    let message = read_labels(source(&header)).unwrap_err().to_string();
    assert!(message.contains("after 9 of 1073741832 bytes"), "{message}");
    // One byte more than the limit is refused whatever follows.
    let header = [0, 0, 8, 1, 0x40, 0, 0, 1, 5];
    let message = read_labels(source(&header)).unwrap_err().to_string();
    assert!(
        message.starts_with("x, byte 4: the header declares 1073741825"),
        "{message}"
    );
    // What a gzip stream unpacks to beyond the declared size is never unpacked: a hundred
    // megabytes of zeros behind a header for two labels.
    let bomb = gzipped(&[&[0, 0, 8, 1, 0, 0, 0, 2][..], &vec![0; 100_000_000]].concat());
    let message = read_labels(source(&bomb)).unwrap_err().to_string();
    assert!(
        message.contains("byte 10: the file goes on here"),
        "{message}"
    );
}

#[test]
fn every_truncation_and_every_flipped_bit_ends_in_a_value_or_a_sentence() {
    for good in [images(), gzipped(&images())] {
        for end in 0..good.len() {
            assert!(read_images(source(&good[..end])).is_err(), "cut at {end}");
        }
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Err(error) = read_images(source(&bytes)) {
                assert!(error.to_string().starts_with("x, byte "), "{error}");
            }
        }
    }
}
