//! A tensor whose values are known when a network is read: weights, and the small whole
//! numbers that exporters compute shapes with.

use super::schema::{self, data_type};

/// Larger extents would leave the arithmetic on shapes.
const LARGEST_EXTENT: i64 = 1 << 31;

/// What a tensor's elements are. Values are held as `f32` or `i64` whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F16,
    BF16,
    F32,
    F64,
    I4,
    I8,
    I16,
    I32,
    I64,
    U4,
    U8,
    U16,
    U32,
    U64,
    Bool,
}

impl Element {
    /// The element of a number in `TensorProto.DataType`.
    pub fn of(number: i32) -> Option<Self> {
        Some(match number {
            data_type::FLOAT16 => Element::F16,
            data_type::BFLOAT16 => Element::BF16,
            data_type::FLOAT => Element::F32,
            data_type::DOUBLE => Element::F64,
            data_type::INT4 => Element::I4,
            data_type::INT8 => Element::I8,
            data_type::INT16 => Element::I16,
            data_type::INT32 => Element::I32,
            data_type::INT64 => Element::I64,
            data_type::UINT4 => Element::U4,
            data_type::UINT8 => Element::U8,
            data_type::UINT16 => Element::U16,
            data_type::UINT32 => Element::U32,
            data_type::UINT64 => Element::U64,
            data_type::BOOL => Element::Bool,
            _ => return None,
        })
    }

    /// Whether it is a number with a fraction.
    pub fn is_float(self) -> bool {
        matches!(
            self,
            Element::F16 | Element::BF16 | Element::F32 | Element::F64
        )
    }

    /// ONNX's name of a number in `TensorProto.DataType`.
    pub fn name(number: i32) -> String {
        match number {
            data_type::FLOAT16 => "float16",
            data_type::BFLOAT16 => "bfloat16",
            data_type::FLOAT => "float32",
            data_type::DOUBLE => "float64",
            data_type::INT4 => "int4",
            data_type::INT8 => "int8",
            data_type::INT16 => "int16",
            data_type::INT32 => "int32",
            data_type::INT64 => "int64",
            data_type::UINT4 => "uint4",
            data_type::UINT8 => "uint8",
            data_type::UINT16 => "uint16",
            data_type::UINT32 => "uint32",
            data_type::UINT64 => "uint64",
            data_type::BOOL => "bool",
            8 => "string",
            _ => return format!("element type {number}"),
        }
        .to_owned()
    }

    /// How many bits an element has in `raw_data`.
    fn bits(self) -> usize {
        match self {
            Element::I4 | Element::U4 => 4,
            Element::I8 | Element::U8 | Element::Bool => 8,
            Element::F16 | Element::BF16 | Element::I16 | Element::U16 => 16,
            Element::F32 | Element::I32 | Element::U32 => 32,
            Element::F64 | Element::I64 | Element::U64 => 64,
        }
    }
}

/// The values of a constant, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Float(Vec<f32>),
    Int(Vec<i64>),
}

/// A tensor of known values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Constant {
    pub element: Element,
    /// The extents as ONNX has them; none for a scalar.
    pub dims: Vec<usize>,
    pub values: Values,
}

impl Constant {
    /// Whole numbers in one row, as shapes are written.
    pub fn whole(numbers: impl IntoIterator<Item = i64>) -> Self {
        let numbers: Vec<i64> = numbers.into_iter().collect();
        Constant {
            element: Element::I64,
            dims: vec![numbers.len()],
            values: Values::Int(numbers),
        }
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Float(values) => values.len(),
            Values::Int(values) => values.len(),
        }
    }

    /// Its values as numbers with fractions.
    pub fn to_floats(&self) -> Vec<f32> {
        match &self.values {
            Values::Float(values) => values.clone(),
            Values::Int(values) => values.iter().map(|&value| value as f32).collect(),
        }
    }

    /// Its values if they are whole numbers.
    pub fn as_ints(&self) -> Option<&[i64]> {
        match &self.values {
            Values::Int(values) => Some(values),
            Values::Float(_) => None,
        }
    }

    /// The tensor whose element at each place is that at `places` of this one.
    ///
    /// # Panics
    /// If a place lies outside.
    pub fn gathered(&self, dims: Vec<usize>, places: impl Iterator<Item = usize>) -> Self {
        let values = match &self.values {
            Values::Float(values) => Values::Float(places.map(|place| values[place]).collect()),
            Values::Int(values) => Values::Int(places.map(|place| values[place]).collect()),
        };
        Constant {
            element: self.element,
            dims,
            values,
        }
    }

    /// The tensor in a file, or what is wrong with it as the end of a sentence that begins
    /// with its name.
    pub fn read(tensor: &schema::Tensor) -> Result<Self, String> {
        if tensor.data_location == 1 {
            return Err(
                "has its values in another file; save the model with its weights inside \
                 (onnx.save(model, path, save_as_external_data=False))"
                    .to_owned(),
            );
        }
        let Some(element) = Element::of(tensor.data_type) else {
            return Err(format!(
                "has elements of {}, which are not read",
                Element::name(tensor.data_type)
            ));
        };
        let dims: Option<Vec<usize>> = tensor
            .dims
            .iter()
            .map(|&dim| (0..LARGEST_EXTENT).contains(&dim).then_some(dim as usize))
            .collect();
        let elements = dims
            .as_ref()
            .and_then(|dims| dims.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim)));
        let (Some(dims), Some(elements)) = (dims, elements) else {
            return Err(format!("has impossible extents {:?}", tensor.dims));
        };
        let values = match &tensor.raw_data {
            Some(raw) => raw_values(element, raw, elements)?,
            None => typed_values(element, tensor, elements)?,
        };
        let constant = Constant {
            element,
            dims,
            values,
        };
        if constant.len() == elements {
            Ok(constant)
        } else {
            Err(format!(
                "has {} values where its extents {:?} need {elements}",
                constant.len(),
                tensor.dims
            ))
        }
    }
}

/// The values in `raw_data`.
fn raw_values(element: Element, raw: &[u8], elements: usize) -> Result<Values, String> {
    let needed = elements
        .checked_mul(element.bits())
        .map(|bits| bits.div_ceil(8));
    if needed != Some(raw.len()) {
        return Err(format!(
            "has {} bytes of values where its extents need {elements} elements of {} bits",
            raw.len(),
            element.bits()
        ));
    }
    Ok(match element {
        Element::F16 => Values::Float(words(raw).map(half).collect()),
        Element::BF16 => Values::Float(words(raw).map(brain).collect()),
        Element::F32 => Values::Float(parts(raw).map(f32::from_le_bytes).collect()),
        Element::F64 => Values::Float(parts(raw).map(|b| f64::from_le_bytes(b) as f32).collect()),
        Element::I4 | Element::U4 => Values::Int(nibbles(raw, element, elements)),
        Element::I8 => Values::Int(raw.iter().map(|&b| i64::from(b as i8)).collect()),
        Element::U8 | Element::Bool => Values::Int(raw.iter().map(|&b| i64::from(b)).collect()),
        Element::I16 => Values::Int(words(raw).map(|w| i64::from(w as i16)).collect()),
        Element::U16 => Values::Int(words(raw).map(i64::from).collect()),
        Element::I32 => Values::Int(
            parts(raw)
                .map(|b| i64::from(i32::from_le_bytes(b)))
                .collect(),
        ),
        Element::U32 => Values::Int(
            parts(raw)
                .map(|b| i64::from(u32::from_le_bytes(b)))
                .collect(),
        ),
        Element::I64 | Element::U64 => Values::Int(parts(raw).map(i64::from_le_bytes).collect()),
    })
}

/// The values in the field of the element's type.
fn typed_values(
    element: Element,
    tensor: &schema::Tensor,
    elements: usize,
) -> Result<Values, String> {
    let narrow = || tensor.int32_data.iter().copied();
    Ok(match element {
        Element::F16 => Values::Float(narrow().map(|bits| half(bits as u16)).collect()),
        Element::BF16 => Values::Float(narrow().map(|bits| brain(bits as u16)).collect()),
        Element::F32 => Values::Float(tensor.float_data.clone()),
        Element::F64 => Values::Float(tensor.double_data.iter().map(|&x| x as f32).collect()),
        Element::I4 | Element::U4 => {
            let bytes: Vec<u8> = narrow().map(|byte| byte as u8).collect();
            if bytes.len() != elements.div_ceil(2) {
                return Err(format!(
                    "has {} pairs of values where its extents need {elements} values",
                    bytes.len()
                ));
            }
            Values::Int(nibbles(&bytes, element, elements))
        }
        Element::I8 | Element::U8 | Element::Bool | Element::I16 | Element::U16 | Element::I32 => {
            Values::Int(narrow().map(i64::from).collect())
        }
        Element::I64 => Values::Int(tensor.int64_data.clone()),
        Element::U32 | Element::U64 => {
            Values::Int(tensor.uint64_data.iter().map(|&x| x as i64).collect())
        }
    })
}

/// Groups of bytes.
fn parts<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> {
    raw.as_chunks::<N>().0.iter().copied()
}

fn words(raw: &[u8]) -> impl Iterator<Item = u16> {
    parts(raw).map(u16::from_le_bytes)
}

/// Two values a byte, the first in the lower half.
fn nibbles(raw: &[u8], element: Element, elements: usize) -> Vec<i64> {
    let halves = raw.iter().flat_map(|&byte| [byte & 15, byte >> 4]);
    let value = |half: u8| match element {
        Element::I4 if half >= 8 => i64::from(half) - 16,
        _ => i64::from(half),
    };
    halves.take(elements).map(value).collect()
}

/// IEEE 754's binary16: a sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f32::from(bits & 0x3FF);
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2_f32.powi(exponent - 25),
    }
}

/// The upper half of a binary32.
fn brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(data_type: i32, dims: &[i64], raw: &[u8]) -> schema::Tensor {
        schema::Tensor {
            data_type,
            dims: dims.to_vec(),
            raw_data: Some(raw.to_vec().into()),
            ..Default::default()
        }
    }

    /// Bit patterns from IEEE 754's tables: 1, −2, the least subnormal, the greatest number.
    #[test]
    fn halves_are_read() {
        let raw = [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0xFF, 0x7B];
        let constant = Constant::read(&tensor(data_type::FLOAT16, &[4], &raw)).unwrap();
        let expected = vec![1.0, -2.0, 5.960_464_5e-8, 65504.0];
        assert_eq!(constant.values, Values::Float(expected));
    }

    /// The lower half first; the last byte's upper half is padding.
    #[test]
    fn four_bits_are_read() {
        let raw = [0x8F, 0x07];
        let signed = Constant::read(&tensor(data_type::INT4, &[3], &raw)).unwrap();
        assert_eq!(signed.values, Values::Int(vec![-1, -8, 7]));
        let unsigned = Constant::read(&tensor(data_type::UINT4, &[3], &raw)).unwrap();
        assert_eq!(unsigned.values, Values::Int(vec![15, 8, 7]));
    }

    #[test]
    fn extents_are_not_believed() {
        for dims in [
            vec![-1],
            vec![1 << 31],
            vec![1 << 30, 1 << 30, 1 << 30],
            vec![5],
        ] {
            let refusal = Constant::read(&tensor(data_type::FLOAT, &dims, &[0; 16]));
            assert!(refusal.is_err(), "{dims:?}");
        }
    }

    #[test]
    fn weights_in_another_file_are_refused_with_a_hint() {
        let elsewhere = schema::Tensor {
            data_location: 1,
            ..tensor(data_type::FLOAT, &[1], &[0; 4])
        };
        let refusal = Constant::read(&elsewhere).unwrap_err();
        assert!(refusal.contains("save_as_external_data=False"), "{refusal}");
    }
}
