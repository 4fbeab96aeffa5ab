//! NPZ: a zip archive of NPY arrays, whose names are those of the members without `.npy`.

use super::{State, npy};
use crate::{
    FormatError,
    zip::{self, Archive},
};

const EXTENSION: &str = ".npy";

/// The arrays of a file with their names.
pub(super) fn read(file: &[u8]) -> Result<State, FormatError> {
    let mut archive = Archive::open(file)?;
    let members = archive.names();
    let arrays = members.iter().filter_map(|member| {
        let name = member.strip_suffix(EXTENSION)?;
        let array = archive
            .read(member)
            .and_then(|array| npy::read(name, &array));
        Some(array.map(|array| (name.to_owned(), array)))
    });
    arrays.collect()
}

/// The bytes of a file with these arrays.
pub(super) fn write(arrays: &State) -> Result<Vec<u8>, FormatError> {
    let members: Vec<(String, Vec<u8>)> = arrays
        .iter()
        .map(|(name, array)| (format!("{name}{EXTENSION}"), npy::write(array)))
        .collect();
    zip::write(&members)
}

#[cfg(test)]
mod tests {
    use gannet_graph::Tensor;

    use super::*;

    #[test]
    fn arrays_are_found_again() {
        let arrays = vec![
            ("a/bias".to_owned(), Tensor::from_fn([3], |i| i as f32)),
            (
                "a/kernel".to_owned(),
                Tensor::from_fn([2, 3], |i| -(i as f32)),
            ),
        ];
        assert_eq!(read(&write(&arrays).unwrap()).unwrap(), arrays);
    }
}
