//! Bytes to [`Model`] and back. A file is counted before it is decoded: an empty message
//! takes two bytes in a file and some hundred in memory.

use bytes::{Buf, Bytes};
use prost::{
    DecodeError, Message as _,
    encoding::{WireType, decode_key, decode_varint},
};

use super::schema::Model;
use crate::FormatError;

/// More messages than any network for a microcontroller has: nodes, attributes, tensors.
const MOST_MESSAGES: usize = 100_000;

/// The messages whose parts are counted. None of them holds itself, so none is deep.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    /// One whose parts are numbers and texts.
    Leaf,
}

impl Kind {
    /// What field `tag` of such a message holds.
    fn part(self, tag: u32) -> Kind {
        match (self, tag) {
            (Kind::Model, 7) => Kind::Graph,
            (Kind::Graph, 1) => Kind::Node,
            (Kind::Graph, 11 | 12) => Kind::ValueInfo,
            (Kind::Node, 5) => Kind::Attribute,
            (Kind::ValueInfo, 2) => Kind::Type,
            (Kind::Type, 1) => Kind::TensorType,
            (Kind::TensorType, 2) => Kind::Shape,
            _ => Kind::Leaf,
        }
    }
}

/// The model in the bytes of a file.
///
/// # Errors
/// [`FormatError::NotOnnx`] if they are no protocol buffer, [`FormatError::TooComplex`] if
/// they hold more than any network has.
pub(super) fn decode(file: &[u8]) -> Result<Model, FormatError> {
    let file = Bytes::copy_from_slice(file);
    let mut left = MOST_MESSAGES;
    match count(Kind::Model, file.clone(), &mut left) {
        Ok(()) => {}
        Err(Refusal::TooMany) => {
            return Err(FormatError::TooComplex {
                limit: MOST_MESSAGES,
            });
        }
        Err(Refusal::Damaged(what)) => return Err(FormatError::NotOnnx { what }),
    }
    Model::decode(file).map_err(|error| FormatError::NotOnnx {
        what: error.to_string(),
    })
}

/// The bytes of a file with `model`.
pub(super) fn encode(model: &Model) -> Vec<u8> {
    model.encode_to_vec()
}

enum Refusal {
    TooMany,
    Damaged(String),
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Refusal::Damaged(error.to_string())
    }
}

/// Takes the number of a message's parts from `left`, and that of theirs.
fn count(kind: Kind, mut message: Bytes, left: &mut usize) -> Result<(), Refusal> {
    while message.has_remaining() {
        let (tag, wire) = decode_key(&mut message)?;
        let fixed = match wire {
            WireType::Varint => {
                decode_varint(&mut message)?;
                0
            }
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => decode_varint(&mut message)?,
            WireType::StartGroup | WireType::EndGroup => {
                return Err(Refusal::Damaged(
                    "it holds a group, a form that ONNX does not use".to_owned(),
                ));
            }
        };
        let Some(len) = usize::try_from(fixed)
            .ok()
            .filter(|&len| len <= message.remaining())
        else {
            // The file ends early, which the decoder tells better.
            return Ok(());
        };
        let part = message.split_to(len);
        if !matches!(wire, WireType::LengthDelimited) {
            continue;
        }
        *left = left.checked_sub(1).ok_or(Refusal::TooMany)?;
        let inner = kind.part(tag);
        if !matches!(inner, Kind::Leaf) {
            count(inner, part, left)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Empty nodes of two bytes each: a graph (field 7) of nodes (field 1).
    #[test]
    fn a_file_of_nothing_but_nodes_is_refused_before_it_is_decoded() {
        let nodes: Vec<u8> = [0x0A, 0x00].repeat(MOST_MESSAGES + 1);
        let mut file = vec![0x3A];
        prost::encoding::encode_varint(nodes.len() as u64, &mut file);
        file.extend(nodes);
        let error = decode(&file).unwrap_err();
        assert!(matches!(error, FormatError::TooComplex { .. }), "{error}");
    }

    #[test]
    fn what_is_no_protocol_buffer_is_told_as_such() {
        let error = decode(b"epoch,loss\n1,0.3\n").unwrap_err();
        assert!(matches!(error, FormatError::NotOnnx { .. }), "{error}");
    }
}
