//! How much training images are changed.

use serde::{Deserialize, Serialize};

use crate::TrainError;

/// The changes made to a training image each time it is seen, each drawn anew. All are 0, so
/// nothing is changed, unless said otherwise. What comes in from beyond the border is 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Augmentation {
    /// Moves by up to that many pixels, down or up and right or left; 0 to 1000.
    pub shift: f32,
    /// Turns by up to that many degrees either way; 0 to 180.
    pub rotate: f32,
    /// Grows or shrinks by up to that share; 0 to 0.9.
    pub scale: f32,
    /// Slants: moves each row sideways by up to that share of its distance from the middle
    /// row; 0 to 2.
    pub shear: f32,
    /// Bends: moves the points of a coarse grid by up to that many pixels each, and all
    /// between them smoothly; 0 to 1000.
    pub elastic: f32,
    /// Blanks a rectangle with sides of up to that share of the image's; 0 to 1.
    pub erase: f32,
    /// Adds up to that much to each value, or takes it away; values stay from 0 to 1; 0 to 1.
    pub noise: f32,
    /// In that many epochs at the end, images are shown as they are.
    pub plain_epochs: usize,
}

impl Augmentation {
    /// Whether images are changed in `epoch`, from 1, of `epochs`.
    pub(crate) fn acts(&self, epoch: usize, epochs: usize) -> bool {
        let still = Augmentation {
            plain_epochs: self.plain_epochs,
            ..Augmentation::default()
        };
        *self != still && epoch + self.plain_epochs <= epochs
    }

    /// Checks every number's range.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first that is outside.
    pub fn check(&self) -> Result<(), TrainError> {
        let checks = [
            ("shift", self.shift, 1000.0, "from 0 to 1000"),
            ("rotate", self.rotate, 180.0, "from 0 to 180"),
            ("scale", self.scale, 0.9, "from 0 to 0.9"),
            ("shear", self.shear, 2.0, "from 0 to 2"),
            ("elastic", self.elastic, 1000.0, "from 0 to 1000"),
            ("erase", self.erase, 1.0, "from 0 to 1"),
            ("noise", self.noise, 1.0, "from 0 to 1"),
        ];
        match checks
            .into_iter()
            .find(|(_, found, most, _)| !(0.0..=*most).contains(found))
        {
            Some((key, found, _, expected)) => Err(TrainError::Recipe {
                key,
                found: found.to_string(),
                expected,
            }),
            None => Ok(()),
        }
    }
}
