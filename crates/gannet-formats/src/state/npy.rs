//! NPY: one array behind a header that is a dictionary as Python writes it
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).

use gannet_graph::{Shape, Tensor};

use crate::FormatError;

const MAGIC: &[u8] = b"\x93NUMPY";

/// The header ends at a multiple of this.
const ALIGNMENT: usize = 64;

/// More axes than any weight has.
const MOST_AXES: usize = 8;

/// The array `name`.
///
/// # Errors
/// If it is damaged, of other numbers than `float32`, or stored column by column.
pub(super) fn read(name: &str, file: &[u8]) -> Result<Tensor, FormatError> {
    let damaged = |what: &str| FormatError::Npy {
        name: name.to_owned(),
        what: what.to_owned(),
    };
    let (header, values) = split(file).ok_or_else(|| damaged("it has no whole header"))?;
    let value = |key: &str| value(header, key).ok_or_else(|| damaged(&format!("no '{key}'")));
    let descr = value("descr")?.trim_matches(['\'', '"']);
    if descr != "<f4" {
        return Err(FormatError::WeightType {
            name: name.to_owned(),
            found: format!("'{descr}'"),
        });
    }
    if value("fortran_order")? != "False" {
        return Err(damaged(
            "it is stored column by column; save numpy.ascontiguousarray of it",
        ));
    }
    let shape = shape(value("shape")?).ok_or_else(|| damaged("its shape is none"))?;
    let bytes = shape
        .dims()
        .iter()
        .try_fold(size_of::<f32>(), |bytes, &extent| bytes.checked_mul(extent));
    if bytes != Some(values.len()) {
        return Err(damaged(&format!(
            "its shape is {shape}, but {} bytes follow",
            values.len()
        )));
    }
    Ok(Tensor::new(shape, singles(values))?)
}

/// The bytes of an array, in version 1.0 of the format.
pub(super) fn write(tensor: &Tensor) -> Vec<u8> {
    let extents: Vec<String> = tensor.shape().dims().iter().map(usize::to_string).collect();
    let extents = match extents.as_slice() {
        [one] => format!("{one},"),
        several => several.join(", "),
    };
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({extents}), }}");
    let before = MAGIC.len() + 4;
    let end = (before + header.len() + 1).next_multiple_of(ALIGNMENT);
    header.extend(std::iter::repeat_n(' ', end - before - header.len() - 1));
    header.push('\n');
    let mut file = MAGIC.to_vec();
    file.extend([1, 0]);
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes(tensor));
    file
}

/// Numbers of single precision, the lowest byte first.
pub(super) fn singles(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks();
    numbers
        .iter()
        .map(|&number| f32::from_le_bytes(number))
        .collect()
}

/// The other way.
pub(super) fn bytes(tensor: &Tensor) -> Vec<u8> {
    let values = tensor.data().iter();
    values.flat_map(|value| value.to_le_bytes()).collect()
}

/// The header's text and the values.
fn split(file: &[u8]) -> Option<(&str, &[u8])> {
    let [major, _, rest @ ..] = file.strip_prefix(MAGIC)? else {
        return None;
    };
    let (len, rest) = match major {
        1 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        }
        2 | 3 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
        }
        _ => return None,
    };
    let (header, values) = rest.split_at_checked(len)?;
    Some((std::str::from_utf8(header).ok()?, values))
}

/// The text of a value in the header's dictionary, whose values have no commas but those of the
/// shape.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    let rest = rest.trim_start();
    let end = match rest.strip_prefix('(') {
        Some(_) => rest.find(')')? + 1,
        None => rest.find([',', '}'])?,
    };
    Some(rest[..end].trim_end())
}

/// `(3, 4)`, `(3,)` or `()`.
fn shape(text: &str) -> Option<Shape> {
    let inside = text.strip_prefix('(')?.strip_suffix(')')?.trim();
    let inside = inside.strip_suffix(',').unwrap_or(inside);
    if inside.is_empty() {
        return Some(Shape::from(Vec::new()));
    }
    let extents = inside.split(',').map(|extent| extent.trim().parse().ok());
    let extents: Vec<usize> = extents.collect::<Option<_>>()?;
    (extents.len() <= MOST_AXES).then(|| Shape::from(extents))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.lib.format.write_array(f, numpy.array([[1], [2]], '<f4'), version=(1, 0))`
    const OF_NUMPY: &[u8] = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }                                                          \n\x00\x00\x80?\x00\x00\x00@";

    #[test]
    fn an_array_of_numpy_is_read_and_written() {
        let array = read("x", OF_NUMPY).unwrap();
        assert_eq!(array, Tensor::new([2, 1], vec![1.0, 2.0]).unwrap());
        assert_eq!(write(&array), OF_NUMPY);
    }

    #[test]
    fn every_rank_comes_back() {
        for shape in [vec![], vec![3], vec![2, 3, 1, 4]] {
            let array = Tensor::from_fn(shape, |i| i as f32);
            let file = write(&array);
            assert_eq!((file.len() - size_of_val(array.data())) % ALIGNMENT, 0);
            assert_eq!(read("x", &file).unwrap(), array);
        }
    }

    #[test]
    fn what_is_not_taken_is_named() {
        let with = |from: &str, to: &str| {
            let file = OF_NUMPY.to_vec();
            let at = file
                .windows(from.len())
                .position(|part| part == from.as_bytes());
            let at = at.unwrap();
            let mut file = file;
            file[at..at + to.len()].copy_from_slice(to.as_bytes());
            read("the array", &file).unwrap_err().to_string()
        };
        let text = with("<f4", "<f8");
        assert!(
            text.contains("'the array'") && text.contains("float32"),
            "{text}"
        );
        let text = with("False", "True ");
        assert!(text.contains("column by column"), "{text}");
        let text = with("(2, 1)", "(9, 1)");
        assert!(text.contains("9×1, but 8 bytes follow"), "{text}");
        let text = with("(2, 1)", "(2, x)");
        assert!(text.contains("shape"), "{text}");
    }
}
