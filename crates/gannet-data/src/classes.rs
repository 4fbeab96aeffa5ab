//! The classes of a data set: how many there are and what they are called.
//! A label is an index into them; a `u8`, so there are at most 256.

use crate::DataError;

/// The class names of a data set, 1 to 256 of them; label `n` means the name `n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    /// What a caption says before the name.
    prefix: &'static str,
}

impl Classes {
    /// The ten digits `0` to `9`, captioned `Digit: 5`.
    pub fn digits() -> Self {
        Self {
            names: (0..10).map(|digit| digit.to_string()).collect(),
            prefix: "Digit: ",
        }
    }

    /// Classes of these names, in the order of the labels, captioned by the name alone.
    ///
    /// # Errors
    /// [`DataError::ClassCount`] when there are no names or more than 256.
    pub fn named(names: Vec<String>) -> Result<Self, DataError> {
        match names.len() {
            1..=256 => Ok(Self { names, prefix: "" }),
            found => Err(DataError::ClassCount { found }),
        }
    }

    /// How many classes there are, 1 to 256.
    #[expect(clippy::len_without_is_empty, reason = "there is always a class")]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The names in the order of their labels.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What stands above an image with this label: `Digit: 5`, or the class's name; for a label
    /// that has no class, the number.
    pub fn caption(&self, label: u8) -> String {
        match self.names.get(usize::from(label)) {
            Some(name) => format!("{}{name}", self.prefix),
            None => format!("label {label}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_name_the_class() {
        let clothes = Classes::named(vec!["shirt".into(), "boot".into()]).unwrap();
        assert_eq!(clothes.caption(1), "boot");
        assert_eq!(clothes.caption(2), "label 2");
        assert_eq!(Classes::digits().caption(5), "Digit: 5");
    }

    #[test]
    fn a_label_must_be_able_to_name_every_class() {
        let names = |count| vec![String::from("x"); count];
        assert!(Classes::named(names(0)).is_err());
        assert_eq!(Classes::named(names(256)).unwrap().len(), 256);
        assert!(Classes::named(names(257)).is_err());
    }
}
