//! Safetensors: a header in JSON that says of each tensor its name, type, extents and place, and
//! the values behind it (<https://huggingface.co/docs/safetensors>).

use std::collections::HashMap;

use ::safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};
use gannet_graph::Tensor;

use super::{State, npy};
use crate::FormatError;

/// A tensor takes about 100 bytes of it; JSON in memory takes many times its text.
const LONGEST_HEADER: u64 = 4 << 20;

/// The tensors of a file with their names.
pub(super) fn read(file: &[u8]) -> Result<State, FormatError> {
    let header = file.first_chunk().map_or(0, |len| u64::from_le_bytes(*len));
    if header > LONGEST_HEADER {
        return Err(damaged(format!(
            "its header should have {header} bytes, more than the limit of {LONGEST_HEADER}"
        )));
    }
    let file = SafeTensors::deserialize(file).map_err(|error| damaged(error.to_string()))?;
    let tensors = file.iter().map(|(name, view)| {
        let values = match view.dtype() {
            Dtype::F32 => npy::singles(view.data()),
            // PyTorch counts batches in whole numbers.
            Dtype::I64 if view.shape().is_empty() => vec![0.0],
            found => {
                return Err(FormatError::WeightType {
                    name: name.to_owned(),
                    found: format!("{found:?}"),
                });
            }
        };
        Ok((name.to_owned(), Tensor::new(view.shape().to_vec(), values)?))
    });
    tensors.collect()
}

/// The bytes of a file with these tensors.
pub(super) fn write(tensors: &State) -> Result<Vec<u8>, FormatError> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, tensor)| npy::bytes(tensor))
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, tensor), bytes)| {
        let shape = tensor.shape().dims().to_vec();
        Ok((name, TensorView::new(Dtype::F32, shape, bytes)?))
    });
    // What PyTorch's own writer says of its files.
    let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    views
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .and_then(|views| ::safetensors::serialize(views, Some(about)))
        .map_err(|error| damaged(error.to_string()))
}

fn damaged(what: String) -> FormatError {
    FormatError::Safetensors { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_found_again() {
        let tensors = vec![
            ("a.weight".to_owned(), Tensor::from_fn([2, 3], |i| i as f32)),
            ("b".to_owned(), Tensor::zeros([1])),
        ];
        let mut back = read(&write(&tensors).unwrap()).unwrap();
        back.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(back, tensors);
    }

    #[test]
    fn a_header_without_end_is_refused() {
        let file = [u64::MAX.to_le_bytes(), [b'{'; 8]].concat();
        let text = read(&file).unwrap_err().to_string();
        assert!(text.contains("more than the limit"), "{text}");
        let text = read(b"{}").unwrap_err().to_string();
        assert!(text.contains("safetensors"), "{text}");
    }
}
