//! A TFLite file as tensors and operators: bytes in; a verified, bounded [`Source`] out.

use std::cell::Cell;

use flatbuffers::VerifierOptions;

use super::schema::tflite::{
    self, BuiltinOperator, Operator, QuantizationDetails, QuantizationParameters, TensorType,
};
use crate::FormatError;

/// What stands behind the first four bytes of a file.
pub(crate) const IDENTIFIER: &[u8] = tflite::MODEL_IDENTIFIER.as_bytes();

/// Far more than any network for a microcontroller has.
const MOST_OPERATORS: usize = 4096;
/// As many as the operators need.
const MOST_TENSORS: usize = 8 * MOST_OPERATORS;

/// A tensor of the file.
#[derive(Debug)]
pub(super) struct Tensor<'a> {
    pub name: &'a str,
    /// Its extents, the batch among them.
    pub shape: Vec<usize>,
    pub element: TensorType,
    /// The bytes of a constant.
    pub data: Option<&'a [u8]>,
    /// None, one, or one for each entry of the extent `axis`.
    pub scales: Vec<f32>,
    pub zero_points: Vec<i64>,
    pub axis: usize,
    /// Something about it that is not read, in words.
    pub unread: Option<&'static str>,
}

/// An operator and what it is wired to.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub code: BuiltinOperator,
    /// What an operator that is none of TFLite's own calls itself.
    pub custom: Option<&'a str>,
    /// Places in [`Source::tensors`]; optional ones may be absent.
    pub inputs: Vec<Option<usize>>,
    pub outputs: Vec<usize>,
    pub table: Operator<'a>,
}

impl Node<'_> {
    /// TFLite's name of the operator.
    pub fn class(&self) -> String {
        match (self.custom, self.code.variant_name()) {
            (Some(custom), _) => format!("custom operator {custom}"),
            (None, Some(name)) => name.to_owned(),
            (None, None) => format!("operator {}", self.code.0),
        }
    }
}

/// The one network of a file.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub name: &'a str,
    pub tensors: Vec<Tensor<'a>>,
    /// Each follows the operators that its inputs come from.
    pub nodes: Vec<Node<'a>>,
    /// Places of the network's inputs and outputs.
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
    /// How many constants may still be taken out of the file.
    constants_left: Cell<usize>,
}

impl<'a> Source<'a> {
    /// The network in the bytes of a file.
    pub fn open(file: &'a [u8]) -> Result<Self, FormatError> {
        if file.get(4..8) != Some(IDENTIFIER) {
            return Err(FormatError::NotTflite);
        }
        let options = VerifierOptions {
            max_depth: 16,
            max_tables: 4 * MOST_TENSORS,
            max_apparent_size: file.len().saturating_mul(16),
            ignore_missing_null_terminator: true,
        };
        let model = tflite::root_as_model_with_opts(&options, file)
            .map_err(|error| damaged(error.to_string()))?;
        let subgraphs = model.subgraphs().unwrap_or_default();
        if subgraphs.len() != 1 {
            return Err(damaged(format!(
                "it holds {} networks and not one",
                subgraphs.len()
            )));
        }
        let subgraph = subgraphs.get(0);
        let tables = subgraph.tensors().unwrap_or_default();
        let operators = subgraph.operators().unwrap_or_default();
        if tables.len() > MOST_TENSORS || operators.len() > MOST_OPERATORS {
            return Err(damaged(format!(
                "it has {} operators and {} tensors, more than the limits of {MOST_OPERATORS} \
                 and {MOST_TENSORS}",
                operators.len(),
                tables.len()
            )));
        }
        let tensors = tables
            .iter()
            .map(|table| tensor(&model, table))
            .collect::<Result<Vec<_>, _>>()?;
        let nodes = operators
            .iter()
            .map(|table| node(&model, table, tensors.len()))
            .collect::<Result<Vec<_>, _>>()?;
        let ends = |ends: Option<flatbuffers::Vector<'a, i32>>| {
            ends.unwrap_or_default()
                .iter()
                .map(|place| within(place, tensors.len()))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Source {
            name: subgraph.name().unwrap_or_default(),
            inputs: ends(subgraph.inputs())?,
            outputs: ends(subgraph.outputs())?,
            constants_left: Cell::new(file.len().saturating_mul(4)),
            tensors,
            nodes,
        })
    }

    /// Takes `constants` of them out of the file: operators may share theirs, but not so that
    /// a small file fills the memory.
    pub fn take(&self, constants: usize) -> Result<(), FormatError> {
        match self.constants_left.get().checked_sub(constants) {
            Some(left) => {
                self.constants_left.set(left);
                Ok(())
            }
            None => Err(damaged(
                "its operators share constants so that the network would be several times as \
                 large as the file"
                    .to_owned(),
            )),
        }
    }
}

pub(super) fn damaged(what: String) -> FormatError {
    FormatError::DamagedTflite { what }
}

fn within(place: i32, tensors: usize) -> Result<usize, FormatError> {
    usize::try_from(place)
        .ok()
        .filter(|&place| place < tensors)
        .ok_or_else(|| {
            damaged(format!(
                "it names tensor {place}, but has {tensors} of them"
            ))
        })
}

fn tensor<'a>(
    model: &tflite::Model<'a>,
    table: tflite::Tensor<'a>,
) -> Result<Tensor<'a>, FormatError> {
    let name = table.name().unwrap_or_default();
    let extents = table.shape().unwrap_or_default();
    if extents.len() > 8 {
        return Err(damaged(format!(
            "tensor '{name}' has {} extents",
            extents.len()
        )));
    }
    let shape = extents
        .iter()
        .map(usize::try_from)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| damaged(format!("tensor '{name}' has a negative extent")))?;
    let buffers = model.buffers().unwrap_or_default();
    let buffer = table.buffer() as usize;
    if buffer >= buffers.len() {
        return Err(damaged(format!(
            "tensor '{name}' is in buffer {buffer}, but there are {} of them",
            buffers.len()
        )));
    }
    let buffer = buffers.get(buffer);
    let parameters = table.quantization();
    let details = parameters.is_some_and(|p| p.details_type() != QuantizationDetails::NONE);
    let unread = if buffer.offset() > 1 {
        Some("data outside the FlatBuffer")
    } else if table.sparsity().is_some() {
        Some("sparse data")
    } else if table.is_variable() {
        Some("a value kept from one inference to the next")
    } else if details {
        Some("quantization in blocks")
    } else {
        None
    };
    let scales = parameters.and_then(|p| p.scale()).unwrap_or_default();
    let zero_points = parameters.and_then(|p| p.zero_point()).unwrap_or_default();
    Ok(Tensor {
        name,
        shape,
        element: table.type_(),
        data: buffer
            .data()
            .map(|data| data.bytes())
            .filter(|data| !data.is_empty()),
        scales: scales.iter().collect(),
        zero_points: zero_points.iter().collect(),
        axis: parameters.map_or(0, |p: QuantizationParameters<'_>| {
            p.quantized_dimension().max(0) as usize
        }),
        unread,
    })
}

fn node<'a>(
    model: &tflite::Model<'a>,
    table: Operator<'a>,
    tensors: usize,
) -> Result<Node<'a>, FormatError> {
    let codes = model.operator_codes().unwrap_or_default();
    let index = table.opcode_index() as usize;
    if index >= codes.len() {
        return Err(damaged(format!(
            "an operator is of kind {index}, but there are {} kinds",
            codes.len()
        )));
    }
    let code = codes.get(index);
    // Files of before 2020 have the older field alone.
    let number = i32::from(code.deprecated_builtin_code()).max(code.builtin_code().0);
    let inputs = table.inputs().unwrap_or_default();
    let outputs = table.outputs().unwrap_or_default();
    Ok(Node {
        code: BuiltinOperator(number),
        custom: code.custom_code(),
        inputs: inputs
            .iter()
            .map(|place| match place {
                -1 => Ok(None),
                _ => within(place, tensors).map(Some),
            })
            .collect::<Result<Vec<_>, _>>()?,
        outputs: outputs
            .iter()
            .map(|place| within(place, tensors))
            .collect::<Result<Vec<_>, _>>()?,
        table,
    })
}
