//! What can go wrong with a data set: one sentence each, with the place and the remedy.

use crate::ImageShape;

/// Why a data set could not be read, shown, exported or scored.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Something is wrong at a byte of a file.
    #[error("{file}, byte {offset}: {problem}")]
    At {
        /// The file.
        file: String,
        /// The byte, counted in the contents: behind the decompression of a gzipped file.
        offset: u64,
        /// What is wrong there.
        problem: Box<DataError>,
    },
    /// A file cannot be opened or read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A name that is neither a bundled data set nor a folder.
    #[error(
        "there is no data set {path}: name the bundled one, mnist, or a folder that holds IDX files"
    )]
    NoFolder {
        /// What was named.
        path: String,
    },
    /// A folder lacks one of the four files.
    #[error(
        "{dir} has no {name}: a folder of IDX files holds train-images-idx3-ubyte, \
         train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, \
         each with or without .gz"
    )]
    MissingFile {
        /// The folder.
        dir: String,
        /// The file's standard name.
        name: String,
    },
    /// The crate was built without MNIST.
    #[error(
        "the data set mnist is not in this build: build with the feature bundled-mnist, or name \
         a folder that holds the four IDX files"
    )]
    NotBundled,

    /// The compressed stream is damaged or cut off.
    #[error(
        "the gzip stream is damaged or cut off here, where {expected} bytes are expected in all \
         ({source}): fetch the file again"
    )]
    Gzip {
        /// The size that the header declares, or that of the header itself.
        expected: u64,
        /// The decompressor's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file does not start as IDX files do.
    #[error(
        "the magic number is 0x{found:08x} where an IDX file of {holds} has 0x{expected:08x}: \
         this is another kind of file"
    )]
    Magic {
        /// The first four bytes, big-endian.
        found: u32,
        /// What they should be.
        expected: u32,
        /// `images` or `labels`.
        holds: &'static str,
    },
    /// The elements are not bytes.
    #[error(
        "the elements are of type 0x{found:02x} ({name}) where {holds} are of type 0x08 \
         (unsigned bytes): write the file anew with unsigned bytes"
    )]
    ElementType {
        /// The type's code.
        found: u8,
        /// Its name in IDX's own table.
        name: &'static str,
        /// `images` or `labels`.
        holds: &'static str,
    },
    /// More is declared than is ever read.
    #[error(
        "the header declares {declared}, more than the {limit} bytes that are read of one file: \
         the header is damaged, or the data set is too large"
    )]
    TooLarge {
        /// The sizes as declared.
        declared: String,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The file is shorter than its header says.
    #[error(
        "the file ends here, after {actual} of {expected} bytes: it is truncated, fetch it again"
    )]
    Truncated {
        /// The size that the header declares, or the header's own when that is cut off.
        expected: u64,
        /// The real size.
        actual: u64,
    },
    /// The file is longer than its header says.
    #[error(
        "the file goes on here, where its header says that it ends: the header is damaged, or \
         something was appended"
    )]
    Trailing,

    /// An image without pixels, or with more than can be counted.
    #[error("images of {height}×{width}×{channels} pixels cannot be: no side may be 0 or so large")]
    ImageShape {
        /// Rows.
        height: usize,
        /// Pixels a row.
        width: usize,
        /// Bytes a pixel.
        channels: usize,
    },
    /// Bytes that do not make whole images.
    #[error("{bytes} bytes are not whole images of {shape}, which take {} each", shape.elements())]
    PartialImage {
        /// How many there are.
        bytes: usize,
        /// The shape of one image.
        shape: ImageShape,
    },
    /// A split without images.
    #[error("there are no images: a split needs at least one")]
    NoImages,
    /// No images are to be taken out of a split, or none would be left.
    #[error(
        "{count} of {images} images cannot be taken out: at least one has to go and one to stay"
    )]
    TakeOut {
        /// How many were to be taken out.
        count: usize,
        /// How many there are.
        images: usize,
    },
    /// Images and labels are not pairs.
    #[error("there are {labels} labels for {images} images: the two files are not of one set")]
    Counts {
        /// Images.
        images: usize,
        /// Labels.
        labels: usize,
    },
    /// A label that is not a class.
    #[error("label {label} of image {index} is outside the {classes} classes, which start at 0")]
    Label {
        /// The image, from 0.
        index: usize,
        /// Its label.
        label: u8,
        /// How many classes there are.
        classes: usize,
    },
    /// No class, or more than a label can name.
    #[error("a data set has 1 to 256 classes, not {found}")]
    ClassCount {
        /// How many were given.
        found: usize,
    },
    /// Training and test images of two sizes.
    #[error("the training images are {train} and the test images {test}: a set has one shape")]
    SplitsDiffer {
        /// Shape of the training images.
        train: ImageShape,
        /// Shape of the test images.
        test: ImageShape,
    },
    /// A split that was made for other classes.
    #[error("a split of {split} classes cannot be part of a data set of {classes}")]
    SplitClasses {
        /// The split's number of classes.
        split: usize,
        /// The data set's.
        classes: usize,
    },

    /// A text that names no image.
    #[error("'{text}' {what}: an image is named DATASET:SPLIT/INDEX, for example mnist:train/2")]
    ImageRef {
        /// The text.
        text: String,
        /// What it lacks.
        what: &'static str,
    },
    /// A split that is not there.
    #[error("there is no split '{found}': a data set has train and test")]
    SplitName {
        /// The name that was given.
        found: String,
    },
    /// An image behind the last one.
    #[error("there is no image {reference}: the last one of this split is {last}")]
    NoSuchImage {
        /// The image that was asked for.
        reference: String,
        /// The last index.
        last: usize,
    },

    /// A name that C or Rust would not take.
    #[error("'{found}' cannot name an array: use letters, digits and underscores, no digit first")]
    Identifier {
        /// The name that was given.
        found: String,
    },
    /// A picture that is larger than anyone looks at.
    #[error(
        "a picture of {width}×{height} pixels is more than {limit} in all: take a smaller scale \
         or fewer images"
    )]
    PictureSize {
        /// Pixels a row.
        width: usize,
        /// Rows.
        height: usize,
        /// The most pixels of a picture.
        limit: usize,
    },
    /// PNG has no such pixels.
    #[error("PNG holds 1 to 4 channels, not {channels}")]
    PngChannels {
        /// The image's channels.
        channels: usize,
    },
    /// The PNG encoder refused.
    #[error("cannot write the PNG: {0}")]
    Png(#[from] png::EncodingError),

    /// An output vector of the wrong length.
    #[error(
        "image {index}: the network gave {found} outputs where the data set has {classes} classes"
    )]
    OutputCount {
        /// The image, from 0.
        index: usize,
        /// Outputs.
        found: usize,
        /// Classes.
        classes: usize,
    },
    /// An output that is not a number.
    #[error(
        "image {index}: output {output} is {value}: the network's weights are damaged or its \
         training diverged"
    )]
    OutputNotFinite {
        /// The image, from 0.
        index: usize,
        /// The output, from 0.
        output: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// Nothing to score.
    #[error("there is nothing to score: at least one image is needed")]
    NothingScored,
}

impl DataError {
    /// Says where in a file the problem is.
    pub(crate) fn at(self, file: &str, offset: u64) -> Self {
        Self::At {
            file: file.into(),
            offset,
            problem: Box::new(self),
        }
    }
}
