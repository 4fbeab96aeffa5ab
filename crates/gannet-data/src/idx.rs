//! MNIST's file format, IDX: a big-endian header, then the elements. Gzipped or plain.
//! In go files from anywhere (they are not trusted), out come [`Images`], labels, a [`Dataset`].
//!
//! A header is `00 00 TYPE RANK`, then RANK sizes of four bytes each; images have rank 3
//! (count, rows, columns), labels rank 1; TYPE 08 is unsigned bytes. Memory follows the bytes that
//! are really there, never a size that is only declared, and at most [`LIMIT_BYTES`] are taken.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::{Classes, DataError, Dataset, ImageShape, Images, Split};

/// The most bytes of elements that one file may declare: 1 GiB, twenty times MNIST.
pub const LIMIT_BYTES: u64 = 1 << 30;

/// Reads the four standard files of a folder: `train-images-idx3-ubyte`,
/// `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`.
///
/// Each may be gzipped, may end in `.gz`, and may be spelt `.idx3-ubyte` for `-idx3-ubyte`.
/// The data set is named after the folder.
///
/// # Errors
/// No such folder, a file that is missing or unreadable, or [`DataError::At`] with file and byte.
pub fn read_dir(dir: &Path, classes: Classes) -> Result<Dataset, DataError> {
    if !dir.is_dir() {
        return Err(DataError::NoFolder {
            path: dir.display().to_string(),
        });
    }
    let split = |part: &str| {
        let images = find(dir, &format!("{part}-images"), "idx3-ubyte")?;
        let labels = find(dir, &format!("{part}-labels"), "idx1-ubyte")?;
        read_split(open(&images)?, open(&labels)?, &classes)
    };
    let (train, test) = (split("train")?, split("t10k")?);
    Dataset::new(dir.display().to_string(), classes, train, test)
}

/// Bytes with a name to call them by in an error: a file, or something in memory.
pub struct Source<R> {
    /// What an error calls it.
    pub name: String,
    /// The contents, gzipped or not.
    pub bytes: R,
}

/// Reads an IDX file of images and one of labels, and joins them.
///
/// # Errors
/// [`DataError::At`], naming the file and the byte: whatever [`read_images`] and [`read_labels`]
/// find, counts that disagree, a label that is not a class.
pub fn read_split(
    images: Source<impl BufRead>,
    labels: Source<impl BufRead>,
    classes: &Classes,
) -> Result<Split, DataError> {
    let (images_name, labels_name) = (images.name.clone(), labels.name.clone());
    let images = read_images(images)?;
    let labels = read_labels(labels)?;
    Split::new(images, labels, classes).map_err(|problem| match problem {
        DataError::Label { index, .. } => {
            let offset = Header::<1>::LEN as u64 + index as u64;
            problem.at(&labels_name, offset)
        }
        DataError::NoImages => problem.at(&images_name, COUNT_OFFSET),
        _ => problem.at(&labels_name, COUNT_OFFSET),
    })
}

/// Reads images of one channel: rank 3 (count, rows, columns), unsigned bytes.
///
/// # Errors
/// [`DataError::At`] or [`DataError::Read`]: another kind of file, truncated or continued, bad
/// gzip, or sizes out of all reason.
pub fn read_images(source: Source<impl BufRead>) -> Result<Images, DataError> {
    let name = source.name.clone();
    let (header, pixels) = read::<3>(source, "images")?;
    let [_, rows, columns] = header.sizes;
    ImageShape::new(rows as usize, columns as usize, 1)
        .and_then(|shape| Images::new(shape, pixels))
        .map_err(|problem| problem.at(&name, COUNT_OFFSET + 4))
}

/// Reads labels: rank 1, unsigned bytes.
///
/// # Errors
/// As [`read_images`].
pub fn read_labels(source: Source<impl BufRead>) -> Result<Vec<u8>, DataError> {
    Ok(read::<1>(source, "labels")?.1)
}

/// Where the number of elements stands, right behind the magic number.
const COUNT_OFFSET: u64 = 4;

/// The first two bytes of every gzip stream (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

fn find(dir: &Path, stem: &str, ending: &str) -> Result<PathBuf, DataError> {
    ["-", "."]
        .iter()
        .flat_map(|joint| ["", ".gz"].map(|gz| dir.join(format!("{stem}{joint}{ending}{gz}"))))
        .find(|path| path.is_file())
        .ok_or_else(|| DataError::MissingFile {
            dir: dir.display().to_string(),
            name: format!("{stem}-{ending}"),
        })
}

fn open(path: &Path) -> Result<Source<BufReader<File>>, DataError> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => Ok(Source {
            name,
            bytes: BufReader::new(file),
        }),
        Err(source) => Err(DataError::Read { file: name, source }),
    }
}

/// An IDX header of this rank, its sizes outermost first.
struct Header<const RANK: usize> {
    sizes: [u32; RANK],
}

impl<const RANK: usize> Header<RANK> {
    const LEN: usize = 4 + 4 * RANK;
}

/// Reads header and elements, and makes sure that nothing follows.
fn read<const RANK: usize>(
    source: Source<impl BufRead>,
    holds: &'static str,
) -> Result<(Header<RANK>, Vec<u8>), DataError> {
    let mut contents = Contents::new(source)?;
    let magic = contents.take(4, 4)?;
    check_magic::<RANK>([magic[0], magic[1], magic[2], magic[3]], holds)
        .map_err(|problem| problem.at(&contents.name, 0))?;

    let header_len = Header::<RANK>::LEN as u64;
    let sizes = contents.take(header_len - 4, header_len)?;
    let sizes: [u32; RANK] = std::array::from_fn(|axis| {
        let size = &sizes[4 * axis..][..4];
        u32::from_be_bytes([size[0], size[1], size[2], size[3]])
    });
    let declared = sizes
        .iter()
        .try_fold(1u64, |product, &size| product.checked_mul(u64::from(size)))
        .filter(|&bytes| bytes <= LIMIT_BYTES)
        .ok_or_else(|| {
            let declared = sizes.map(|size| size.to_string()).join(" × ");
            DataError::TooLarge {
                declared,
                limit: LIMIT_BYTES,
            }
            .at(&contents.name, COUNT_OFFSET)
        })?;

    let elements = contents.take(declared, header_len + declared)?;
    contents.end()?;
    Ok((Header { sizes }, elements))
}

fn check_magic<const RANK: usize>(magic: [u8; 4], holds: &'static str) -> Result<(), DataError> {
    let expected = 0x0800 | RANK as u32;
    let found = u32::from_be_bytes(magic);
    match magic {
        [0, 0, element, rank] if usize::from(rank) == RANK && found != expected => {
            // IDX's table of element types.
            let name = match element {
                0x09 => "signed bytes",
                0x0b => "16-bit integers",
                0x0c => "32-bit integers",
                0x0d => "32-bit floats",
                0x0e => "64-bit floats",
                _ => "no type of the format",
            };
            Err(DataError::ElementType {
                found: element,
                name,
                holds,
            })
        }
        _ if found != expected => Err(DataError::Magic {
            found,
            expected,
            holds,
        }),
        _ => Ok(()),
    }
}

/// What a source holds once it is decompressed, read from front to back.
struct Contents<'a> {
    name: String,
    reader: Box<dyn Read + 'a>,
    encoding: Encoding,
    offset: u64,
}

enum Encoding {
    Plain,
    Gzip,
}

impl<'a> Contents<'a> {
    fn new(source: Source<impl BufRead + 'a>) -> Result<Self, DataError> {
        let Source { name, mut bytes } = source;
        match bytes.fill_buf() {
            Ok(start) if start.starts_with(&GZIP_MAGIC) => {
                let reader = Box::new(MultiGzDecoder::new(bytes));
                Ok(Self {
                    name,
                    reader,
                    encoding: Encoding::Gzip,
                    offset: 0,
                })
            }
            Ok(_) => Ok(Self {
                name,
                reader: Box::new(bytes),
                encoding: Encoding::Plain,
                offset: 0,
            }),
            Err(source) => Err(DataError::Read { file: name, source }),
        }
    }

    /// The next `len` bytes. `expected` is the size of the whole that an error speaks of.
    fn take(&mut self, len: u64, expected: u64) -> Result<Vec<u8>, DataError> {
        let taken = self.up_to(len, expected)?;
        if (taken.len() as u64) < len {
            let problem = DataError::Truncated {
                expected,
                actual: self.offset,
            };
            return Err(problem.at(&self.name, self.offset));
        }
        Ok(taken)
    }

    /// Makes sure that nothing follows; this also reads the checksum at the end of a gzip stream.
    fn end(mut self) -> Result<(), DataError> {
        let end = self.offset;
        if self.up_to(1, end)?.is_empty() {
            return Ok(());
        }
        Err(DataError::Trailing.at(&self.name, end))
    }

    /// At most `len` bytes, fewer only at the end. The vector grows with what arrives, so that a
    /// declared size alone allocates nothing.
    fn up_to(&mut self, len: u64, expected: u64) -> Result<Vec<u8>, DataError> {
        let mut taken = Vec::new();
        let result = (&mut self.reader).take(len).read_to_end(&mut taken);
        self.offset += taken.len() as u64;
        match (result, &self.encoding) {
            (Ok(_), _) => Ok(taken),
            (Err(source), Encoding::Plain) => Err(DataError::Read {
                file: self.name.clone(),
                source,
            }),
            (Err(source), Encoding::Gzip) => {
                Err(DataError::Gzip { expected, source }.at(&self.name, self.offset))
            }
        }
    }
}
